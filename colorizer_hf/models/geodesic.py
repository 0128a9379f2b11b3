"""Distances along a grid of cells, where a step costs as much as its two cells differ: paths go around edges.

Exact up to rounding, by sweeps down and up the rows until nothing changes (Bellman-Ford in raster order); they go on
only from rows that have changed. Within a row both directions are solved at once by a running minimum. Many starts are
followed side by side, because rows are short and a call of numpy costs more than its numbers. Plain numpy, so that a
checkpoint needs no further package.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DIAGONAL = 2**0.5
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Steps:
    """What it costs to go from a cell of an h x w grid to its neighbours; dimensions before those are of many grids.

    Attributes:
        right: (..., h, w - 1), between a cell and the one to its right.
        down: (..., h - 1, w), between a cell and the one below.
        down_right: (..., h - 1, w - 1).
        down_left: (..., h - 1, w - 1), between the cell (y, x + 1) and the cell (y + 1, x).
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

    def weighed(self, weights: Floats) -> "Steps":
        """Steps times the mean of the weights (..., h, w) of the two cells."""
        half = weights / 2
        above, below = half[..., :-1, :], half[..., 1:, :]
        return Steps(
            right=self.right * (half[..., 1:] + half[..., :-1]),
            down=self.down * (below + above),
            down_right=self.down_right * (below[..., 1:] + above[..., :-1]),
            down_left=self.down_left * (below[..., :-1] + above[..., 1:]),
        )


def geodesic_distances(steps: Steps, starts: Floats, farthest: float = np.inf) -> Floats:
    """Length of the cheapest path to every cell.

    Args:
        steps: Costs, of one grid for all starts or of one for each.
        starts: (..., h, w), 0 in the cells that paths begin in and infinity elsewhere. Each start's distances are those
            that it has alone.
        farthest: Of interest; the nearer it is, the sooner all is known.

    Returns:
        (..., h, w); zero in the cells of the start, `farthest` in those that are farther away.
    """
    rows = Steps(**{name: _rows_first(cost) for name, cost in vars(steps).items()})
    turned = Steps(rows.right[::-1], rows.down[::-1], rows.down_left[::-1], rows.down_right[::-1])
    distances = _rows_first(starts)
    ways = np.zeros((*rows.right.shape[:-1], rows.right.shape[-1] + 1), rows.right.dtype)
    rows.right.cumsum(axis=-1, out=ways[..., 1:])  # from a row's first cell to each of it
    begun = (distances == 0).reshape(len(distances), -1).any(axis=1)
    for y in np.flatnonzero(begun):
        _go_along(distances[y], ways[y])
    down, up = begun.copy(), begun.copy()  # rows that have changed since paths went on from them
    while down.any() or up.any():
        _sweep(distances, rows, ways, down, up, farthest)
        _sweep(distances[::-1], turned, ways[::-1], up[::-1], down[::-1], farthest)
    return np.minimum(np.moveaxis(distances, 0, -2), farthest)


def _rows_first(maps: Floats) -> Floats:
    """A copy (h, ..., w) of maps (..., h, w)."""
    return np.array(np.moveaxis(maps, -2, 0), order="C")


def _sweep(
    distances: Floats, steps: Steps, ways: Floats, ahead: NDArray[np.bool_], back: NDArray[np.bool_], farthest: float
) -> None:
    """Carry distances (h, ..., w) from each row that has changed to the next, and along it; all in place."""
    epsilon = np.finfo(distances.dtype).eps
    rounding = 8 * epsilon * ways[..., -1:].max(axis=0)  # or two rows could shorten each other for ever
    for y in range(len(ways) - 1):
        if ahead[y]:
            row, below = distances[y], distances[y + 1]
            nearer = np.minimum(below, row + steps.down[y])
            np.minimum(nearer[..., 1:], row[..., :-1] + steps.down_right[y], out=nearer[..., 1:])
            np.minimum(nearer[..., :-1], row[..., 1:] + steps.down_left[y], out=nearer[..., :-1])
            changed = ((nearer < below - rounding) & (nearer < farthest)).any(axis=-1)
            if changed.any():
                _go_along(nearer, ways[y + 1])
                np.copyto(below, nearer, where=changed[..., None])
                ahead[y + 1] = back[y + 1] = True
    ahead[:] = False


def _go_along(row: Floats, way: Floats) -> None:
    """Carry distances (..., w) along their rows; in place."""
    np.minimum(row, np.minimum.accumulate(row - way, axis=-1) + way, out=row)
    np.minimum(row, np.minimum.accumulate((row + way)[..., ::-1], axis=-1)[..., ::-1] - way, out=row)


__all__ = ["Steps", "geodesic_distances"]
