"""The cells of a network's output: where they lie, how maps of them are read at points, what blocks of them hold.

Plain numpy, for networks and for their exported graphs alike, which take all of it as input.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

STRIDE = 4  # side of a cell in pixels of the network's input
MOST_BLOCKS = 1600  # the cost of comparing them grows with their square

Floats = NDArray[np.float32]


def cell_points(h: int, w: int, size: tuple[int, int]) -> Floats:
    """Centres of the output's cells, x and y from the photo's middle, whose longer side spans 2; (h * w, 2)."""
    height, width = size
    y = ((np.arange(h) + 0.5) * STRIDE * 2 - height) / max(size)
    x = ((np.arange(w) + 0.5) * STRIDE * 2 - width) / max(size)
    return np.stack([np.tile(x, h), np.repeat(y, w)], axis=-1).astype(np.float32)


def aspect(size: tuple[int, int]) -> Floats:
    """What turns x and y in [-1, 1] into lengths of which the longer side spans 2; (2,)."""
    height, width = size
    return np.array([width / max(size), height / max(size)], np.float32)


def cell_side(size: tuple[int, int]) -> float:
    """Side of a cell where the photo's longer side spans 2."""
    return 2 * STRIDE / max(size)


def sampling_weights(points: Floats, h: int, w: int, size: tuple[int, int]) -> Floats:
    """Bilinear weights (..., K, h * w) that read a map of h x w cells at points (..., K, 2) in [-1, 1]."""
    height, width = size
    x = np.clip((points[..., :1] + 1) / 2 * width / STRIDE - 0.5, 0, w - 1)  # in cells
    y = np.clip((points[..., 1:] + 1) / 2 * height / STRIDE - 0.5, 0, h - 1)
    along_x = np.clip(1 - np.abs(x - np.arange(w, dtype=np.float32)), 0, None)  # (..., K, w)
    along_y = np.clip(1 - np.abs(y - np.arange(h, dtype=np.float32)), 0, None)  # (..., K, h)
    return (along_y[..., :, None] * along_x[..., None, :]).reshape(*points.shape[:-1], h * w)


class Blocks(NamedTuple):
    """Blocks of cells as matrices: means over them, and bilinear sampling back; arrays of numpy or tensors of torch.

    Attributes:
        rows: (bh, h), which rows of cells a row of blocks is the mean of.
        columns: (w, bw), the same across.
        spread_rows: (h, bh), which rows of blocks a row of cells lies between.
        spread_columns: (bw, w), the same across.
    """

    rows: Any
    columns: Any
    spread_rows: Any
    spread_columns: Any

    @classmethod
    def of_cells(cls, h: int, w: int) -> "Blocks":
        """Square blocks, as small as they can be if there shall be no more than `MOST_BLOCKS`."""
        sides = range(2, max(h, w) + 2)
        side = next(side for side in sides if -(-h // side) * -(-w // side) <= MOST_BLOCKS)
        rows, columns = _block_means(h, side), _block_means(w, side)
        return cls(rows, columns.T, _between_blocks(h, side), _between_blocks(w, side).T)

    @property
    def numbers(self) -> tuple[int, int]:
        """Rows and columns of blocks."""
        return self.rows.shape[0], self.columns.shape[1]


def _block_means(cells: int, side: int) -> Floats:
    block = np.arange(cells) // side
    inside = (block == np.arange(block[-1] + 1)[:, None]).astype(np.float32)
    return inside / inside.sum(axis=1, keepdims=True)


def _between_blocks(cells: int, side: int) -> Floats:
    last = (cells - 1) // side
    place = np.clip((np.arange(cells) + 0.5) / side - 0.5, 0, last)[:, None]
    return np.clip(1 - np.abs(place - np.arange(last + 1)), 0, None).astype(np.float32)


__all__ = ["STRIDE", "Blocks", "aspect", "cell_points", "cell_side", "sampling_weights"]
