"""Photos from file to file, without editing: for the tab of many photos and for programs."""

import logging
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ColorizerError
from ..hints import hints_from_json
from ..pipeline import ColorizationResult
from .files import clean_name, read_upload, result_name
from .workers import in_few_threads

Colorize = Callable[..., ColorizationResult]
"""(model's name, photo, hints, vividness) -> result"""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How photos are to be coloured and written.

    Attributes:
        model: Name of the model.
        vividness: In [0, 1].
        format: "JPEG" or "PNG".
        note: Whether results say in their metadata that colour was added.
    """

    model: str
    vividness: float
    format: str
    note: bool


@dataclass(frozen=True)
class Outcome:
    """What became of one of many photos.

    Attributes:
        photo: Name of its file.
        result: Name of the result in the archive; None if it failed.
        message: What went wrong; empty if nothing did.
    """

    photo: str
    result: str | None
    message: str


@in_few_threads
def colorize_file(path: Path, folder: Path, colorize: Colorize, options: Options, *, hints: str = "") -> Path:
    """Colorize one photo into a folder and return the result's path.

    Args:
        path: The photo.
        folder: Where the result is written.
        colorize: What colorizes.
        options: How.
        hints: JSON as `hints_to_json` writes it; empty for none.

    Raises:
        ImageError: the photo cannot be read, or the result not be written.
        HintError: the hints make no sense.
    """
    photo = read_upload(path)
    dabs = hints_from_json(hints, photo.size) if hints.strip() else None
    target = folder / result_name(clean_name(path.name), options.format)
    colorize(options.model, photo, dabs, options.vividness).save(target, note=options.note)
    return target


def colorize_files(paths: Sequence[Path], archive: Path, colorize: Colorize, options: Options) -> Iterator[Outcome]:
    """Colorize photos into a zip file, which is complete when all outcomes were taken.

    Yields:
        The outcome of each photo, in order; one that fails does not stop the others.
    """
    taken: set[str] = set()
    with zipfile.ZipFile(archive, "w") as pack, tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        for path in paths:
            try:
                result = colorize_file(path, Path(folder), colorize, options)
                name = _free_name(result, taken)
                pack.write(result, name)  # as it is: pictures do not get smaller
                result.unlink()
                yield Outcome(path.name, name, "")
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


__all__ = ["Colorize", "Options", "Outcome", "colorize_file", "colorize_files"]
