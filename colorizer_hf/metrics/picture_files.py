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
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import ImageError
from ..imaging import SUFFIXES, read

_DAMAGED_COMPRESSION = (EOFError, zlib.error, lzma.LZMAError)
_UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError, *_DAMAGED_COMPRESSION)


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

    def colours(self) -> Image.Image:
        """Decode it, upright, as RGB of 8 bits.

        Raises:
            ImageError: it cannot be read.
        """
        try:
            with self.open() as file, Image.open(file) as image:
                return ImageOps.exif_transpose(image).convert("RGB")
        except _UNREADABLE as error:
            unknown = isinstance(error, UnidentifiedImageError)  # its text shows a file object
            reason = "its format is not known" if unknown else error
            raise ImageError(f"{self.name} cannot be read as a photograph ({reason})") from error

    def gray(self) -> np.ndarray:
        """Decode it, upright, as gray: (H, W) uint8, or uint16 if it has more than 8 bits.

        Raises:
            ImageError: it cannot be read.
        """
        try:
            with self.open() as file:
                content = file.read()
        except _UNREADABLE as error:
            raise ImageError(f"{self.name} cannot be read as a photograph ({error})") from error
        return read(_NamedBytes(content, self.name)).luminance


@contextmanager
def picture_files(source: Path) -> Generator[Iterator[PictureFile]]:
    """The pictures of a folder, with its sub-folders in the order of the names, or of a tar file, in its own order.

    Hidden files are left out: they are previews of file managers and the like.

    Args:
        source: A folder or a tar file, compressed or not; pictures are opened one at a time.

    Raises:
        ImageError: nothing is at `source`, or it is damaged.
    """
    if source.is_dir():
        yield _in_folder(source)
        return
    with _failures_named(source):
        archive = tarfile.open(source)  # noqa: SIM115  closed below
    with archive:
        yield _in_archive(archive, source)


def _in_folder(folder: Path) -> Iterator[PictureFile]:
    for file in sorted(folder.rglob("*")):
        if _is_picture(file) and not file.is_dir():
            yield PictureFile(file.relative_to(folder), str(file), partial(file.open, "rb"))


def _in_archive(archive: tarfile.TarFile, source: Path) -> Iterator[PictureFile]:
    with _failures_named(source):
        for member in archive:
            if _is_picture(path := PurePath(member.name)) and member.isfile():
                yield PictureFile(path, f"{member.name} in {source}", partial(_open_member, archive, member))


def _open_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    assert file is not None  # only regular files are asked for
    return file


def _is_picture(path: PurePath) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


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
