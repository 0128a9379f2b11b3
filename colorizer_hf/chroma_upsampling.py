"""Low-resolution chroma to the photo's size, its edges following the luminance.

The luminance that a network predicts for a near-infrared frame goes the same way, its edges following the frame's.
Where it does not follow the frame, the frame's fine detail is taken over nevertheless: bark and grass have their
texture in both, and without it a result is a blur. And it is steadied first: half of what it has and the frame around
there has not, clouds in an even sky for one, is left out.

Between the cells of the chroma, colour follows luminance by local lines, as in the guided filter (He, Sun, Tang,
"Guided Image Filtering", TPAMI 2013) and its fast form (He, Sun, "Fast Guided Filter", 2015): lines are fitted at low
resolution, their coefficients interpolated, and applied to the luminance at full size. Two things differ, each worth
decibels:

* a line passes through its cell's own chroma instead of a window's mean, so the chroma that came in is kept;
* its slope counts as far as luminance explains chroma there (the coefficient of determination), so that texture within
  an object does not show up in its colour.

The lines are fitted twice: from the cells to a grid four times as fine, and from there to the photo.

Chroma may be an array of numpy or a tensor of torch; what is fitted is fitted with the library that it belongs to.
"""

from collections.abc import Sequence

import numpy as np

from .arrays import AnyArray, Array, as_float32, namespace
from .color import codes_to_srgb, for_each_band, lightness_table
from .resampling import edge_padded, resized, window_means

_ALL = slice(None)
_REFINEMENT = 4  # cells of the fine grid per cell of the chroma
_WINDOW = 0.8  # standard deviation in cells of the Gaussian window in which a line is fitted
_SMOOTHING = 0.6  # the same for averaging slopes
_NOISE = 1e-3  # variance of luminance that is no edge: 3 of 100
# Of luminance restored for near-infrared frames, chosen on development pairs (docs/near_infrared.md).
_DETAIL = 1.3  # slopes: a little steeper than fitted, and than the frame where none fits, as predictions are blurred
_STEADY_SIDE, _STEADY_NOISE, _STEADY_SHARE = 9, 1e-4, 0.5  # window in cells, variance of luminance, share of the effect


def upsample_chroma(chroma: Array, luminance: Array) -> Array:
    """Bring chroma to the size of the luminance, its edges following the luminance's.

    Args:
        chroma: (B, 2, h, w), a and b / 110; any number C of channels will do.
        luminance: (B, 1, H, W), L / 100.

    Returns:
        (B, 2, H, W) float32.
    """
    chroma, luminance = as_float32(chroma), as_float32(luminance)
    height, width = luminance.shape[-2:]
    fine = resized(luminance, _fine_size(chroma, luminance), "area")
    lines = resized(_fine_lines(chroma, fine), (height, width), "bilinear")
    channels = chroma.shape[1]
    return lines[:, :channels] * luminance + lines[:, channels:]


class ChromaUpsampler:
    """`upsample_chroma` for one photo of any size, band by band.

    Args:
        chroma: (2, h, w), a and b / 110; any number C of channels will do.
        codes: (H, W) uint8 or uint16 luminance codes.
        detail: Slope of the lines where luminance explains nothing; 0 keeps texture out of colour. With any, the
            chroma is luminance itself: it is steadied, and fitted slopes are as much steeper than they seem.
    """

    def __init__(self, chroma: AnyArray, codes: np.ndarray, *, detail: float = 0.0) -> None:
        chroma = as_float32(chroma)[None]
        if not isinstance(chroma, np.ndarray):
            chroma = chroma.cpu()
        self._codes = codes
        self._lightness = lightness_table(codes.dtype)
        fine = namespace(chroma).asarray(self._area_mean(*_fine_size(chroma, codes)))
        lines = _fine_lines(chroma, fine, detail)
        # Stretched to the photo's width once and for all: rows then need to be mixed vertically only.
        self._lines = np.asarray(resized(lines, (lines.shape[-2], codes.shape[1]), "bilinear")[0])

    def rows(self, top: int, bottom: int, columns: slice = _ALL) -> np.ndarray:
        """Chroma (C, bottom - top, W), float32, of the rows from `top` to before `bottom`; W counts the columns."""
        last = self._lines.shape[1] - 1
        position = (np.arange(top, bottom, dtype=np.float32) + 0.5) * ((last + 1) / len(self._codes)) - 0.5
        position = position.clip(0, last)
        upper = position.astype(int)
        mix = (position - upper).astype(np.float32)[:, None]
        luminance = np.take(self._lightness, self._codes[top:bottom, columns])
        channels = len(self._lines) // 2
        chroma = np.empty((channels, *luminance.shape), np.float32)
        for row in range(upper[0], upper[-1] + 1):  # all rows of the photo between two rows of lines
            inside = slice(*np.searchsorted(upper, [row, row + 1]))
            first, second = self._lines[:, row, columns], self._lines[:, min(row + 1, last), columns]
            for channel in range(channels):
                slope, offset = (first[k] + mix[inside] * (second[k] - first[k]) for k in (channel, channel + channels))
                slope *= luminance[inside]
                np.add(slope, offset, out=chroma[channel, inside])
        return chroma

    def _area_mean(self, height: int, width: int) -> np.ndarray:
        """The luminance averaged to (1, 1, height, width) without a float copy of the photo."""
        full = len(self._codes)
        rows = np.empty((height, self._codes.shape[1]), np.float32)

        def average(band: slice) -> None:
            for y in range(band.start, band.stop):
                window = self._codes[y * full // height : -(-(y + 1) * full // height)]
                np.mean(np.take(self._lightness, window), axis=0, out=rows[y])

        for_each_band(average, height, full * self._codes.shape[1] // height)
        return resized(rows[None, None], (height, width), "area")


def render(
    codes: np.ndarray,
    chroma: AnyArray,
    alpha: np.ndarray | None = None,
    *,
    rows: slice = _ALL,
    columns: slice = _ALL,
) -> np.ndarray:
    """The colour photo of luminance codes and low-resolution chroma; needs little memory beyond its result.

    Args:
        codes: (H, W) uint8 or uint16.
        chroma: (2, h, w), a and b / 110.
        alpha: (H, W) of the codes' type; becomes the fourth channel.
        rows: Which rows are wanted.
        columns: Which columns are wanted; a start that is no multiple of 4 changes the dither.

    Returns:
        (H, W, 3), or (H, W, 4) with alpha, of the codes' type: sRGB with the luminance of the codes.
    """
    upsampler = ChromaUpsampler(chroma, codes)
    wanted = codes[rows, columns]
    first, *_ = rows.indices(len(codes))
    pixels = np.empty((*wanted.shape, 3 if alpha is None else 4), codes.dtype)
    if alpha is not None:
        pixels[..., 3] = alpha[rows, columns]

    def fill(band: slice) -> None:
        top, bottom = first + band.start, first + band.stop
        codes_to_srgb(wanted[band], upsampler.rows(top, bottom, columns), top=top, out=pixels[band, :, :3])

    for_each_band(fill, *wanted.shape)
    return pixels


def restore_luminance(codes: np.ndarray, luminance: AnyArray) -> np.ndarray:
    """The luminance of a near-infrared frame's scene in visible light, with the frame's detail.

    Args:
        codes: (H, W) uint8 or uint16, the frame as luminance codes.
        luminance: (1, h, w), L / 100, predicted.

    Returns:
        (H, W) luminance codes of the same type.
    """
    upsampler = ChromaUpsampler(luminance, codes, detail=_DETAIL)
    steps = 4 * np.iinfo(np.uint16).max if codes.dtype == np.uint16 else 4096
    table = np.searchsorted(_code_borders(codes.dtype), np.linspace(0, 1, steps + 1)).astype(codes.dtype)
    restored = np.empty_like(codes)

    def fill(band: slice) -> None:
        (rows,) = upsampler.rows(band.start, band.stop)
        np.take(table, np.rint(rows.clip(0, 1) * steps).astype(np.intp), out=restored[band])

    for_each_band(fill, *codes.shape)
    return restored


def _code_borders(dtype: np.dtype) -> np.ndarray:
    """L / 100 half way between one luminance code and the next."""
    lightness = lightness_table(dtype)
    return (lightness[:-1] + lightness[1:]) / 2


def _fine_size(chroma: AnyArray, photo: AnyArray) -> tuple[int, int]:
    (h, w), (height, width) = chroma.shape[-2:], photo.shape[-2:]
    return min(_REFINEMENT * h, height), min(_REFINEMENT * w, width)


def _fine_lines(chroma: AnyArray, luminance: AnyArray, detail: float = 0.0) -> AnyArray:
    """Fit chroma = slope * luminance + offset on the fine grid.

    Args:
        chroma: (B, C, h, w).
        luminance: (B, 1, H, W) averaged to the fine grid.
        detail: See `ChromaUpsampler`.

    Returns:
        (B, 2 C, H, W): slopes of the channels, then their offsets.
    """
    height, width = size = luminance.shape[-2:]
    h, w = chroma.shape[-2:]
    chroma = resized(chroma, (min(h, height), min(w, width)), "area")  # a photo smaller than its chroma
    coarse = resized(luminance, chroma.shape[-2:], "area")
    if detail:
        chroma = chroma + _STEADY_SHARE * (_steadied(chroma, coarse) - chroma)
    slope = resized(_slopes(coarse, chroma, detail), size, "bilinear")
    fine = luminance - resized(coarse, size, "bicubic")
    chroma = resized(chroma, size, "bicubic") + slope * fine
    slope = _slopes(luminance, chroma, detail)
    return namespace(chroma).concat([slope, chroma - slope * luminance], axis=1)


def _steadied(chroma: AnyArray, luminance: AnyArray) -> AnyArray:
    """Chroma (B, C, h, w) as lines of luminance (B, 1, h, w) in windows: the guided filter of He, Sun and Tang 2013.

    Kornia has it as well, but takes seconds to import, and the path of a photo does without.
    """

    def mean(x: AnyArray) -> AnyArray:
        return window_means(x, _STEADY_SIDE)

    average, expected = mean(luminance), mean(chroma)
    slope = (mean(luminance * chroma) - average * expected) / (mean(luminance**2) - average**2 + _STEADY_NOISE)
    return mean(slope) * luminance + mean(expected - slope * average)


def _slopes(luminance: AnyArray, chroma: AnyArray, detail: float) -> AnyArray:
    """How chroma (B, C, h, w) changes with luminance (B, 1, h, w) around each cell; see `ChromaUpsampler`."""
    xp, C = namespace(chroma), chroma.shape[1]
    means = _blur(xp.concat([luminance, luminance**2, chroma, chroma**2, luminance * chroma], axis=1), _WINDOW)
    luminance, luminance2 = means[:, :1], means[:, 1:2]
    chroma, chroma2, product = (means[:, first : first + C] for first in (2, 2 + C, 2 + 2 * C))
    covariance = product - luminance * chroma
    luminance_variance = xp.clip(luminance2 - luminance**2, 0, None)
    chroma_variance = xp.sum(xp.clip(chroma2 - chroma**2, 0, None), axis=1, keepdims=True)
    explained = xp.sum(covariance**2, axis=1, keepdims=True) / (luminance_variance * chroma_variance + 1e-8)
    explained = xp.clip(explained, None, 1)
    slope = covariance / (luminance_variance + _NOISE)
    # Of luminance only a tight fit counts; chroma that does not go along with it needs no other slope than 0.
    slope = detail * (1 + explained**2 * (slope - 1)) if detail else slope * explained
    return _blur(slope, _SMOOTHING)


def _blur(x: AnyArray, sigma: float) -> AnyArray:
    kernel = np.exp(-(np.arange(-2, 3) ** 2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).tolist()
    height, width = x.shape[-2:]
    x = edge_padded(x, 2)
    # Sums, no convolution: autocast would compute it in half precision.
    x = _weighted_sum([x[..., k : k + height, :] for k in range(5)], kernel)
    return _weighted_sum([x[..., k : k + width] for k in range(5)], kernel)


def _weighted_sum(maps: Sequence[AnyArray], weights: Sequence[float]) -> AnyArray:
    total = weights[0] * maps[0]
    for each, weight in zip(maps[1:], weights[1:], strict=True):
        if isinstance(each, np.ndarray):
            total += weight * each
        else:
            total.add_(each, alpha=weight)  # in one pass
    return total


__all__ = ["ChromaUpsampler", "render", "restore_luminance", "upsample_chroma"]
