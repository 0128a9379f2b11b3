"""Which photographs are meant, and where each result goes."""

import os
import stat
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from glob import has_magic
from itertools import chain
from pathlib import Path

from ..errors import ImageError
from ..folders import RealPlaces, entries, is_folder, is_hidden, is_named_as_photo, with_folders_below
from .addresses import Address, Place, to_place


@dataclass(frozen=True)
class PhotoFile:
    """A photograph that was asked for.

    Attributes:
        path: Where it lies; None for standard input.
        name: Its place below the output folder.
    """

    path: Place | None
    name: Path

    def __str__(self) -> str:
        return str(self.path or "standard input")


@dataclass
class Found:
    """What an argument means.

    Attributes:
        photos: The photographs.
        left_out: Files beside them that are none by their names, or hidden.
        problems: Folders that nobody may look into, or that there are no photographs.
    """

    photos: list[PhotoFile] = field(default_factory=list)
    left_out: list[Place] = field(default_factory=list)
    problems: list[ImageError] = field(default_factory=list)


def find_photos(argument: str, *, recursive: bool = False) -> Found:
    """The photographs that one argument of the command line means.

    A folder means the photographs directly in it, or all below it if `recursive`. A pattern is expanded here where the
    shell has not done it. What a pattern or a whole tree finds keeps its sub-folder, so that `archive/**/*.jpg` cannot
    mix up two files of one name. What exists is never a pattern: a folder may be called `Album [1950]`. `-` is standard
    input. An address of a store may mean a folder or a pattern as well, one of the web is a photograph.
    """
    path, found = to_place(argument), Found()
    if isinstance(path, Address):
        return _find_behind(path, recursive=recursive)
    if not argument:  # which would be the current folder
        found.problems.append(ImageError("an empty name was given; name photographs, folders or patterns"))
    elif argument == "-":
        found.photos.append(PhotoFile(None, Path("-")))
    elif is_folder(path):
        folders = with_folders_below(path, found.problems) if recursive else [path]
        _sort(path, chain.from_iterable(entries(folder, found.problems) for folder in folders), found)
    elif (split := _split_pattern(path)) is not None:
        base, pattern = split
        _sort(base, sorted(set(_matches(base, pattern, found.problems))), found, shards=is_shard(path))
    else:
        found.photos.append(PhotoFile(path, Path(path.name)))
    found.problems = list({str(problem): problem for problem in found.problems}.values())  # `**` may look in twice
    if not found.photos and not found.problems:
        found.problems.append(ImageError(f"{argument}: no photographs are there"))
    return found


def _find_behind(address: Address, *, recursive: bool) -> Found:
    found = Found()
    try:
        below = address.below(recursive=recursive)
        if below is None:
            found.photos.append(PhotoFile(address, Path(address.name or "photo")))
            return found
        for place, name in below:
            if is_named_as_photo(name) or (has_magic(address.text) and is_shard(address) and is_shard(name)):
                found.photos.append(PhotoFile(place, name))
            else:
                found.left_out.append(place)
    except ImageError as error:
        found.problems.append(error)
    else:
        if not found.photos:
            found.problems.append(ImageError(f"{address}: no photographs are there"))
    return found


def read_list(name: str) -> list[PhotoFile]:
    """The photographs of a list, one a line; results keep the folders below the deepest one that has them all.

    Args:
        name: Of the file; "-" is standard input.

    Raises:
        ImageError: it cannot be read, or is empty.
    """
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise ImageError(
            f"{name}: the list cannot be read ({error.strerror}); give a file with a path a line"
        ) from error
    places = [to_place(line) for line in text.splitlines() if line]
    if not places:
        raise ImageError(f"{name}: the list is empty; give a file with a path a line")
    paths = [place.as_path() if isinstance(place, Address) else place.absolute() for place in places]
    base = os.path.commonpath([path.parent for path in paths])
    return [PhotoFile(place, path.relative_to(base)) for place, path in zip(places, paths, strict=True)]


def kinds(files: Iterable[Place]) -> str:
    """The kinds of some files, the most frequent first: ".txt, .xyz, hidden"."""
    counted = Counter("hidden" if is_hidden(Path(file.name)) else file.suffix.lower() or "no suffix" for file in files)
    return ", ".join(sorted(counted, key=lambda kind: (-counted[kind], kind)))


def result_name(name: Path) -> Path:
    """What the result of a photograph is called: as it, or `a.pgm.png` where its format is not written, or not known.

    So `a.pgm` and `a.png` of one folder have a result each, now and when one of them comes later.
    """
    from ..imaging import SUFFIXES, WRITTEN

    is_kept = SUFFIXES.get(name.suffix.lower()) in WRITTEN or is_shard(name)
    return name if is_kept else name.with_name(f"{name.name}.png")


def is_shard(path: Place) -> bool:
    """Whether a file's name says that it is a tar of photographs."""
    return path.suffix.lower() == ".tar"


def make_folder(folder: Place) -> None:
    """Make a folder for results, with those above it. Stores have them as soon as something lies in them.

    Raises:
        ImageError: It cannot be made.
    """
    if isinstance(folder, Address):
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"the folder {folder} cannot be made ({error.strerror}); choose another one") from error


def _sort(base: Path, paths: Iterable[Path], found: Found, *, shards: bool = False) -> None:
    """Tell photographs, and `shards` where they are meant, from other files; folders are neither."""
    for path in paths:
        kind = _kind(path)
        if stat.S_ISDIR(kind):
            continue
        # File managers hide what they keep beside photographs. Reading a pipe may never end.
        is_meant = is_named_as_photo(path) or (shards and is_shard(path))
        if is_meant and not stat.S_ISFIFO(kind):
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
    return has_magic(part) and not os.path.lexists(folder / part)


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


def _kind(path: Path) -> int:
    """The mode of a file, or of what a link to it means; 0 where nobody may look, of which reading will speak."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0


class Outputs:
    """Gives each photograph its output path and refuses those that would destroy something."""

    def __init__(self, photos: Iterable[PhotoFile], folder: Place) -> None:
        self._folder = folder
        self._places = RealPlaces()
        self._inputs = {self._real(photo.path) for photo in photos if photo.path}
        self._taken: dict[Place, PhotoFile] = {}  # output -> photograph

    def claim(self, photo: PhotoFile, samples: int | None = None) -> list[Place]:
        """The output path of a photograph, or one for each of several colourings; the first to claim one has it.

        Raises:
            ImageError: A path belongs to an input or to the output of another photograph.
        """
        name = result_name(photo.name)
        numbers = range(1, samples + 1) if samples else ()
        outputs = [self._folder / name.with_stem(f"{name.stem}-{number}") for number in numbers]
        return [self._claim(photo, output) for output in outputs or [self._folder / name]]

    def _real(self, place: Place) -> str:
        return place.text if isinstance(place, Address) else self._places.of(place)

    def _claim(self, photo: PhotoFile, output: Place) -> Place:
        if self._real(output) in self._inputs:
            problem = f"its output would replace the photograph {output}; choose another folder"
        elif output in self._taken:
            problem = f"{output} is the output of {self._taken[output]} already; choose another folder"
        else:
            self._taken[output] = photo
            return output
        raise ImageError(f"{photo}: {problem}")


class Results:
    """What lies where results should; of a folder the writer speaks.

    Args:
        folder: In which they are; that of a store is asked once for all of them, because each answer takes its time.
    """

    def __init__(self, folder: Place) -> None:
        self._known: set[Place] | None = None
        if isinstance(folder, Address):
            self._known = {folder / name for _, name in folder.below() or ()}

    def __contains__(self, output: Place) -> bool:
        if isinstance(output, Address):
            return output in (self._known or ())
        return os.path.lexists(output) and not is_folder(output)
