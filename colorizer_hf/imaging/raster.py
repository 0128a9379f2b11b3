"""`Raster`: decoded pixels of any kind, served in bands of rows, and their way to luminance codes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .own_colors import ColorSketch
from .profiles import ColorSpace

_BAND_PIXELS = 1 << 20
"""A band is large enough for the loop to cost nothing, and its copies are small beside the picture."""


@dataclass(frozen=True)
class Raster:
    """Pixels that are not luminance yet.

    Attributes:
        size: width and height.
        dtype: uint8 or uint16.
        color_space: what a pixel is, beside alpha; Lab has L in its first channel, full range.
        has_alpha: whether the last channel is alpha.
        rows: `rows(top, bottom)` gives these rows, (n, W) or (n, W, C), of `dtype`.
        notes: what of the picture this is, as phrases, where it is not all.
        levels: the numbers that became black and white; None where codes were taken as they are.
    """

    size: tuple[int, int]
    dtype: np.dtype
    color_space: ColorSpace
    has_alpha: bool
    rows: Callable[[int, int], np.ndarray]
    notes: tuple[str, ...] = ()
    levels: tuple[float, float] | None = None


def bands(height: int, width: int) -> Iterator[tuple[int, int]]:
    """Tops and bottoms of bands of rows that together are the picture."""
    step = max(1, _BAND_PIXELS // max(1, width))
    return ((top, min(top + step, height)) for top in range(0, height, step))


def luminance_and_alpha(
    raster: Raster, to_srgb: Callable[[np.ndarray], np.ndarray] | None, sketch: ColorSketch
) -> tuple[np.ndarray, np.ndarray | None]:
    """Luminance codes (H, W) and alpha (H, W) or None, band by band.

    Args:
        raster: the pixels.
        to_srgb: from the pixels' colour space to sRGB (`profiles.srgb_conversion`), None where they are sRGB already.
        sketch: takes note of the colours that are dropped.
    """
    width, height = raster.size
    luminance = np.empty((height, width), raster.dtype)
    alpha = np.empty_like(luminance) if raster.has_alpha else None
    for top, bottom in bands(height, width):
        rows = raster.rows(top, bottom)
        if alpha is not None:
            alpha[top:bottom] = rows[..., -1]
            rows = rows[..., :-1]
        luminance[top:bottom] = _codes(rows, raster.color_space, to_srgb, sketch)
    return luminance, alpha


def _codes(
    rows: np.ndarray,
    color_space: ColorSpace,
    to_srgb: Callable[[np.ndarray], np.ndarray] | None,
    sketch: ColorSketch,
) -> np.ndarray:
    if color_space == "gray":
        rows = rows.reshape(rows.shape[:2])
        return rows if to_srgb is None else to_srgb(rows)
    if color_space == "lab":
        return _gray_of_lightness(rows[..., 0])
    if to_srgb is not None:
        rows = to_srgb(rows)
    elif color_space == "cmyk":
        rows = _rgb_of_ink(rows)
    from ..color import luminance_codes  # here, so that gray pictures do without its imports

    sketch.add(rows)
    return luminance_codes(rows)


def _gray_of_lightness(lightness: np.ndarray) -> np.ndarray:
    """Codes of CIE L*, which is stored as 0 to the type's maximum for 0 to 100."""
    from ..color import lightness_table

    known = lightness_table(lightness.dtype)
    codes = np.arange(len(known))
    table = np.rint(np.interp(codes / codes[-1], known, codes)).astype(lightness.dtype)
    return table[lightness]


def _rgb_of_ink(rows: np.ndarray) -> np.ndarray:
    """The plain conversion of CMYK without a profile: every ink takes its share of the light."""
    top = np.iinfo(rows.dtype).max
    light = (top - rows).astype(np.uint32 if top == 255 else np.uint64)
    return ((light[..., :3] * light[..., 3:] + top // 2) // top).astype(rows.dtype)
