"""Which photographs are meant, and where each result goes."""

import glob
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import ImageError


@dataclass(frozen=True)
class PhotoFile:
    """A photograph that was asked for.

    Attributes:
        path: Where it lies.
        name: Its place below the output folder.
    """

    path: Path
    name: Path


def find_photos(argument: str) -> list[PhotoFile]:
    """The photographs that one argument of the command line means.

    A folder means the photographs directly in it. A pattern is expanded here where the shell has not done it, and what
    it finds keeps its sub-folder, so that `archive/**/*.jpg` cannot mix up two files of one name.

    Raises:
        ImageError: A folder or a pattern has no photographs, or nobody may look into the folder.
    """
    if not argument:  # which would be the current folder
        raise ImageError("an empty name was given; name photographs, folders or patterns")
    path = Path(argument)
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir fails where nobody may look or a name is too long
        found = [PhotoFile(entry, Path(entry.name)) for entry in _entries(path) if _is_wanted(entry)]
    elif glob.has_magic(argument) and not os.path.lexists(path):
        base, pattern = _split_pattern(path)
        # Unlike Path.glob this leaves hidden folders alone.
        names = [Path(name) for name in sorted(glob.glob(pattern, root_dir=base, recursive=True))]  # noqa: PTH207
        found = [PhotoFile(base / name, name) for name in names if _is_wanted(base / name)]
    else:
        return [PhotoFile(path, Path(path.name))]
    if not found:
        raise ImageError(f"{argument}: no photographs are there")
    return found


def has_photo_suffix(path: Path) -> bool:
    """Whether a path is named like a photograph."""
    from ..imaging import SUFFIXES

    return path.suffix.lower() in SUFFIXES


def make_folder(folder: Path) -> None:
    """Make a folder for results, with those above it.

    Raises:
        ImageError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"the folder {folder} cannot be made ({error.strerror}); choose another one") from error


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise ImageError(f"{folder}: it cannot be looked into ({error.strerror}); change its permissions") from error


def _is_wanted(path: Path) -> bool:
    # Hidden files are left alone: file managers keep previews under such names. So are pipes: reading may never end.
    return has_photo_suffix(path) and not path.name.startswith(".") and not _is_pipe(path)


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo()
    except OSError:
        return False  # reading will say what is wrong


def _split_pattern(path: Path) -> tuple[Path, str]:
    """The folder before the first wildcard, and the pattern below it."""
    first = next(number for number, part in enumerate(path.parts) if glob.has_magic(part))
    return Path(*path.parts[:first]), str(Path(*path.parts[first:]))


class Outputs:
    """Gives each photograph its output path and refuses those that would destroy something."""

    def __init__(self, photos: Iterable[PhotoFile], folder: Path, *, overwrite: bool) -> None:
        self._folder, self._overwrite = folder, overwrite
        self._inputs = {os.path.realpath(photo.path) for photo in photos}
        self._taken: dict[Path, Path] = {}  # output -> photograph

    def claim(self, photo: PhotoFile) -> Path:
        """The output path of a photograph; claimed in order, the first one wins.

        Raises:
            ImageError: The path belongs to an input or to the output of another photograph, or exists already.
        """
        output = self._folder / photo.name
        if os.path.realpath(output) in self._inputs:
            problem = f"its output would replace the photograph {output}; choose another folder"
        elif output in self._taken:
            problem = f"{output} is the output of {self._taken[output]} already; choose another folder"
        elif os.path.lexists(output) and not self._overwrite:
            problem = f"{output} exists already; choose another folder or add --overwrite"
        else:
            self._taken[output] = photo.path
            return output
        raise ImageError(f"{photo.path}: {problem}")
