"""Maps at other sizes, of numpy as of torch: the samplings of `torch.nn.functional.interpolate`, with the same numbers.

A tensor goes to torch itself. An array is summed over the few places that each result comes from, along one axis and
then the other.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .arrays import AnyArray

Sampling = Literal["area", "bilinear", "bicubic", "antialiased"]
Taps = tuple[NDArray[np.intp], NDArray[np.float32]]
"""Of each result the places that it comes from, and their weights: (results, places) both."""

_CUBIC = -0.75  # the slope of Keys' cubic convolution that torch takes


def resized(maps: AnyArray, size: tuple[int, int], mode: Sampling) -> AnyArray:
    """Maps at another size.

    Args:
        maps: (B, C, h, w) float32.
        size: Height and width.
        mode: "area" is the mean of all that a result covers; "bilinear" and "bicubic" interpolate between the centres
            of pixels; "antialiased" is "bilinear" over as many pixels as a result covers.

    Returns:
        (B, C, *size).
    """
    if not isinstance(maps, np.ndarray):
        from torch.nn.functional import interpolate

        antialias = mode == "antialiased"
        return interpolate(maps, size, mode="bilinear" if antialias else mode, antialias=antialias)
    find = {
        "area": _area_taps,
        "bilinear": _linear_taps,
        "bicubic": _cubic_taps,
        "antialiased": _antialiased_taps,
    }[mode]
    for axis, length in ((2, size[0]), (3, size[1])):
        if maps.shape[axis] != length:
            maps = _gathered(maps, find(maps.shape[axis], length), axis)
    return maps


def window_means(maps: AnyArray, side: int) -> AnyArray:
    """Means (B, C, h, w) of maps over windows of side x side around each place, as far as they lie on the map."""
    if not isinstance(maps, np.ndarray):
        from torch.nn.functional import avg_pool2d

        return avg_pool2d(maps, side, 1, side // 2, count_include_pad=False)
    for axis in (2, 3):
        length = maps.shape[axis]
        places = np.arange(length)[:, None] + np.arange(side) - side // 2
        inside = (places >= 0) & (places < length)
        weights = (inside / inside.sum(axis=1, keepdims=True)).astype(np.float32)
        maps = _gathered(maps, (places.clip(0, length - 1), weights), axis)
    return maps


def edge_padded(maps: AnyArray, margin: int) -> AnyArray:
    """Maps (B, C, h, w) with a margin on all four sides that repeats their edge."""
    if not isinstance(maps, np.ndarray):
        from torch.nn.functional import pad

        return pad(maps, (margin,) * 4, mode="replicate")
    return np.pad(maps, ((0, 0), (0, 0), (margin, margin), (margin, margin)), mode="edge")


def _gathered(maps: NDArray[np.float32], taps: Taps, axis: int) -> NDArray[np.float32]:
    """The weighted sums along an axis."""
    places, weights = taps
    aligned = (slice(None),) + (None,) * (maps.ndim - 1 - axis)
    total = np.take(maps, places[:, 0], axis) * weights[:, 0][aligned]
    for tap in range(1, places.shape[1]):
        part = np.take(maps, places[:, tap], axis)
        part *= weights[:, tap][aligned]
        total += part
    return total


def _area_taps(length: int, results: int) -> Taps:
    place = np.arange(results)
    first, end = place * length // results, -(-(place + 1) * length // results)
    places = first[:, None] + np.arange((end - first).max())
    inside = places < end[:, None]
    return places.clip(max=length - 1), (inside / (end - first)[:, None]).astype(np.float32)


def _linear_taps(length: int, results: int) -> Taps:
    # Places before the first centre count as there.
    place = ((np.arange(results) + 0.5) * (length / results) - 0.5).clip(min=0)
    first = place.astype(np.intp)
    share = place - first
    places = np.stack([first, first + 1], axis=1).clip(max=length - 1)
    return places, np.stack([1 - share, share], axis=1).astype(np.float32)


def _antialiased_taps(length: int, results: int) -> Taps:
    scale = length / results
    reach = max(scale, 1.0)  # of the triangle, on either side
    centre = (np.arange(results) + 0.5) * scale
    first = (centre - reach + 0.5).astype(np.intp).clip(min=0)
    end = (centre + reach + 0.5).astype(np.intp).clip(max=length)
    places = first[:, None] + np.arange((end - first).max())
    weights = (1 - np.abs((places + 0.5 - centre[:, None]) / reach)).clip(min=0) * (places < end[:, None])
    return places.clip(max=length - 1), (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _cubic_taps(length: int, results: int) -> Taps:
    place = (np.arange(results) + 0.5) * (length / results) - 0.5
    first = np.floor(place).astype(np.intp)
    offsets = np.arange(-1, 3)
    distance = np.abs((place - first)[:, None] - offsets)
    near = ((_CUBIC + 2) * distance - (_CUBIC + 3)) * distance**2 + 1
    far = ((_CUBIC * distance - 5 * _CUBIC) * distance + 8 * _CUBIC) * distance - 4 * _CUBIC
    weights = np.where(distance <= 1, near, far).astype(np.float32)
    return (first[:, None] + offsets).clip(0, length - 1), weights


__all__ = ["Sampling", "edge_padded", "resized", "window_means"]
