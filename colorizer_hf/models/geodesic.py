"""Distances along a grid of cells, where a step costs as much as its two cells differ: paths go around edges.

Exact up to rounding, by sweeps down and up the rows until nothing changes (Bellman-Ford in raster order); they go on
only from rows that have changed. Within a row both directions are solved at once by a running minimum. Plain numpy, so
that a checkpoint needs no further package.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


def geodesic_distances(steps: Steps, start: Floats, farthest: float = np.inf) -> Floats:
    """Length of the cheapest path to every cell.

    Args:
        steps: Costs.
        start: (h, w), 0 in the cells that paths begin in and infinity elsewhere.
        farthest: Of interest; the nearer it is, the sooner all is known.

    Returns:
        (h, w); zero in the cells of the start, `farthest` in those that are farther away.
    """
    distances, turned = start.copy(), steps.upside_down
    ways = np.pad(steps.right.cumsum(axis=1), ((0, 0), (1, 0)))  # from a row's first cell to each of it
    begun = (start == 0).any(axis=1)
    for y in np.flatnonzero(begun):
        _go_along(distances[y], ways[y])
    down, up = begun.copy(), begun.copy()  # rows that have changed since paths went on from them
    while down.any() or up.any():
        _sweep(distances, steps, ways, down, up, farthest)
        _sweep(distances[::-1], turned, ways[::-1], up[::-1], down[::-1], farthest)
    return np.minimum(distances, farthest)


def _sweep(
    distances: Floats, steps: Steps, ways: Floats, ahead: NDArray[np.bool_], back: NDArray[np.bool_], farthest: float
) -> None:
    """Carry distances (h, w) from each row that has changed to the next, and along it; all in place."""
    rounding = 8 * np.finfo(distances.dtype).eps * ways[:, -1].max()  # or two rows could shorten each other for ever
    for y in range(len(ways) - 1):
        if ahead[y]:
            row, below = distances[y], distances[y + 1]
            nearer = np.minimum(below, row + steps.down[y])
            np.minimum(nearer[1:], row[:-1] + steps.down_right[y], out=nearer[1:])
            np.minimum(nearer[:-1], row[1:] + steps.down_left[y], out=nearer[:-1])
            if ((nearer < below - rounding) & (nearer < farthest)).any():
                _go_along(nearer, ways[y + 1])
                below[:] = nearer
                ahead[y + 1] = back[y + 1] = True
    ahead[:] = False


def _go_along(row: Floats, way: Floats) -> None:
    """Carry distances (w,) along their row; in place."""
    np.minimum(row, np.minimum.accumulate(row - way) + way, out=row)
    np.minimum(row, np.minimum.accumulate((row + way)[::-1])[::-1] - way, out=row)


__all__ = ["Steps", "geodesic_distances"]
