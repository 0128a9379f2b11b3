"""`to_raster`: which numbers of a picture are black and white, and the way of all numbers to 8 or 16 bits.

The rule of "auto". Integers go from 0 to their type's largest number, unless the type is plainly larger than the data:
of 16 bits and more, the upper four are unused. Then white is at the next usual number of bits (8, 10, 12, ...), or at
the largest number that the file states. Floats go from 0 to 1, or, if they go further, to the next of 255, 1023, 4095,
16383 and 65535. Whatever is not the type's own range is said in a note.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from ..errors import ImageError
from .raster import Raster, bands
from .samples import Samples, wanted_bands

Levels: TypeAlias = Literal["auto", "as-is"] | tuple[float, float]

_BYTE, _WORD = np.dtype(np.uint8), np.dtype(np.uint16)
_UNUSED_BITS = 4  # at the top of a type; fewer may be a dark photograph
_FLOAT_TOPS = (255, 1023, 4095, 16383, 65535)
_OVERSHOOT = 1.1  # how far floats may pass their white: sharpening does that
_CHOOSE = "`levels` chooses others"

_NO_DATA = (-1, -999, -9999, -32767, -32768, -99999, -(2**31), float(np.finfo(np.float32).min))
"""The numbers that programs write where a pixel has none; the most negative of a picture must be one of them."""


def check_levels_and_band(levels: Levels, band: int | None = None) -> None:
    """Refuse what makes no sense.

    Raises:
        ValueError: `levels` is neither "auto" nor "as-is" nor two numbers, the lower one first; `band` is less than 1.
    """
    if not (isinstance(levels, str) and levels in ("auto", "as-is")) and not _are_black_and_white(levels):
        raise ValueError(f"levels must be 'auto', 'as-is' or two numbers (LOW, HIGH) with LOW < HIGH, got {levels!r}")
    if band is not None and band < 1:
        raise ValueError(f"band must be at least 1, got {band}")


def _are_black_and_white(levels: object) -> bool:
    try:
        low, high = (float(level) for level in levels)  # ty: ignore[not-iterable]
    except (TypeError, ValueError):
        return False
    return not isinstance(levels, str) and bool(np.isfinite([low, high]).all()) and low < high


def to_raster(samples: Samples, levels: Levels = "auto", band: int | None = None) -> Raster:
    """The picture that numbers make, served in 8 or 16 bits.

    Args:
        samples: the numbers.
        levels: "auto" follows the rule above; "as-is" takes the whole range of the type, of floats 0..1; or the numbers
            of black and of white.
        band: the band to read, from 1; None takes the colours, or the first band.

    Raises:
        ImageError: the numbers cannot be brightnesses, or there is no such band.
    """
    samples = wanted_bands(samples, band)
    if samples.dtype.kind not in "buif":
        raise ImageError(f"its pixels are of the type {samples.dtype}; save it with integers or floats")
    if samples.dtype == bool:
        yes_or_no = samples.rows
        samples = replace(samples, dtype=_BYTE, top=1, rows=lambda first, behind: yes_or_no(first, behind).view(_BYTE))
    if isinstance(levels, str) and _is_plain_byte(samples):
        return _raster(samples, _BYTE, lambda rows: rows, lambda rows: rows)
    extent, samples = _extent(samples, levels)
    span, note = _span(samples, levels, extent)
    notes = [*samples.notes, *([note] if note else []), *extent.notes(samples)]
    dtype = _BYTE if samples.dtype.itemsize == 1 or (isinstance(levels, str) and span == (0, 255)) else _WORD
    dtype = _WORD if samples.dtype.kind == "f" else dtype
    alpha_span = (0.0, _alpha_top(samples, span, extent))
    colors, alpha = (_scaling(samples.dtype, each, dtype) for each in (span, alpha_span))
    is_hole = _hole_finder(samples) if extent.has_holes else None
    return replace(_raster(samples, dtype, colors, alpha, is_hole), notes=tuple(notes), levels=span)


def _is_plain_byte(samples: Samples) -> bool:
    """Whether numbers are codes as they are, so that nobody needs to look at them first."""
    return samples.dtype == _BYTE and samples.top in (None, 255) and samples.no_data is None


def _raster(
    samples: Samples,
    dtype: np.dtype,
    scale_colors: Callable[[np.ndarray], np.ndarray],
    scale_alpha: Callable[[np.ndarray], np.ndarray],
    is_hole: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Raster:
    """Rows scaled, counted from black, with full colours beside alpha, and pixels that have no number transparent."""
    top = np.iinfo(dtype).max

    def rows(first: int, behind: int) -> np.ndarray:
        band = samples.rows(first, behind)
        if samples.alpha is None and is_hole is None:
            scaled = scale_colors(band)
            return top - scaled if samples.white_is_zero else scaled
        band = band if band.ndim == 3 else band[..., None]
        colors, alpha = band[..., : samples.bands], band[..., samples.bands :]
        alpha = scale_alpha(alpha) if samples.alpha else np.full((*band.shape[:2], 1), top, dtype)
        if is_hole is not None:
            holes = is_hole(colors)
            alpha = np.where(holes, alpha.dtype.type(0), alpha)
            colors = np.where(holes, colors.dtype.type(0), colors)
        scaled = scale_colors(colors)
        scaled = top - scaled if samples.white_is_zero else scaled
        return np.concatenate([_unmultiplied(scaled, alpha) if samples.alpha == "premultiplied" else scaled, alpha], -1)

    has_alpha = samples.alpha is not None or is_hole is not None
    return Raster(samples.size, dtype, samples.color_space, has_alpha, rows, samples.notes)


def _unmultiplied(colors: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Full colours of those that were multiplied by alpha."""
    top = np.iinfo(colors.dtype).max
    return np.minimum(colors.astype(np.uint64) * top // np.maximum(alpha, 1), top).astype(colors.dtype)


@dataclass(frozen=True)
class _Extent:
    """How far the numbers of a picture go.

    Attributes:
        low, high: least and largest number of the colours.
        alpha_high: largest number of alpha; 0 without.
        nothing, no_data: whether pixels have no finite number, or the one for no data.
    """

    low: float
    high: float
    alpha_high: float
    nothing: bool
    no_data: bool

    @property
    def has_holes(self) -> bool:
        return self.nothing or self.no_data

    def notes(self, samples: Samples) -> list[str]:
        notes = ["pixels that are no number (NaN or infinite) became transparent"] if self.nothing else []
        if self.no_data:
            notes.append(f"pixels of the value {samples.no_data:g}, which means no data, became transparent")
        return notes


def _extent(samples: Samples, levels: Levels) -> tuple[_Extent, Samples]:
    """How far the numbers go, and the samples, with the number that means no data if that can be told from them."""
    extent = _measure(samples, _enough_for(samples, levels))
    if samples.no_data is None and extent.low in _NO_DATA:
        supposed = replace(samples, no_data=extent.low)
        without = _measure(supposed)
        if without.high > 0 and without.low >= 0:
            return without, supposed
    return extent, samples


def _enough_for(samples: Samples, levels: Levels) -> Callable[[float], bool]:
    """A function that says of a number whether the numbers are known to use their type, however far the rest go.

    So of most pictures only the first rows are looked at.
    """
    can_be_known = samples.dtype.kind == "u" and samples.stated_top is None and isinstance(levels, str)
    if not can_be_known or samples.no_data is not None:
        return lambda high: False
    return lambda high: levels == "as-is" or int(high).bit_length() > samples.dtype.itemsize * 8 - _UNUSED_BITS


def _measure(samples: Samples, is_enough: Callable[[float], bool] = lambda high: False) -> _Extent:
    width, height = samples.size
    is_hole = _hole_finder(samples) if samples.dtype.kind == "f" or samples.no_data is not None else None
    low, high, alpha_high = np.inf, -np.inf, 0.0
    is_unsigned = samples.dtype.kind == "u"
    nothing = no_data = False
    for top, bottom in bands(height, width):
        rows = samples.rows(top, bottom)
        rows = rows if rows.ndim == 3 else rows[..., None]
        colors, alpha = rows[..., : samples.bands], rows[..., samples.bands :]
        if is_hole is not None and (holes := is_hole(colors)).any():
            finite = np.isfinite(colors[holes[..., 0]]).all(axis=-1)
            nothing, no_data = nothing or not finite.all(), no_data or bool(finite.any())
            colors = colors[~holes[..., 0]]
        if colors.size:
            low = 0 if is_unsigned else min(low, colors.min().item())
            high = max(high, colors.max().item())
        if alpha.size:
            alpha_high = max(alpha_high, alpha.max().item())
        if is_enough(high):
            break
    if low > high:
        raise ImageError("none of its pixels has a number; look at it in the program that made it")
    return _Extent(low, high, alpha_high, nothing, no_data)


def _hole_finder(samples: Samples) -> Callable[[np.ndarray], np.ndarray]:
    """A function that says which pixels (n, W, bands) have no number: (n, W, 1) bool."""
    no_data = samples.dtype.type(samples.no_data) if _is_representable(samples.no_data, samples.dtype) else None

    def is_hole(colors: np.ndarray) -> np.ndarray:
        holes = np.zeros((*colors.shape[:2], 1), bool)
        if samples.dtype.kind == "f":
            holes |= ~np.isfinite(colors).all(axis=-1, keepdims=True)
        if no_data is not None:
            holes |= (colors == no_data).all(axis=-1, keepdims=True)
        return holes

    return is_hole


def _is_representable(number: float | None, dtype: np.dtype) -> bool:
    if number is None or dtype.kind == "f":
        return number is not None
    info = np.iinfo(dtype)
    return float(number).is_integer() and info.min <= number <= info.max


def _span(samples: Samples, levels: Levels, extent: _Extent) -> tuple[tuple[float, float], str | None]:
    """The numbers of black and white, and a note if they are not what the type suggests."""
    if not isinstance(levels, str):
        return (float(levels[0]), float(levels[1])), None
    own_top = _own_top(samples)
    if levels == "as-is":
        return (0, own_top), None
    if extent.low < (-extent.high / 2 if samples.dtype.kind == "f" else 0):  # floats: sharpening overshoots
        raise _no_brightnesses(extent)
    white = _float_white(samples, extent) if samples.dtype.kind == "f" else _integer_white(samples, extent, own_top)
    if white != own_top:
        kind = "floats" if samples.dtype.kind == "f" else f"{samples.dtype.itemsize * 8}-bit numbers"
        return (0, white), f"of its {kind} 0 to {white:g} was taken as black to white; {_CHOOSE}"
    if samples.dtype.kind == "f":
        return (0, white), _note_on_floats(extent)
    if samples.dtype.itemsize > 1 and _states_less(samples, extent, own_top):
        return (0, white), f"its largest number, {samples.stated_top:g}, was not taken for white; {_CHOOSE}"
    return (0, white), None


def _own_top(samples: Samples) -> float:
    """The largest number of the type, or of those that the format allows."""
    if samples.top is not None:
        return samples.top
    return 1 if samples.dtype.kind == "f" else int(np.iinfo(samples.dtype).max)


def _integer_white(samples: Samples, extent: _Extent, own_top: float) -> float:
    bits = samples.dtype.itemsize * 8
    highest = int(extent.high)
    if samples.color_space not in ("gray", "rgb") or own_top != np.iinfo(samples.dtype).max or bits < 16:
        return own_top
    leaves_bits = highest.bit_length() <= bits - _UNUSED_BITS
    if _states_less(samples, extent, own_top):
        stated = int(samples.stated_top or 0)
        # What is only the brightest pixel of a picture that may be dark is no range.
        if leaves_bits or highest < stated or (stated + 1).bit_count() == 1:
            return stated
    if highest == 0 or not leaves_bits:
        return own_top
    used = max(8, highest.bit_length() + highest.bit_length() % 2)
    return 2**used - 1


def _states_less(samples: Samples, extent: _Extent, own_top: float) -> bool:
    """Whether the file names a largest number that is none of a type in full use, nor wrong."""
    return samples.stated_top is not None and extent.high <= samples.stated_top < own_top // 2


def _float_white(samples: Samples, extent: _Extent) -> float:
    if extent.high <= 2:
        return 1
    if samples.stated_top is not None and samples.stated_top >= extent.high:
        return samples.stated_top
    if extent.high > _OVERSHOOT * _FLOAT_TOPS[-1]:
        raise _no_brightnesses(extent)
    return next(top for top in _FLOAT_TOPS if extent.high <= _OVERSHOOT * top)


def _no_brightnesses(extent: _Extent) -> ImageError:
    return ImageError(
        f"its pixels are numbers from {extent.low:g} to {extent.high:g}, no brightnesses; save it with 0..1, or give"
        " the numbers of black and white as `levels`"
    )


def _note_on_floats(extent: _Extent) -> str | None:
    """What is to be said of floats that were taken as 0..1."""
    if extent.low < -1e-3 or extent.high > 1 + 1e-3:
        return f"its numbers go from {extent.low:.3g} to {extent.high:.3g}; what is outside 0 to 1 was cut off"
    if 0 < extent.high < 1 / 2**_UNUSED_BITS:
        return f"its numbers end at {extent.high:.3g}, and 0 to 1 was taken as black to white; {_CHOOSE}"
    return None


def _alpha_top(samples: Samples, span: tuple[float, float], extent: _Extent) -> float:
    """The number of full opacity: the type's, or that of white where alpha leaves as much of the type unused."""
    own_top, white = _own_top(samples), span[1]
    if samples.dtype.kind == "f":
        return own_top if extent.alpha_high <= 2 * own_top else white
    return white if 0 < extent.alpha_high <= white < own_top // 2 else own_top


def _scaling(dtype: np.dtype, span: tuple[float, float], target: np.dtype) -> Callable[[np.ndarray], np.ndarray]:
    """The function from numbers to codes: 0 to the target's maximum for a span of numbers, cut off outside."""
    low, high = span
    top = int(np.iinfo(target).max)
    if dtype.kind in "ui" and (low, high) == (0, top):
        # Signed numbers may have been negative where a hole was.
        return lambda rows: rows.astype(target, copy=False)
    if dtype.kind == "u" and dtype.itemsize <= 2:
        codes = np.arange(np.iinfo(dtype).max + 1)
        table = _scaled(codes.astype(np.float64), low, high, top).astype(target)
        return lambda rows: table[rows]
    # Half precision would overflow, and single precision has no room for 32-bit integers.
    exact = np.float32 if dtype.kind == "f" and dtype.itemsize <= 4 else np.float64
    return lambda rows: _scaled(rows.astype(exact), low, high, top).astype(target)


def _scaled(numbers: np.ndarray, low: float, high: float, top: int) -> np.ndarray:
    return np.rint(np.clip((numbers - low) / (high - low), 0, 1) * top)
