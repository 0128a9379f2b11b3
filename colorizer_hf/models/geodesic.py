"""Distances along a grid of cells, where a step costs as much as its two cells differ: paths go around edges.

Exact up to rounding, by sweeps down and up the rows until nothing changes (Bellman-Ford in raster order); within a row
both directions are solved at once by a running minimum. Plain numpy, so that a checkpoint needs no further package.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_SWEEPS = 12  # a path that changes its direction more often than this is left a little too long
_DIAGONAL = 2**0.5
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Steps:
    """What it costs to go from a cell of an h x w grid to its neighbours.

    Attributes:
        right: (h, w - 1), between a cell and the one to its right.
        down: (h - 1, w), between a cell and the one below.
        down_right: (h - 1, w - 1).
        down_left: (h - 1, w - 1), between the cell (y, x + 1) and the cell (y + 1, x).
    """

    right: Floats
    down: Floats
    down_right: Floats
    down_left: Floats

    @classmethod
    def of_map(cls, features: Floats, *, free: float = 0.0, least: float = 0.0) -> "Steps":
        """Steps over a map of features.

        Args:
            features: (C, h, w). A step costs the root mean square difference of its two cells, times its length.
            free: Difference up to which a step costs the least: what varies within a thing should not add up.
            least: Cost of every step.
        """

        def cost(one: Floats, other: Floats) -> Floats:
            return np.maximum(np.sqrt(np.square(one - other).mean(axis=0)) - free, 0) + least

        return cls(
            right=cost(features[:, :, 1:], features[:, :, :-1]),
            down=cost(features[:, 1:], features[:, :-1]),
            down_right=_DIAGONAL * cost(features[:, 1:, 1:], features[:, :-1, :-1]),
            down_left=_DIAGONAL * cost(features[:, 1:, :-1], features[:, :-1, 1:]),
        )

    @property
    def upside_down(self) -> "Steps":
        """The same grid with its last row first."""
        return Steps(self.right[::-1], self.down[::-1], self.down_left[::-1], self.down_right[::-1])


def geodesic_distances(steps: Steps, start: Floats) -> Floats:
    """Length of the cheapest path to every cell.

    Args:
        steps: Costs.
        start: (K, h, w), 0 in the cells that paths of the k-th map begin in and infinity elsewhere.

    Returns:
        (K, h, w); zero in the cells of the start.
    """
    distances, turned = start.copy(), steps.upside_down
    for _ in range(MAX_SWEEPS):
        before = distances.copy()
        _sweep(distances, steps)
        _sweep(distances[:, ::-1], turned)
        if np.array_equal(before, distances):
            break
    return distances


def _sweep(distances: Floats, steps: Steps) -> None:
    """Carry distances (K, h, w) from each row to the next, and along it; in place."""
    ways = np.pad(steps.right.cumsum(axis=1), ((0, 0), (1, 0)))  # from a row's first cell to each of it
    for y in range(distances.shape[1]):
        row = distances[:, y]
        if y > 0:
            above = distances[:, y - 1]
            np.minimum(row, above + steps.down[y - 1], out=row)
            np.minimum(row[:, 1:], above[:, :-1] + steps.down_right[y - 1], out=row[:, 1:])
            np.minimum(row[:, :-1], above[:, 1:] + steps.down_left[y - 1], out=row[:, :-1])
        way = ways[y]
        np.minimum(row, np.minimum.accumulate(row - way, axis=1) + way, out=row)
        np.minimum(row, np.minimum.accumulate((row + way)[:, ::-1], axis=1)[:, ::-1] - way, out=row)


__all__ = ["Steps", "geodesic_distances"]
