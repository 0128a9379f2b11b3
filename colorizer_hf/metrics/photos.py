"""Colour photographs out of a folder or a tar file, squashed to a protocol's square."""

import logging
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import ImageError
from .picture_files import picture_files

logger = logging.getLogger(__name__)

_NOISE = 4  # of 255, between the channels of a pixel; the weakest colours of photographs are three times as much

Skip = Callable[[ImageError], None]


class GrayPhotoError(ImageError):
    """A photograph has no colours to compare with."""


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
        limit: Take at most so many readable photographs with colours.
        size: Side of the square in pixels.
        on_skip: Called with the reason for every photograph that cannot be read, and with a `GrayPhotoError` for those
            without colours: they say nothing of how close colours come, and a gray picture equals them.

    Yields:
        (size, size, 3) uint8 sRGB.

    Raises:
        ImageError: nothing is at `path`, it is damaged, or it has no readable photograph with colours.
    """
    photos = islice(_readable(Path(path), size, on_skip), limit)
    first = next(photos, None)
    if first is None:
        raise ImageError(f"{path} has no colour photograph that can be read; give a folder or tar file of them")
    yield first
    yield from photos


def count_photos(path: str | Path) -> int:
    """The number of photographs, readable or not, gray ones too.

    Raises:
        ImageError: nothing is at `path`, or it is damaged.
    """
    with picture_files(Path(path)) as files:
        return sum(1 for _ in files)


def _readable(path: Path, size: int, on_skip: Skip) -> Iterator[np.ndarray]:
    with picture_files(path) as files:
        for file in files:
            try:
                photo = Image.fromarray(file.colours()).resize((size, size), Image.Resampling.BILINEAR)
                if is_gray(np.asarray(photo)):
                    raise GrayPhotoError(f"{file.name} is gray and was left out")
            except ImageError as error:
                on_skip(error)
            else:
                yield np.asarray(photo)


def is_gray(photo: np.ndarray) -> bool:
    """Whether a picture (H, W, 3) uint8 has no colours, but perhaps those of noise and rounding."""
    return bool(np.percentile(np.ptp(photo, axis=2), 99) <= _NOISE)


__all__ = ["GrayPhotoError", "count_photos", "is_gray", "iterate_photos", "load_photos"]
