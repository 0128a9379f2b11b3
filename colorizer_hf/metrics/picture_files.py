"""Picture files out of a folder or a tar file, and their pixels."""

import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import IO

import numpy as np

from ..errors import ImageError
from ..folders import entries, is_folder, is_named_as_photo, is_passed_over, with_folders_below
from ..imaging import FULL_SIZE, Photo, eight_bit, read

_DAMAGED_COMPRESSION = (EOFError, zlib.error, lzma.LZMAError)
_UNREADABLE = (OSError, tarfile.TarError, *_DAMAGED_COMPRESSION)


class _NamedBytes(io.BytesIO):
    """A file in memory that is called by a name in the errors of `imaging.read`."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


@dataclass(frozen=True)
class PictureFile:
    """A file that its name says is a picture.

    Attributes:
        path: Where it lies inside the folder or tar file.
        name: What to call it in a message.
        open: Opens it for reading; only while `picture_files` is open.
    """

    path: PurePath
    name: str
    open: Callable[[], IO[bytes]]

    def photo(self, *, own_colors: int | None = None) -> Photo:
        """Read it as everybody does.

        Args:
            own_colors: As `colorizer_hf.imaging.read` takes it.

        Raises:
            ImageError: it cannot be read.
        """
        try:
            with self.open() as file:
                content = file.read()
        except _UNREADABLE as error:
            raise ImageError(f"{self.name}: it cannot be opened ({error}); copy or download it again") from error
        return read(_NamedBytes(content, self.name), own_colors=own_colors)

    def colours(self) -> np.ndarray:
        """Its colours at full size, upright: (H, W, 3) uint8 sRGB.

        Raises:
            ImageError: it cannot be read.
        """
        photo = self.photo(own_colors=FULL_SIZE)
        return np.repeat(eight_bit(photo.luminance)[..., None], 3, axis=2) if photo.colors is None else photo.colors

    def gray(self) -> np.ndarray:
        """It as gray, upright: (H, W) uint8, or uint16 if it has more than 8 bits.

        Raises:
            ImageError: it cannot be read.
        """
        return self.photo().luminance


@contextmanager
def picture_files(source: Path) -> Generator[Iterator[PictureFile]]:
    """The pictures of a folder, with its sub-folders in the order of the names, or of a tar file, in its own order.

    What file managers and drives keep beside photographs is left out: hidden files, folders of previews.

    Args:
        source: A folder or a tar file, compressed or not; pictures are opened one at a time.

    Raises:
        ImageError: nothing is at `source`, it is damaged, or a folder may not be looked into.
    """
    if source.is_dir():
        yield _in_folder(source)
        return
    with _failures_named(source):
        archive = tarfile.open(source)  # noqa: SIM115  closed below
    with archive:
        yield _in_archive(archive, source)


def _in_folder(folder: Path) -> Iterator[PictureFile]:
    problems: list[ImageError] = []
    found = [file for below in with_folders_below(folder, problems) for file in entries(below, problems)]
    if problems:
        raise problems[0]
    for file in sorted(found):
        if is_named_as_photo(file) and not is_folder(file):
            yield PictureFile(file.relative_to(folder), str(file), partial(file.open, "rb"))


def _in_archive(archive: tarfile.TarFile, source: Path) -> Iterator[PictureFile]:
    with _failures_named(source):
        for member in archive:
            path = PurePath(member.name)
            if is_named_as_photo(path) and member.isfile() and not any(map(is_passed_over, path.parents)):
                yield PictureFile(path, f"{member.name} in {source}", partial(_open_member, archive, member))


def _open_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    assert file is not None  # only regular files are asked for
    return file


@contextmanager
def _failures_named(path: Path) -> Generator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ImageError(f"{path} does not exist; give a folder or tar file of photographs") from error
    except (tarfile.TarError, *_DAMAGED_COMPRESSION) as error:  # the texts of some have a line for every compression
        raise ImageError(
            f"{path} is neither a folder nor a tar file that can be read to its end; give one, or copy it again"
        ) from error
    except OSError as error:
        raise ImageError(f"{path} cannot be read ({error.strerror or error}); give a folder or tar file") from error


__all__ = ["PictureFile", "picture_files"]
