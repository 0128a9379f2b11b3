"""`colorizer colorize`: photographs in, colour photographs out."""

import json
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..errors import ColorizerError, HintError, ImageError
from ..vividness import DEFAULT_VIVIDNESS
from .devices import Device
from .photo_files import Outputs, PhotoFile, find_photos, has_photo_suffix, make_folder
from .startup import heavy_imports

if TYPE_CHECKING:
    from ..hints import Hint, Reach
    from ..palette import Palette
    from ..pipeline import ColorizationResult

Job = tuple[PhotoFile, Path]


def colorize(
    context: typer.Context,
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT", help="Photographs, folders of them, or patterns such as 'scans/**/*.tif'."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the results, or file name for a single one.")
    ] = Path("colorized"),
    hint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y,#RRGGBB[,R]",
            help="Colour at pixel X,Y within R pixels, or `keep` for what is there; repeatable.",
        ),
    ] = None,
    reach: Annotated[
        Literal["alike", "object", "spot"],
        typer.Option(help="How far hints carry: to all that looks alike, over the thing they lie on, or no farther."),
    ] = "object",
    like: Annotated[
        Path | None, typer.Option(metavar="PHOTO", dir_okay=False, help="Use the colours of this colour photograph.")
    ] = None,
    palette: Annotated[
        str | None, typer.Option(metavar="#RRGGBB,...", help="Use these colours; what surely has another keeps it.")
    ] = None,
    palette_strength: Annotated[
        float, typer.Option(min=0, max=1, help="How much of the picture should follow --like or --palette.")
    ] = 0.5,
    vividness: Annotated[
        float, typer.Option(min=0, max=1, help="0: the safest colours, 1: as colourful as photographs are.")
    ] = DEFAULT_VIVIDNESS,
    size: Annotated[
        int | None,
        typer.Option(min=32, max=1024, help="Shorter side in pixels at which the network sees the photograph."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Name, folder or Hub id; `colorizer models` lists names.")] = None,
    nir: Annotated[
        bool, typer.Option("--nir", help="The photographs are near-infrared frames; their brightness changes too.")
    ] = False,
    device: Device = None,
    quality: Annotated[int, typer.Option(min=1, max=100, help="Of results in a lossy format.")] = 95,
    no_note: Annotated[
        bool, typer.Option("--no-note", help="Do not say in the metadata that a model added the colours.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace results that exist.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per photograph.")] = False,
) -> None:
    """Colorize photographs.

    Each result keeps the name and the format of its photograph. A folder means the photographs directly in it. A
    quoted pattern may go deeper (**), and its results keep their sub-folders.
    """
    report = _Report(as_json=as_json, debug=context.obj)
    hints = [_parse_hint(text, reach) for text in hint or []]
    photos = _find(inputs, report)
    if like and palette:
        raise typer.BadParameter("give the colours by --like or by --palette, not by both", param_hint="--palette")
    if hints and len(photos) > 1:
        raise typer.BadParameter(f"hints belong to a single photograph, got {len(photos)}", param_hint="--hint")
    jobs = _plan(photos, output, report, overwrite=overwrite)
    if jobs:
        with heavy_imports():
            from ..models.auto import NIR_CHECKPOINT
            from ..pipeline import ColorizationPipeline

        pipeline = ColorizationPipeline.from_pretrained(model or (NIR_CHECKPOINT if nir else None), device=device)
        if nir and pipeline.model.config.modality == "gray":
            problem = f"{model} was trained for gray photographs, not for near-infrared frames; take another model"
            raise typer.BadParameter(problem, param_hint="--nir")
        colors = _read_palette(like, palette, palette_strength)
        for photo, target in with_progress(jobs):
            try:
                result = pipeline(photo.path, hints=hints, vividness=vividness, palette=colors, size=size)
                make_folder(target.parent)
                result.save(target, quality=quality, note=not no_note)
            except Exception as error:  # one bad photograph must not stop the others
                report.failed(str(photo.path), error)
            else:
                report.wrote(photo.path, target, result)
    if report.failures:
        raise typer.Exit(1)


def with_progress(jobs: list[Job]) -> Iterator[Job]:
    """The jobs, with a progress bar on standard error when somebody is watching and there is something to wait for."""
    if len(jobs) < 2 or not sys.stderr.isatty():
        yield from jobs
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    columns = *Progress.get_default_columns(), MofNCompleteColumn()
    # Lines printed to a pipe must stay in the pipe.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as progress:
        yield from progress.track(jobs, description="Colorizing")


@dataclass
class _Report:
    """Says what became of each photograph: results on standard output, failures and notes on standard error."""

    as_json: bool
    debug: bool
    failures: int = 0

    def wrote(self, path: Path, target: Path, result: "ColorizationResult") -> None:
        if self.as_json:
            self._print_json(path, output=str(target), notes=result.notes)
            return
        print(target)
        for note in result.notes:
            print(f"{path}: {note}", file=sys.stderr)

    def failed(self, argument: str, error: Exception) -> None:
        self.failures += 1
        if self.debug:
            traceback.print_exception(error)
        sentence = " ".join(str(error).split())  # one line, whatever a library says
        if not isinstance(error, ColorizerError):
            sentence = f"{type(error).__name__}: {sentence}; add --debug for the traceback"
        if argument not in sentence:
            sentence = f"{argument}: {sentence}"
        print(sentence, file=sys.stderr)
        if self.as_json:
            self._print_json(argument, error=sentence)

    @staticmethod
    def _print_json(
        argument: str | Path, *, output: str | None = None, notes: Sequence[str] = (), error: str | None = None
    ) -> None:
        line = {"input": str(argument), "output": output, "notes": list(notes), "error": error}
        print(json.dumps(line), flush=True)


def _parse_hint(text: str, reach: "Reach") -> "Hint":
    from ..hints import Hint

    try:
        parts = text.split(",")
        if not 3 <= len(parts) <= 4:
            raise ValueError(f"it has {len(parts)} parts")
        x, y, color, *radius = parts
        own_radius = float(radius[0]) if radius else None
        return Hint(float(x), float(y), None if color == "keep" else color, own_radius, reach)
    except (HintError, ValueError) as error:
        problem = f"{text!r} is not X,Y,#RRGGBB or X,Y,#RRGGBB,R ({error})"
        raise typer.BadParameter(problem, param_hint="--hint") from error


def _read_palette(like: Path | None, colors: str | None, strength: float) -> "Palette | None":
    from ..palette import Palette

    if like:
        return Palette.of_photo(like, strength=strength)
    if colors is None:
        return None
    try:
        return Palette.of_colors([color.strip() for color in colors.split(",")], strength=strength)
    except HintError as error:
        raise typer.BadParameter(f"{colors!r} is not #RRGGBB,#RRGGBB,... ({error})", param_hint="--palette") from error


def _find(inputs: list[str], report: _Report) -> list[PhotoFile]:
    """All photographs meant, each once."""
    photos: dict[Path, PhotoFile] = {}
    for argument in inputs:
        try:
            for photo in find_photos(argument):
                photos.setdefault(photo.path.absolute(), photo)
        except (ImageError, OSError) as error:
            report.failed(argument, error)
    return list(photos.values())


def _plan(photos: list[PhotoFile], output: Path, report: _Report, *, overwrite: bool) -> list[Job]:
    is_folder = os.path.isdir(output)  # noqa: PTH112 - Path.is_dir fails where nobody may look or a name is too long
    if has_photo_suffix(output) and not is_folder:
        if len(photos) > 1:
            problem = f"{output} is the name of one picture, got {len(photos)} photographs; name a folder"
            raise typer.BadParameter(problem, param_hint="--output")
        photos = [PhotoFile(photo.path, Path(output.name)) for photo in photos]
        output = output.parent
    elif os.path.exists(output) and not is_folder:  # noqa: PTH110
        raise typer.BadParameter(f"{output} is neither a folder nor the name of a picture", param_hint="--output")
    outputs = Outputs(photos, output, overwrite=overwrite)
    jobs: list[Job] = []
    for photo in photos:
        try:
            jobs.append((photo, outputs.claim(photo)))
        except ImageError as error:
            report.failed(str(photo.path), error)
    return jobs
