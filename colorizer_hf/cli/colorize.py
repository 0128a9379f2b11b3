"""`colorizer colorize`: photographs in, colour photographs out."""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from ..amounts import DEFAULT_STRENGTH, DEFAULT_VIVIDNESS
from ..errors import HintError, ImageError
from ..folders import RealPlaces, has_photo_suffix, is_folder
from .addresses import Place, check_writable, to_place
from .box_options import read_boxes
from .colorize_report import Report
from .devices import Device
from .engine_options import Engine, refuse_for_torch_only
from .hint_options import parse_hint
from .photo_files import Outputs, PhotoFile, Results, find_photos, is_shard, read_list
from .same_camera import find_exposure
from .sample_options import refuse_with_samples
from .standard_streams import STANDARD, check_standard_streams
from .work import Failure, Job, Work, default_processes, do_all, keep_to_one_thread

if TYPE_CHECKING:
    from ..imaging.levels import Levels
    from ..palette import Palette
    from .work import Painter

T = TypeVar("T")


def colorize(
    context: typer.Context,
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT...",
            help="Photographs, folders, tars, patterns such as 'scans/**/*.tif', addresses, or - (piped in).",
        ),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="Folder or address (s3://...) for the results; file name, or - (a pipe), for a single one.",
        ),
    ] = "colorized",
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Folders mean all below them; results keep the sub-folders.")
    ] = False,
    from_list: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A list of photographs, one a line; - is standard input."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, help="Processes of one thread each; one a core if there are many photographs."
        ),
    ] = None,
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
    samples: Annotated[
        int | None, typer.Option(min=1, max=16, metavar="N", help="Draw so many different colourings of each.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of --samples: another number gives others.")] = 0,
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
    engine: Engine = "auto",
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
    report_file: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", dir_okay=False, help="Write the same objects there, one a line."),
    ] = None,
) -> None:
    """Colorize photographs.

    Each result keeps the name and the format of its photograph. A folder means the photographs directly in it. A
    quoted pattern may go deeper (**), and its results keep their sub-folders. What lies there and is no photograph is
    counted at the end, and so are results that exist already, which stay as they are.
    """
    if jobs:
        keep_to_one_thread()
    with Report.opened(as_json=as_json, debug=context.obj, path=report_file) as report:
        dabs = [parse_hint(text, reach) for text in hint or []]
        black_and_white = _parse_levels(levels)
        listed = read_list(from_list) if from_list else []
        if not (inputs or listed):
            raise typer.BadParameter("name photographs, folders or patterns, or a list of them", param_hint="INPUT")
        photos = _find(inputs or [], listed, report, recursive=recursive)
        reads = any(photo.path is None for photo in photos)
        check_standard_streams(reads=reads, writes=output == STANDARD, as_json=as_json)
        if like and palette:
            raise typer.BadParameter("give the colours by --like or by --palette, not by both", param_hint="--palette")
        if (dabs or hints) and len(photos) > 1:
            option = "--hint" if dabs else "--hints"
            raise typer.BadParameter(f"hints belong to a single photograph, got {len(photos)}", param_hint=option)
        if (dabs or hints or samples) and any(photo.path and is_shard(photo.path) for photo in photos):
            raise typer.BadParameter("hints and samples are for single photographs, not for a tar", param_hint="INPUT")
        things = read_boxes(boxes, photos) if boxes and photos else {}
        if samples:
            refuse_with_samples(context)
        planned = [
            Job(photo, targets, things.get(photo.path))
            for photo, targets in _plan(photos, output, report, overwrite=overwrite, samples=samples)
        ]
        refuse_for_torch_only(engine, device=device, detector=detector, samples=samples)
        if planned:
            work = Work(
                model=model,
                nir=nir,
                samples=samples,
                seed=seed,
                device=device,
                engine=engine,
                detector=detector,
                hints=hints,
                dabs=dabs,
                reach=reach,
                palette=_read_palette(like, palette, palette_strength),
                vividness=vividness,
                size=size,
                levels=black_and_white,
                band=band,
                contrast=None,
                quality=quality,
                note=not no_note,
                gps=not no_gps,
                keep_dates=keep_dates,
            )
            processes = min(jobs or default_processes(len(planned), work), len(planned))
            paint = None
            if nir or same_camera:
                work, paint = _prepare_near_infrared(work, planned, same_camera=same_camera)
            for job, outcome in with_progress(do_all(work, planned, processes=processes, paint=paint), len(planned)):
                report.tells(job, outcome)
        report.end()
    if report.failures:
        raise typer.Exit(1)


def _prepare_near_infrared(work: Work, jobs: list[Job], *, same_camera: bool) -> "tuple[Work, Painter]":
    """What to do with near-infrared frames, when all of them have been seen, and what does it in this process.

    Raises:
        typer.BadParameter: the network is for gray photographs.
    """
    pipeline = work.load_network()
    if work.nir and pipeline.traits.modality == "gray":
        problem = f"{work.model} was trained for gray photographs, not for near-infrared frames; take another model"
        raise typer.BadParameter(problem, param_hint="--nir")
    if same_camera:
        paths = [job.photo.path for job in jobs if job.photo.path]
        levels, contrast = find_exposure(pipeline, paths, levels=work.levels, band=work.band, size=work.size)
        work = replace(work, levels=levels, contrast=contrast)
    return work, work.paint_with(pipeline)


def with_progress(outcomes: Iterable[T], total: int) -> Iterator[T]:
    """What is iterated; with a progress bar on standard error if somebody is watching and it is more than one thing."""
    if total < 2 or not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn

    columns = *Progress.get_default_columns(), MofNCompleteColumn(), TextColumn("{task.fields[speed]}")
    # Lines printed to a pipe must stay in the pipe.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as progress:
        task, began = progress.add_task("Colorizing", total=total, speed=""), time.monotonic()
        for number, outcome in enumerate(outcomes, start=1):
            yield outcome
            speed = number / max(time.monotonic() - began, 1e-9)
            progress.update(task, completed=number, speed=f"{speed:.1f} photos/s")


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
    if like is None and colors is None:
        return None
    from ..palette import Palette

    if like:
        return Palette.of_photo(like, strength=strength)
    assert colors is not None
    try:
        return Palette.of_colors([color.strip() for color in colors.split(",")], strength=strength)
    except HintError as error:
        raise typer.BadParameter(f"{colors!r} is not #RRGGBB,#RRGGBB,... ({error})", param_hint="--palette") from error


def _find(inputs: list[str], listed: list[PhotoFile], report: Report, *, recursive: bool) -> list[PhotoFile]:
    """All photographs meant, each once."""
    photos: dict[object, PhotoFile] = {}
    left_out: dict[Place, None] = {}
    places = RealPlaces()

    def add(photo: PhotoFile) -> None:
        """One file by several ways counts once; links to it count as files of their own."""
        photos.setdefault(places.by_name(photo.path) if isinstance(photo.path, Path) else photo.path, photo)

    for argument in inputs:
        found = find_photos(argument, recursive=recursive)
        for problem in found.problems:
            report.failed(argument, Failure.of(problem))
        for photo in found.photos:
            add(photo)
        left_out |= dict.fromkeys(file.absolute() if isinstance(file, Path) else file for file in found.left_out)
    for photo in listed:
        add(photo)
    report.leaves_out(left_out)
    return list(photos.values())


def _plan(
    photos: list[PhotoFile], output: str, report: Report, *, overwrite: bool, samples: int | None
) -> list[tuple[PhotoFile, dict[int, Place | None]]]:
    """Where the colourings of each photograph go, as `Job` has it; without those that exist."""
    if output == STANDARD:
        if samples and samples > 1:
            problem = f"standard output takes one picture, got --samples {samples}; name a folder"
            raise typer.BadParameter(problem, param_hint="--output")
        return [(_single(photos, output), {0: None})] if photos else []
    from ..imaging import SUFFIXES, WRITTEN

    place = to_place(output)
    check_writable(place)
    is_local = isinstance(place, Path)
    is_named = has_photo_suffix(Path(place.name)) and not (is_local and is_folder(place))
    if is_named and (format := SUFFIXES[place.suffix.lower()]) not in WRITTEN:
        problem = f"{output}: {format} files are only read; name a file of {', '.join(WRITTEN)}"
        raise typer.BadParameter(problem, param_hint="--output")
    if is_named and photos:
        photos = [PhotoFile(_single(photos, output).path, Path(place.name))]
    elif is_local and os.path.exists(place) and not is_folder(place):  # noqa: PTH110
        raise typer.BadParameter(f"{output} is neither a folder nor the name of a picture", param_hint="--output")
    elif any(photo.path is None for photo in photos):
        problem = "what is piped in has no name; add the name of its result, or - for standard output"
        raise typer.BadParameter(problem, param_hint="--output")
    folder = place.parent if is_named else place
    outputs, results = Outputs(photos, folder), Results(folder)
    planned: list[tuple[PhotoFile, dict[int, Place | None]]] = []
    for photo in photos:
        targets: dict[int, Place | None] = {}
        try:
            for number, target in enumerate(outputs.claim(photo, samples)):
                if overwrite or target not in results:
                    targets[number] = target
                elif is_named:  # it may come from another photograph, and whoever asked for it waits for this one
                    raise ImageError(f"{target} exists already; choose another name or add --overwrite")
                else:
                    report.keeps(photo, target)
        except ImageError as error:
            report.failed(str(photo), Failure.of(error))
        else:
            if targets:
                planned.append((photo, targets))
    return planned


def _single(photos: list[PhotoFile], output: str) -> PhotoFile:
    if len(photos) > 1:
        place = "standard output takes" if output == STANDARD else f"{output} is the name of"
        raise typer.BadParameter(
            f"{place} one picture, got {len(photos)} photographs; name a folder", param_hint="--output"
        )
    return photos[0]
