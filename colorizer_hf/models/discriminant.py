"""What tells a part of a map from the rest of it: Fisher's linear discriminant.

R. A. Fisher 1936, "The Use of Multiple Measurements in Taxonomic Problems". Its direction is the same for the
covariance of all cells as for that within the two groups, so one inverse serves all parts of a map. Plain numpy, so
that a checkpoint needs no further package.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


class Discriminant:
    """Compare parts of one map with the rest of it.

    Args:
        features: (C, h, w).
        ridge: Variance added to each channel, as a share of the mean one: of few cells a direction is uncertain, and
            with a large ridge it is the difference of the means.
    """

    def __init__(self, features: Floats, *, ridge: float) -> None:
        self.size = features.shape[1:]
        cells = features.reshape(len(features), -1)
        self.cells = cells - cells.mean(axis=1, keepdims=True)
        covariance = self.cells @ self.cells.T / self.cells.shape[1]
        added = ridge * np.trace(covariance) / len(covariance) + np.finfo(features.dtype).tiny  # an even map has none
        self.precision = np.linalg.inv(covariance + added * np.eye(len(covariance), dtype=features.dtype))

    def scores(self, part: NDArray[np.bool_]) -> Floats:
        """Whether cells are like a part or like the rest.

        Args:
            part: (h, w), True in some cells.

        Returns:
            (h, w) in [-1, 1]: 1 at the part's mean and beyond, -1 at the rest's; 0 if there is no rest, or no
            difference.
        """
        share = part.mean()
        if share == 1:
            return np.zeros(self.size, self.cells.dtype)
        mean = self.cells[:, part.ravel()].mean(axis=1)  # that of all cells is 0
        direction = self.precision @ mean
        scores = direction @ self.cells
        inside = direction @ mean
        outside = -inside * share / (1 - share)
        half = max((inside - outside) / 2, np.finfo(scores.dtype).tiny)
        return np.clip((scores - (inside + outside) / 2) / half, -1, 1).reshape(self.size)


__all__ = ["Discriminant"]
