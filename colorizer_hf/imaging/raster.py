"""`Raster`: decoded pixels of any kind, served in bands of rows, and their way to luminance codes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import ImageError
from .own_colors import ColorSketch
from .profiles import ColorSpace

_BAND_PIXELS = 1 << 20
"""A band is large enough for the loop to cost nothing, and its copies are small beside the picture."""

_FLOAT_TOPS = (1, 255, 65535)


@dataclass(frozen=True)
class Raster:
    """Pixels that are not luminance yet.

    Attributes:
        size: width and height.
        dtype: uint8 or uint16.
        color_space: what a pixel is, beside alpha; Lab has L in its first channel, full range.
        has_alpha: whether the last channel is alpha.
        rows: `rows(top, bottom)` gives these rows, (n, W) or (n, W, C), of `dtype`.
    """

    size: tuple[int, int]
    dtype: np.dtype
    color_space: ColorSpace
    has_alpha: bool
    rows: Callable[[int, int], np.ndarray]


def bands(height: int, width: int) -> Iterator[tuple[int, int]]:
    """Tops and bottoms of bands of rows that together are the picture."""
    step = max(1, _BAND_PIXELS // max(1, width))
    return ((top, min(top + step, height)) for top in range(0, height, step))


def luminance_and_alpha(
    raster: Raster, to_srgb: Callable[[np.ndarray], np.ndarray] | None, sketch: ColorSketch | None = None
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
    sketch: ColorSketch | None,
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

    if sketch is not None:
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


def array_raster(
    pixels: np.ndarray,
    color_space: ColorSpace,
    *,
    has_alpha: bool,
    premultiplied: bool = False,
    bits: int | None = None,
    white_is_zero: bool = False,
) -> Raster:
    """Raster over an array (H, W) or (H, W, C) in memory; numbers are brought to uint8 or uint16 band by band.

    Args:
        pixels: bool, unsigned integers of `bits` bits, or floats (0..1; or 0..255, 0..65535 if they go that far).
        color_space: what they are.
        has_alpha: whether the last channel is alpha.
        premultiplied: whether the other channels were multiplied by it.
        bits: how many bits of the type are used, where not all.
        white_is_zero: whether the numbers count from white to black.

    Raises:
        ImageError: the numbers cannot be brightnesses.
    """
    dtype, scale = _scaling(pixels, bits)
    top = np.iinfo(dtype).max

    def rows(top_row: int, bottom_row: int) -> np.ndarray:
        band = scale(pixels[top_row:bottom_row])
        if white_is_zero:
            band = top - band
        return _unmultiplied(band) if premultiplied else band

    return Raster((pixels.shape[1], pixels.shape[0]), dtype, color_space, has_alpha, rows)


def _unmultiplied(rows: np.ndarray) -> np.ndarray:
    """Rows with associated alpha as rows with the full colours beside alpha."""
    top = np.iinfo(rows.dtype).max
    colors, alpha = rows[..., :-1].astype(np.uint64), rows[..., -1:]
    return np.concatenate([np.minimum(colors * top // np.maximum(alpha, 1), top).astype(rows.dtype), alpha], axis=-1)


def _scaling(pixels: np.ndarray, bits: int | None) -> tuple[np.dtype, Callable[[np.ndarray], np.ndarray]]:
    """The type that keeps the precision of some numbers, and the function that brings them to it."""
    byte, word = np.dtype(np.uint8), np.dtype(np.uint16)
    if pixels.dtype == bool:
        return byte, lambda band: band * np.uint8(255)
    if pixels.dtype.kind == "f":
        top = np.float32(_float_top(pixels))  # half precision would overflow
        return word, lambda band: np.rint(np.clip(band / top, 0, 1) * 65535).astype(word)
    if pixels.dtype.kind != "u":
        raise ImageError("its pixels are signed numbers; save it with unsigned ones")
    bits = bits or pixels.dtype.itemsize * 8
    if bits in (8, 16):
        exact = byte if bits == 8 else word
        return exact, lambda band: band.astype(exact, copy=False)
    if bits < 8:
        return byte, lambda band: (band * (255 // (2**bits - 1))).astype(byte)
    if bits < 16:
        return word, lambda band: (band.astype(np.uint32) * 65535 // (2**bits - 1)).astype(word)
    return word, lambda band: (band >> (bits - 16)).astype(word)


def _float_top(pixels: np.ndarray) -> int:
    """Which number is white: the least of the usual ones that the values do not pass by more than overshoot."""
    low, high = float(pixels.min()), float(pixels.max())
    if not np.isfinite([low, high]).all() or low < -high or high > 2 * _FLOAT_TOPS[-1]:
        raise ImageError(f"its pixels are numbers from {low:g} to {high:g}, no brightnesses; save it with 0..1")
    return next(top for top in _FLOAT_TOPS if high <= 2 * top)
