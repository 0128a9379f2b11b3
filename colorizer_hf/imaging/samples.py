"""`Samples`: the numbers of a picture as a file keeps them, of any type, range and number of bands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..errors import ImageError
from .profiles import ColorSpace

Alpha = Literal["straight", "premultiplied"]

_COLORS: dict[ColorSpace, int] = {"gray": 1, "rgb": 3, "cmyk": 4, "lab": 3}


@dataclass(frozen=True)
class Samples:
    """Decoded numbers that are not brightnesses yet.

    Attributes:
        size: width and height.
        dtype: of the numbers; any integers, floats or bool.
        color_space: what the first bands are.
        rows: `rows(top, bottom)` gives these rows: (n, W), or (n, W, bands) with alpha behind, if there is some.
        bands: how many bands there are beside alpha: those of the colour space, or more.
        alpha: whether there is alpha, and whether the other bands were multiplied by it.
        top: the number that means full brightness, where the format knows it; None means the type's largest number.
        stated_top: what the file names as its largest number: a range that is meant, or only what occurs.
        white_is_zero: whether the numbers count from white to black.
        no_data: the number that means that a pixel has none.
        notes: what was used of the picture, as phrases.
    """

    size: tuple[int, int]
    dtype: np.dtype
    color_space: ColorSpace
    rows: Callable[[int, int], np.ndarray]
    bands: int
    alpha: Alpha | None = None
    top: float | None = None
    stated_top: float | None = None
    white_is_zero: bool = False
    no_data: float | None = None
    notes: tuple[str, ...] = ()


def array_samples(pixels: np.ndarray, color_space: ColorSpace, alpha: Alpha | None = None) -> Samples:
    """Samples over an array (H, W) or (H, W, C) in memory, alpha, if any, in its last channel."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    return Samples(
        (width, height),
        pixels.dtype,
        color_space,
        lambda top, bottom: pixels[top:bottom],
        channels - (alpha is not None),
        alpha,
    )


def wanted_bands(samples: Samples, band: int | None) -> Samples:
    """The bands that make the picture, with a note if they are not all.

    Args:
        samples: any.
        band: number of the one band that is meant, from 1; None takes those of the colour space.

    Raises:
        ImageError: there is no such band.
    """
    count = samples.bands
    if band is None:
        first, last, color_space = 1, _COLORS[samples.color_space], samples.color_space
    else:
        first, last, color_space = band, band, "gray"
    if not 1 <= first <= last <= count:
        raise ImageError(f"it has {count} band{'s' * (count > 1)}, so there is no band {last}; choose another")
    if first == 1 and last == count:
        return replace(samples, color_space=color_space)
    chosen = [*range(first - 1, last), *([count] if samples.alpha else [])]
    which = f"band {first} of {count} was read" if first == last else f"bands {first} to {last} of {count} were read"
    return replace(
        samples,
        color_space=color_space,
        rows=lambda top, bottom: _columns(samples.rows(top, bottom), chosen),
        bands=last - first + 1,
        white_is_zero=samples.white_is_zero and samples.color_space == "gray",
        notes=(*samples.notes, which),
    )


def _columns(rows: np.ndarray, chosen: Sequence[int]) -> np.ndarray:
    """Some channels of rows; neighbours without a copy."""
    first, last = chosen[0], chosen[-1]
    return rows[..., first : last + 1] if last - first + 1 == len(chosen) else rows[..., chosen]
