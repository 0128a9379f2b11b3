"""Which photographs are meant, and where each result goes."""

import glob
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from ..errors import ImageError
from ..folders import entries, is_folder, is_hidden, is_named_as_photo, with_folders_below


@dataclass(frozen=True)
class PhotoFile:
    """A photograph that was asked for.

    Attributes:
        path: Where it lies; None for standard input.
        name: Its place below the output folder.
    """

    path: Path | None
    name: Path

    def __str__(self) -> str:
        return str(self.path or "standard input")

    @property
    def identity(self) -> object:
        """The same for one file by several ways; links to it count as files of their own."""
        return self.path and (os.path.realpath(self.path.parent), self.path.name)


@dataclass
class Found:
    """What an argument means.

    Attributes:
        photos: The photographs.
        left_out: Files beside them that are none by their names, or hidden.
        problems: Folders that nobody may look into, or that there are no photographs.
    """

    photos: list[PhotoFile] = field(default_factory=list)
    left_out: list[Path] = field(default_factory=list)
    problems: list[ImageError] = field(default_factory=list)


def find_photos(argument: str) -> Found:
    """The photographs that one argument of the command line means.

    A folder means the photographs directly in it. A pattern is expanded here where the shell has not done it, and what
    it finds keeps its sub-folder, so that `archive/**/*.jpg` cannot mix up two files of one name. What exists is never
    a pattern: a folder may be called `Album [1950]`. `-` is standard input.
    """
    path, found = Path(argument), Found()
    if not argument:  # which would be the current folder
        found.problems.append(ImageError("an empty name was given; name photographs, folders or patterns"))
    elif argument == "-":
        found.photos.append(PhotoFile(None, Path("-")))
    elif is_folder(path):
        _sort(path, entries(path, found.problems), found)
    elif (split := _split_pattern(path)) is not None:
        base, pattern = split
        _sort(base, sorted(set(_matches(base, pattern, found.problems))), found)
    else:
        found.photos.append(PhotoFile(path, Path(path.name)))
    found.problems = list({str(problem): problem for problem in found.problems}.values())  # `**` may look in twice
    if not found.photos and not found.problems:
        found.problems.append(ImageError(f"{argument}: no photographs are there"))
    return found


def kinds(files: Iterable[Path]) -> str:
    """The kinds of some files, the most frequent first: ".txt, .xyz, hidden"."""
    counted = Counter("hidden" if is_hidden(file) else file.suffix.lower() or "no suffix" for file in files)
    return ", ".join(sorted(counted, key=lambda kind: (-counted[kind], kind)))


def result_name(name: Path) -> Path:
    """What the result of a photograph is called: as it, or `a.pgm.png` where its format is not written, or not known.

    So `a.pgm` and `a.png` of one folder have a result each, now and when one of them comes later.
    """
    from ..imaging import SUFFIXES, WRITTEN

    return name if SUFFIXES.get(name.suffix.lower()) in WRITTEN else name.with_name(f"{name.name}.png")


def make_folder(folder: Path) -> None:
    """Make a folder for results, with those above it.

    Raises:
        ImageError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"the folder {folder} cannot be made ({error.strerror}); choose another one") from error


def _sort(base: Path, paths: Iterable[Path], found: Found) -> None:
    """Tell photographs from other files; folders are neither, whatever they are called."""
    for path in paths:
        if is_folder(path):
            continue
        # File managers hide what they keep beside photographs. Reading a pipe may never end.
        if is_named_as_photo(path) and not _is_pipe(path):
            found.photos.append(PhotoFile(path, path.relative_to(base)))
        else:
            found.left_out.append(path)


def _split_pattern(path: Path) -> tuple[Path, Sequence[str]] | None:
    """The folder before the first wildcard and the parts from there on; None if there is no wildcard."""
    base = Path()
    for number, part in enumerate(path.parts):
        if _is_wildcard(base, part):
            return base, path.parts[number:]
        base /= part
    return None


def _is_wildcard(folder: Path, part: str) -> bool:
    return glob.has_magic(part) and not os.path.lexists(folder / part)


def _matches(folder: Path, pattern: Sequence[str], problems: list[ImageError]) -> Iterator[Path]:
    """What a pattern means below a folder, as shells expand it, but for what exists literally and for `**`."""
    part, *rest = pattern
    if part == "**":
        for below in with_folders_below(folder, problems):
            yield from _matches(below, rest or ["*"], problems)
        return
    if _is_wildcard(folder, part):
        inside = entries(folder, problems)
        found = [entry for entry in inside if fnmatchcase(entry.name, part) and is_hidden(entry) == (part[0] == ".")]
    else:
        found = [folder / part] if os.path.lexists(folder / part) else []
    for path in found:
        if not rest:
            yield path
        elif is_folder(path):
            yield from _matches(path, rest, problems)


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo()
    except OSError:
        return False  # reading will say what is wrong


class Outputs:
    """Gives each photograph its output path and refuses those that would destroy something."""

    def __init__(self, photos: Iterable[PhotoFile], folder: Path) -> None:
        self._folder = folder
        self._inputs = {os.path.realpath(photo.path) for photo in photos if photo.path}
        self._taken: dict[Path, PhotoFile] = {}  # output -> photograph

    def claim(self, photo: PhotoFile) -> Path:
        """The output path of a photograph; claimed in order, the first one wins.

        Raises:
            ImageError: The path belongs to an input or to the output of another photograph.
        """
        output = self._folder / result_name(photo.name)
        if os.path.realpath(output) in self._inputs:
            problem = f"its output would replace the photograph {output}; choose another folder"
        elif output in self._taken:
            problem = f"{output} is the output of {self._taken[output]} already; choose another folder"
        else:
            self._taken[output] = photo
            return output
        raise ImageError(f"{photo}: {problem}")


def exists(output: Path) -> bool:
    """Whether something lies where a result should; of a folder the writer speaks."""
    return os.path.lexists(output) and not is_folder(output)
