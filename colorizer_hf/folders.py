"""What in a folder is a photograph, for all who look through folders: the command line and the evaluation."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePath

from .errors import ImageError

# Where network drives, archives and systems keep previews, copies and what was thrown away.
_PASSED_OVER = {"@eaDir", "@__thumb", "@Recycle", "#recycle", "__MACOSX", "$RECYCLE.BIN", "System Volume Information"}


def is_named_as_photo(path: PurePath) -> bool:
    """Whether a file's name says that it is a photograph and not one of those that file managers hide beside them."""
    return has_photo_suffix(path) and not is_hidden(path)


def has_photo_suffix(path: PurePath) -> bool:
    """Whether a path ends like a photograph's."""
    from .imaging import SUFFIXES  # here, so that `colorizer --help` does without it

    return path.suffix.lower() in SUFFIXES


def is_hidden(path: PurePath) -> bool:
    """Whether file managers hide it."""
    return path.name.startswith(".")


def is_passed_over(folder: PurePath) -> bool:
    """Whether what lies in a folder of this name is meant only by who names it."""
    return is_hidden(folder) or folder.name in _PASSED_OVER


def is_folder(path: Path) -> bool:
    """Whether it is a folder, or a link to one; one that nobody may reach is none."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir fails where nobody may look or a name is too long


def entries(folder: Path, problems: list[ImageError]) -> list[Path]:
    """What lies in a folder, in the order of the names; none, and one more problem, if nobody may look into it."""
    try:
        return sorted(folder.iterdir(), key=lambda path: path.name)  # as the paths, and ten times as fast
    except OSError as error:
        sentence = f"{folder}: it cannot be looked into ({error.strerror}); change its permissions"
        problems.append(ImageError(sentence))
        return []


class RealPlaces:
    """Where files really lie, with links followed: each folder is looked up once, however many files it has."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def by_name(self, path: Path) -> tuple[str, str]:
        """The real folder of a file and its own name there, which may be that of a link."""
        folder, name = os.path.split(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return self._folders[folder], name

    def of(self, path: Path) -> str:
        """The file itself."""
        place = os.path.join(*self.by_name(path))  # noqa: PTH118 - a Path for each takes its time
        return os.path.realpath(place) if os.path.islink(place) else place  # noqa: PTH114


def with_folders_below(top: Path, problems: list[ImageError]) -> Iterator[Path]:
    """A folder and all below it, each once and by its own name rather than by a link.

    Links that lead back are not followed, and nothing goes into hidden folders and those of previews and copies.

    Args:
        top: The folder.
        problems: Gets one more for each folder that nobody may look into.
    """
    seen: set[str] = set()
    folders, links = [top], list[Path]()
    while folders or links:
        folder = folders.pop() if folders else links.pop()
        real = os.path.realpath(folder)
        leads_back = folder != top and Path(os.path.realpath(top)).is_relative_to(real)
        if real in seen or leads_back:
            continue
        seen.add(real)
        yield folder
        for entry in entries(folder, problems):
            if is_folder(entry) and not is_passed_over(entry):
                (links if entry.is_symlink() else folders).append(entry)


__all__ = [
    "RealPlaces",
    "entries",
    "has_photo_suffix",
    "is_folder",
    "is_hidden",
    "is_named_as_photo",
    "is_passed_over",
    "with_folders_below",
]
