"""What a network sees of a photograph: its luminance at the working size. Torch is not needed for it."""

from math import ceil
from numbers import Integral

import numpy as np
from PIL import Image

from .color import lightness_table
from .imaging import Photo
from .resampling import resized

MAX_SIZE = 1024  # attention over all cells: time grows with the fourth power of the size
MAX_ASPECT = 8  # of the network's input; longer strips are squeezed, which keeps the cost bounded


def input_size(shape: tuple[int, int], shorter: int, multiple: int) -> tuple[int, int]:
    """Height and width of the network's input.

    Args:
        shape: Height and width of the photo.
        shorter: Side of the input in pixels.
        multiple: Both sides are rounded to multiples of this.

    Raises:
        ValueError: `shorter` is smaller than `multiple` or larger than `MAX_SIZE`.
    """
    if not (isinstance(shorter, Integral) and multiple <= shorter <= MAX_SIZE):
        raise ValueError(f"size must be {multiple} to {MAX_SIZE} pixels, got {shorter!r:.40}")
    scale = shorter / min(shape)
    longest = shorter * MAX_ASPECT
    height, width = (min(side * scale, longest) / multiple for side in shape)
    return max(round(height), 1) * multiple, max(round(width), 1) * multiple


def cropped_luminance(photo: Photo, edges: tuple[float, float, float, float], side: int) -> np.ndarray:
    """What is inside a box of the photo, squashed to a square: luminance (1, 1, side, side) in [0, 1].

    Args:
        photo: At full size, which shows a small thing with all its details.
        edges: Left, top, right and bottom of the box, in pixels of the photo.
        side: Of the square in pixels.
    """
    left, top, right, bottom = edges
    inside = photo.luminance[int(top) : ceil(bottom), int(left) : ceil(right)]
    return resized_luminance(inside, (side, side))


def resized_luminance(codes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Luminance codes (H, W) averaged to another height and width: (1, 1, h, w) float32, L / 100 in [0, 1]."""
    height, width = size
    if codes.dtype == np.uint8:  # Pillow is much the fastest here
        shrunk = Image.fromarray(codes).resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
        return lightness_table(np.uint8)[np.asarray(shrunk)][None, None]
    averaged = resized(block_average(codes, size)[None, None], size, "antialiased")
    return lightness_table(codes.dtype)[averaged.round().astype(codes.dtype)]


def block_average(codes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Average blocks of whole pixels until the picture is at most about twice `size`; (H', W') float32.

    Sums row by row of blocks, so that memory does not grow with the picture.
    """
    height, width = codes.shape
    block_y, block_x = max(height // (2 * size[0]), 1), max(width // (2 * size[1]), 1)
    starts_y, starts_x = np.arange(0, height, block_y), np.arange(0, width, block_x)
    rows = [
        np.add.reduceat(codes[y : y + block_y].sum(axis=0, dtype=np.float64), starts_x)
        / (min(block_y, height - y) * np.diff(starts_x, append=width))
        for y in starts_y
    ]
    return np.stack(rows).astype(np.float32)


__all__ = ["MAX_ASPECT", "MAX_SIZE", "block_average", "cropped_luminance", "input_size", "resized_luminance"]
