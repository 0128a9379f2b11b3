"""Likely colours, out of a distribution over chroma bins."""

import numpy as np

ROUNDS = 20  # of k-means; it has come to rest long before


def likely_colors(shares: np.ndarray, centers: np.ndarray, k: int) -> list[tuple[np.ndarray, float]]:
    """The means of the clusters that a distribution falls into: weighted k-means over the bins.

    Zhang et al. 2017, section 3.4, cluster colours drawn from the distribution; clustering the bins by their shares is
    the same without chance. It starts at the likeliest bin, and goes on with those that the most of the squared error
    is left at. Clusters that nothing falls into are left out.

    Args:
        shares: (Q,), at least 0.
        centers: (Q, 2), colours of the bins.
        k: Clusters at most.

    Returns:
        Mean colours (2,) and their shares, the largest first.
    """
    means = centers[[shares.argmax()]]
    for _ in range(k - 1):
        means = np.vstack([means, centers[(shares * _squared_distances(centers, means).min(axis=1)).argmax()]])
    for _ in range(ROUNDS):
        cluster = _squared_distances(centers, means).argmin(axis=1)
        masses = np.bincount(cluster, shares, k)
        sums = np.stack([np.bincount(cluster, shares * axis, k) for axis in centers.T], axis=1)
        means = np.where(masses[:, None] > 0, sums / np.maximum(masses, 1e-12)[:, None], means)
    order = [i for i in np.argsort(-masses, kind="stable") if masses[i] > 0]
    return [(means[i], float(masses[i])) for i in order]


def _squared_distances(points: np.ndarray, means: np.ndarray) -> np.ndarray:
    """(N, 2) and (M, 2) to (N, M)."""
    return ((points[:, None] - means) ** 2).sum(axis=2)


__all__ = ["likely_colors"]
