"""Colour photographs out of a folder or a tar file, squashed to a protocol's square."""

import logging
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import ImageError
from ..imaging import SUFFIXES

logger = logging.getLogger(__name__)

Skip = Callable[[ImageError], None]

_DAMAGED_COMPRESSION = (EOFError, zlib.error, lzma.LZMAError)


def load_photos(
    path: str | Path, limit: int | None = None, size: int = 256, *, on_skip: Skip = logger.warning
) -> list[np.ndarray]:
    """Read photographs into memory; see `iterate_photos`.

    Raises:
        ImageError: there is no readable photograph.
    """
    return list(iterate_photos(path, limit, size, on_skip=on_skip))


def iterate_photos(
    path: str | Path, limit: int | None = None, size: int = 256, *, on_skip: Skip = logger.warning
) -> Iterator[np.ndarray]:
    """Photographs one by one, squashed without regard to their aspect ratio by antialiased bilinear interpolation.

    Args:
        path: A folder, searched with its sub-folders in the order of the names; or a tar file in the WebDataset layout,
            read in its own order.
        limit: Take at most so many readable photographs.
        size: Side of the square in pixels.
        on_skip: Called with the reason for every photograph that cannot be read.

    Yields:
        (size, size, 3) uint8 sRGB.

    Raises:
        ImageError: nothing is at `path`, it is damaged, or it has no readable photograph.
    """
    photos = islice(_readable(Path(path), size, on_skip), limit)
    first = next(photos, None)
    if first is None:
        raise ImageError(f"{path} has no photograph that can be read; give a folder or tar file of colour photographs")
    yield first
    yield from photos


def count_photos(path: str | Path) -> int:
    """The number of photographs, readable or not.

    Raises:
        ImageError: nothing is at `path`, or it is damaged.
    """
    return sum(1 for _ in _entries(Path(path)))


def _readable(path: Path, size: int, on_skip: Skip) -> Iterator[np.ndarray]:
    for name, open_file in _entries(path):
        try:
            with open_file() as file:
                photo = _squashed(file, size)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, *_DAMAGED_COMPRESSION) as error:
            unknown = isinstance(error, UnidentifiedImageError)  # its text shows a file object
            reason = "its format is not known" if unknown else error
            on_skip(ImageError(f"{name} cannot be read as a photograph ({reason})"))
        else:
            yield photo


def _squashed(file: IO[bytes], size: int) -> np.ndarray:
    with Image.open(file) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    return np.asarray(upright.resize((size, size), Image.Resampling.BILINEAR))


def _entries(path: Path) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    """Name of each photograph and a function that opens it."""
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if _is_photo(file.name) and not file.is_dir():
                yield str(file), partial(file.open, "rb")
        return
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if _is_photo(Path(member.name).name) and member.isfile():
                    yield f"{member.name} in {path}", partial(_open_member, archive, member)
    except FileNotFoundError as error:
        raise ImageError(f"{path} does not exist; give a folder or tar file of photographs") from error
    except (tarfile.TarError, *_DAMAGED_COMPRESSION) as error:  # the texts of some have a line for every compression
        raise ImageError(
            f"{path} is neither a folder nor a tar file that can be read to its end; give one, or copy it again"
        ) from error
    except OSError as error:
        raise ImageError(f"{path} cannot be read ({error.strerror or error}); give a folder or tar file") from error


def _open_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    assert file is not None  # only regular files are asked for
    return file


def _is_photo(name: str) -> bool:
    # Hidden files are previews of file managers and the like.
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")


__all__ = ["count_photos", "iterate_photos", "load_photos"]
