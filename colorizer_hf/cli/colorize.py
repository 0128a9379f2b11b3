"""`colorizer colorize`: photographs in, colour photographs out."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..amounts import DEFAULT_STRENGTH, DEFAULT_VIVIDNESS
from ..errors import HintError, ImageError
from ..folders import has_photo_suffix, is_folder
from .box_options import read_boxes
from .colorize_report import Report
from .devices import Device
from .file_dates import take_dates
from .hint_options import parse_hint, read_hints
from .photo_files import Outputs, PhotoFile, exists, find_photos, make_folder
from .same_camera import find_exposure
from .standard_streams import STANDARD, check_standard_streams, read_standard_input, standard_output
from .startup import heavy_imports

if TYPE_CHECKING:
    from ..imaging.levels import Levels
    from ..palette import Palette
    from ..pipeline import ColorizationResult

Job = tuple[PhotoFile, Path | None]
"""A photograph and where its result goes; None is standard output."""

_ONLY_READ = "files of its kind are only read, so its result is a PNG"


def colorize(
    context: typer.Context,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT", help="Photographs, folders, patterns such as 'scans/**/*.tif', or - (piped in)."
        ),
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", help="Folder for the results; file name, or - (a pipe), for a single one.")
    ] = "colorized",
    hint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y,#RRGGBB[,R]",
            help="Colour at pixel X,Y within R pixels, or `keep` for what is there; repeatable.",
        ),
    ] = None,
    hints: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Hints that the web page saved, or a painted layer (PNG)."),
    ] = None,
    reach: Annotated[
        Literal["alike", "object", "spot"],
        typer.Option(help="How far hints carry: to all that looks alike, over the thing they lie on, or no farther."),
    ] = "object",
    boxes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Boxes around things (JSON), for models that want them.",
        ),
    ] = None,
    detector: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Folder or Hub id of an object detector, for photographs without boxes."),
    ] = None,
    like: Annotated[
        Path | None, typer.Option(metavar="PHOTO", dir_okay=False, help="Use the colours of this colour photograph.")
    ] = None,
    palette: Annotated[
        str | None, typer.Option(metavar="#RRGGBB,...", help="Use these colours; what surely has another keeps it.")
    ] = None,
    palette_strength: Annotated[
        float, typer.Option(min=0, max=1, help="How much of the picture should follow --like or --palette.")
    ] = DEFAULT_STRENGTH,
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
    same_camera: Annotated[
        bool,
        typer.Option("--same-camera", help="Near-infrared frames at one exposure, as of a film."),
    ] = False,
    levels: Annotated[
        str,
        typer.Option(
            metavar="auto|as-is|LOW,HIGH", help="Which numbers of a scan are black and white; auto says what it took."
        ),
    ] = "auto",
    band: Annotated[int | None, typer.Option(min=1, help="Which band of a scan with several is the picture.")] = None,
    device: Device = None,
    quality: Annotated[int, typer.Option(min=1, max=100, help="Of results in a lossy format.")] = 95,
    no_note: Annotated[
        bool, typer.Option("--no-note", help="Do not say in the metadata that a model added the colours.")
    ] = False,
    no_gps: Annotated[
        bool, typer.Option("--no-gps", help="Leave out of the metadata where the photograph was taken.")
    ] = False,
    keep_dates: Annotated[
        bool, typer.Option("--keep-dates", help="Give results the file dates of their photographs.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace results that exist.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per photograph.")] = False,
) -> None:
    """Colorize photographs.

    Each result keeps the name and the format of its photograph. A folder means the photographs directly in it. A
    quoted pattern may go deeper (**), and its results keep their sub-folders. What lies there and is no photograph is
    counted at the end, and so are results that exist already, which stay as they are.
    """
    report = Report(as_json=as_json, debug=context.obj)
    dabs = [parse_hint(text, reach) for text in hint or []]
    black_and_white = _parse_levels(levels)
    photos = _find(inputs, report)
    reads = any(photo.path is None for photo in photos)
    check_standard_streams(reads=reads, writes=output == STANDARD, as_json=as_json)
    if like and palette:
        raise typer.BadParameter("give the colours by --like or by --palette, not by both", param_hint="--palette")
    if (dabs or hints) and len(photos) > 1:
        option = "--hint" if dabs else "--hints"
        raise typer.BadParameter(f"hints belong to a single photograph, got {len(photos)}", param_hint=option)
    things = read_boxes(boxes, photos) if boxes and photos else {}
    jobs = _plan(photos, output, report, overwrite=overwrite)
    if jobs:
        with heavy_imports():
            from ..imaging import read
            from ..models.auto import NIR_CHECKPOINT
            from ..pipeline import ColorizationPipeline

        name = model or (NIR_CHECKPOINT if nir else None)
        pipeline = ColorizationPipeline.from_pretrained(name, device=device, detector=detector)
        if nir and pipeline.model.config.modality == "gray":
            problem = f"{model} was trained for gray photographs, not for near-infrared frames; take another model"
            raise typer.BadParameter(problem, param_hint="--nir")
        colors = _read_palette(like, palette, palette_strength)
        contrast = None
        if same_camera:
            paths = [photo.path for photo, _ in jobs if photo.path]
            black_and_white, contrast = find_exposure(pipeline, paths, levels=black_and_white, band=band, size=size)
        for photo, target in with_progress(jobs):
            try:
                picture = read(photo.path or read_standard_input(), levels=black_and_white, band=band)
                known = [*(read_hints(hints, picture.size, reach) if hints else ()), *dabs]
                options: dict[str, Any] = {"vividness": vividness, "palette": colors, "size": size}
                result = pipeline(picture, hints=known, boxes=things.get(photo.path), contrast=contrast, **options)
                notes = _save(result, photo, target, quality=quality, note=not no_note, gps=not no_gps)
                if keep_dates and photo.path and target:
                    notes += take_dates(photo.path, target)
            except Exception as error:  # one bad photograph must not stop the others
                report.failed(str(photo), error)
            else:
                report.wrote(photo, target, notes)
    report.end()
    if report.failures:
        raise typer.Exit(1)


def _save(result: "ColorizationResult", photo: PhotoFile, target: Path | None, **options: Any) -> tuple[str, ...]:
    """Write a result, and give the notes on it."""
    from ..imaging import WRITTEN

    own = result.photo.format
    if target is None:
        format = own if own in WRITTEN else "PNG"
        with standard_output() as file:
            lost = result.save(file, format=format, **options)
        is_other = format != own
    else:
        make_folder(target.parent)
        lost = result.save(target, **options)
        is_other = photo.name.suffix.lower() != target.suffix.lower()
    return (*result.notes, *lost, *((_ONLY_READ,) if is_other else ()))


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


def _parse_levels(text: str) -> "Levels":
    from ..imaging.levels import check_levels_and_band

    levels: Any = tuple(text.split(",")) if "," in text else text
    try:
        check_levels_and_band(levels)
    except ValueError as error:
        problem = f"{text!r} is not auto, as-is or LOW,HIGH with LOW less than HIGH"
        raise typer.BadParameter(problem, param_hint="--levels") from error
    return levels if isinstance(levels, str) else (float(levels[0]), float(levels[1]))


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


def _find(inputs: list[str], report: Report) -> list[PhotoFile]:
    """All photographs meant, each once."""
    photos: dict[object, PhotoFile] = {}
    left_out: dict[Path, None] = {}
    for argument in inputs:
        found = find_photos(argument)
        for problem in found.problems:
            report.failed(argument, problem)
        photos |= {photo.identity: photo for photo in found.photos if photo.identity not in photos}
        left_out |= dict.fromkeys(file.absolute() for file in found.left_out)
    report.leaves_out(left_out)
    return list(photos.values())


def _plan(photos: list[PhotoFile], output: str, report: Report, *, overwrite: bool) -> list[Job]:
    if output == STANDARD:
        return [(_single(photos, output), None)] if photos else []
    from ..imaging import SUFFIXES, WRITTEN

    place = Path(output)
    is_named = has_photo_suffix(place) and not is_folder(place)
    if is_named and (format := SUFFIXES[place.suffix.lower()]) not in WRITTEN:
        problem = f"{output}: {format} files are only read; name a file of {', '.join(WRITTEN)}"
        raise typer.BadParameter(problem, param_hint="--output")
    if is_named and photos:
        photos = [PhotoFile(_single(photos, output).path, Path(place.name))]
    elif os.path.exists(place) and not is_folder(place):  # noqa: PTH110
        raise typer.BadParameter(f"{output} is neither a folder nor the name of a picture", param_hint="--output")
    elif any(photo.path is None for photo in photos):
        problem = "what is piped in has no name; add the name of its result, or - for standard output"
        raise typer.BadParameter(problem, param_hint="--output")
    outputs = Outputs(photos, place.parent if is_named else place)
    jobs: list[Job] = []
    for photo in photos:
        try:
            target = outputs.claim(photo)
            if overwrite or not exists(target):
                jobs.append((photo, target))
            elif is_named:  # it may come from another photograph, and whoever asked for it waits for this one
                raise ImageError(f"{target} exists already; choose another name or add --overwrite")
            else:
                report.keeps(photo, target)
        except ImageError as error:
            report.failed(str(photo), error)
    return jobs


def _single(photos: list[PhotoFile], output: str) -> PhotoFile:
    if len(photos) > 1:
        place = "standard output takes" if output == STANDARD else f"{output} is the name of"
        raise typer.BadParameter(
            f"{place} one picture, got {len(photos)} photographs; name a folder", param_hint="--output"
        )
    return photos[0]
