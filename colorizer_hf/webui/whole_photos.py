"""Photos from file to file, without editing: for the tab of many photos and for programs."""

import logging
import tempfile
import zipfile
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..boxes import boxes_from_json
from ..errors import ColorizerError
from ..hints import hints_from_json
from ..imaging import write
from ..palette import Palette
from ..result import ColorizationResult
from .files import clean_name, read_upload, result_name
from .pictures import original
from .workers import in_few_threads

Colorize = Callable[..., ColorizationResult]
"""(model's name, photo, hints, vividness, palette, boxes) -> result"""

_LOOK = 240  # pixels of the longer side of a small picture

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How photos are to be coloured and written.

    Attributes:
        model: Name of the model.
        vividness: In [0, 1].
        format: "JPEG" or "PNG".
        note: Whether results say in their metadata that colour was added.
        palette: Colours that the photos should be made of.
    """

    model: str
    vividness: float
    format: str
    note: bool
    palette: Palette | None = None


@dataclass(frozen=True)
class ColoredFile:
    """A photo in colour.

    Attributes:
        path: Where it lies.
        notes: What a person should know about how it was read and written, as phrases.
    """

    path: Path
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of one of many photos.

    Attributes:
        photo: Name of its file.
        result: Name of the result in the archive; None if it failed.
        message: What went wrong; empty if nothing did.
        notes: What a person should know about how it was read and written, as phrases.
        before: Small picture of the photo as it came, if any was asked for.
        after: The same in colour.
    """

    photo: str
    result: str | None
    message: str
    notes: tuple[str, ...] = ()
    before: Path | None = None
    after: Path | None = None


@in_few_threads
def colorize_file(
    path: Path,
    folder: Path,
    colorize: Colorize,
    options: Options,
    *,
    hints: str = "",
    boxes: str = "",
    looks: tuple[Path, Path] | None = None,
) -> ColoredFile:
    """Colorize one photo into a folder.

    Args:
        path: The photo.
        folder: Where the result is written.
        colorize: What colorizes.
        options: How.
        hints: JSON as `hints_to_json` writes it; empty for none.
        boxes: JSON as `boxes_from_json` reads it for one photo; empty for none.
        looks: Where to write small pictures of the photo before and after; None writes none.

    Raises:
        ImageError: the photo cannot be read, or the result not be written.
        HintError: the hints make no sense.
        BoxError: the boxes make no sense.
    """
    photo = read_upload(path, own_colors=_LOOK if looks else None)
    dabs = hints_from_json(hints, photo.size) if hints.strip() else None
    target = folder / result_name(clean_name(path.name), options.format)
    things = boxes_from_json(boxes) if boxes.strip() else None
    result = colorize(options.model, photo, dabs, options.vividness, options.palette, things)
    lost = result.save(target, note=options.note)
    if looks:
        before, after = looks
        write(original(photo, _LOOK), before)
        write(np.asarray(result.preview(_LOOK)), after)
    return ColoredFile(target, (*result.notes, *lost))


def colorize_files(
    paths: Sequence[Path], archive: Path, colorize: Colorize, options: Options, *, looks: Path | None = None
) -> Generator[Outcome]:
    """Colorize photos into a zip file, which is complete when all outcomes were taken, or no more are wanted.

    Args:
        paths: The photos.
        archive: The zip file.
        colorize: What colorizes.
        options: How.
        looks: Folder for small pictures of each photo before and after; None makes none.

    Yields:
        The outcome of each photo, in order; one that fails does not stop the others.
    """
    taken: set[str] = set()
    with zipfile.ZipFile(archive, "w") as pack, tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        for number, path in enumerate(paths):
            pair = (looks / f"{number}-before.webp", looks / f"{number}-after.webp") if looks else None
            try:
                done = colorize_file(path, Path(folder), colorize, options, looks=pair)
                name = _free_name(done.path, taken)
                pack.write(done.path, name)  # as it is: pictures do not get smaller
                done.path.unlink()
                yield Outcome(path.name, name, "", done.notes, *(pair or ()))
            except ColorizerError as error:
                yield Outcome(path.name, None, str(error).removeprefix(f"{path.name}: "))
            except FileNotFoundError:  # what was just written is gone: the server's folder goes with the server
                yield Outcome(path.name, None, "the server ends just now; try again later")
            except Exception:
                log.exception("a photo failed")
                yield Outcome(path.name, None, "something went wrong here; try it alone")


def _free_name(result: Path, taken: set[str]) -> str:
    """A name that no result has yet: photos from different folders may share theirs."""
    name, number = result.name, 2
    while name in taken:
        name, number = f"{result.stem}-{number}{result.suffix}", number + 1
    taken.add(name)
    return name


__all__ = ["ColoredFile", "Colorize", "Options", "Outcome", "colorize_file", "colorize_files"]
