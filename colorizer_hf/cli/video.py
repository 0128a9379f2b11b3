"""`colorizer video`: a film in, a colour film out."""

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..amounts import DEFAULT_VIVIDNESS
from ..errors import FilmError, HintError
from .devices import Device
from .startup import heavy_imports

if TYPE_CHECKING:
    from ..film import KeyFrame


def video(
    source: Annotated[Path, typer.Argument(metavar="FILM", dir_okay=False, help="A film that FFmpeg can read.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", dir_okay=False, help="The film to write: .mp4, .mkv, .mov or .webm.")
    ],
    hints: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Hints on single frames (JSON); they go along with things."),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(metavar="TIME=PICTURE", help="A frame that was coloured by hand, and its second; repeatable."),
    ] = None,
    start: Annotated[float | None, typer.Option("--from", min=0, metavar="SECONDS", help="Begin there.")] = None,
    end: Annotated[float | None, typer.Option("--to", min=0, metavar="SECONDS", help="End there.")] = None,
    vividness: Annotated[
        float, typer.Option(min=0, max=1, help="0: the safest colours, 1: as colourful as photographs are.")
    ] = DEFAULT_VIVIDNESS,
    size: Annotated[
        int | None, typer.Option(min=32, max=1024, help="Shorter side in pixels at which the network sees frames.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Name, folder or Hub id; `colorizer models` lists names.")] = None,
    device: Device = None,
    codec: Annotated[str | None, typer.Option(help="Video encoder of FFmpeg's, such as libx265 or ffv1.")] = None,
    crf: Annotated[
        int | None, typer.Option(min=0, max=63, help="Quality of its pictures: less is better and larger.")
    ] = None,
    no_note: Annotated[
        bool, typer.Option("--no-note", help="Do not say in the metadata that a model added the colours.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a film that exists.")] = False,
) -> None:
    """Colorize a film.

    Colours are carried along what moves, so that they do not flicker, and begin anew where the scene changes. Sound and
    subtitles are copied as they are. A run that was cut off goes on where it was when the same command is given again.
    """
    if start is not None and end is not None and end <= start:
        raise typer.BadParameter("the film must end after it begins", param_hint="--to")
    _need_extra()
    with heavy_imports():
        from ..film import FilmOptions, colorize_film
        from ..film.reading import Film
        from ..pipeline import ColorizationPipeline

    film = Film(source)
    keys = [*(_read_key_frames(hints, film) if hints else ()), *(_read_reference(one, film) for one in reference or ())]
    pipeline = ColorizationPipeline.from_pretrained(model, device=device)
    options = FilmOptions(
        vividness=vividness, size=size, start=start, end=end, codec=codec, quality=crf, note=not no_note
    )
    first, last = start or 0.0, end if end is not None else film.seconds
    with _progress(None if last is None else last - first) as went_on:
        notes = colorize_film(
            pipeline,
            source,
            output,
            key_frames=keys,
            options=options,
            overwrite=overwrite,
            on_frame=lambda seconds: went_on(seconds - first),
        )
    print(f"{source} -> {output}" + "".join(f" ({note})" for note in notes))


def _need_extra() -> None:
    from importlib.util import find_spec

    if not (find_spec("av") and find_spec("cv2")):
        raise FilmError("films need two more packages: pip install 'colorizer_hf[video]'")


def _read_key_frames(file: Path, film: Any) -> "list[KeyFrame]":
    """Hints on key frames: objects with `time` in seconds and `hints` as the web page saves those of a photo.

    Raises:
        HintError: the file is no such list.
    """
    from ..film import KeyFrame
    from ..hints import hints_from_json

    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        return [
            KeyFrame(
                _check_time(float(entry["time"]), film), tuple(hints_from_json(json.dumps(entry["hints"]), film.size))
            )
            for entry in entries
        ]
    except HintError as error:
        raise HintError(f"{file}: {error}") from error
    except OSError as error:
        raise HintError(f"{file}: the hints cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        example = '[{"time": 1.5, "hints": {...}}, ...], each with hints as the web page saves them'
        raise HintError(f"{file}: these are no hints on frames; give JSON like {example}") from error


def _read_reference(text: str, film: Any) -> "KeyFrame":
    from ..film import KeyFrame

    time, _, picture = text.partition("=")
    try:
        seconds = float(time)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not TIME=PICTURE", param_hint="--reference") from error
    return KeyFrame.of_picture(_check_time(seconds, film), picture, film.size)


def _check_time(seconds: float, film: Any) -> float:
    if not 0 <= seconds <= (film.seconds or seconds):
        raise HintError(f"there is no frame at {seconds:g} s; the film lasts {film.seconds:.1f} s")
    return seconds


@contextmanager
def _progress(total: float | None) -> Generator[Callable[[float], None]]:
    """Seconds of the film that are done, with the time left, on standard error when somebody is watching."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn

    shown = TextColumn("{task.completed:.1f} of {task.total:.1f} s")
    with Progress(*Progress.get_default_columns(), shown, console=Console(stderr=True)) as progress:
        task = progress.add_task("Colorizing", total=total)
        yield lambda done: progress.update(task, completed=done)


__all__ = ["video"]
