"""How far the cells of a photo are out of the things that hints lie on. Plain numpy; see `HintSpread`."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .cells import STRIDE
from .discriminant import Discriminant
from .geodesic import Steps, geodesic_distances

# What follows was chosen on human segmentations of photographs (train/README.md, "How far a dab reaches").
FREE_STEP, LEAST_STEP = 0.05, 0.02  # of geodesic distance: what varies from cell to cell within a thing counts little
RIDGE = 1.0  # of the discriminant
FITTING, FITS_FROM = 2.0, 0.23  # how much it counts that cells fit the thing, and the score where it counts neither way
FARTHEST = 4.0  # widths of a thing: what is left of a hint there is a millionth
TOGETHER = 16  # maps that are measured side by side: with more they no longer lie in the processor's cache
KEPT_LIMITS = 600  # maps; twice as many hints as a painted photo has at most

Dab = tuple[float, ...]
"""The photo of a batch, x and y in [-1, 1], radius as a share of the longer side."""


def hint_limits(
    known: dict[Dab, np.ndarray],
    points: np.ndarray,
    radius: np.ndarray,
    on_object: np.ndarray,
    looks: np.ndarray,
    size: tuple[int, int],
    thing_width: float,
    *,
    photo: int = 0,
) -> NDArray[np.float32]:
    """How far the cells of a photo are out of the reach of hints.

    Args:
        known: Limits (h, w) by their dabs. What is missing is added; the least needed go when there are many.
        points: (K, 2), x and y in [-1, 1].
        radius: (K,), as a share of the longer side.
        on_object: (K,) bool, hints that reach the thing they lie on.
        looks: (C, h, w), in which cells that look alike lie close.
        size: Height and width of the network's input in pixels.
        thing_width: Geodesic distance at which what a hint lies on comes to its end.
        photo: Which of a batch it is.

    Returns:
        (K, h, w): 0 within a thing, `FARTHEST` squared far beyond; 0 for hints of another reach.
    """
    limits = np.zeros((len(points), *looks.shape[-2:]), np.float32)
    wanted = np.flatnonzero(on_object)
    dabs = [(float(photo), *points[k].tolist(), float(radius[k])) for k in wanted]
    _measure(known, dabs, looks, size, thing_width)
    for k, dab in zip(wanted, dabs, strict=True):
        limits[k] = known[dab]
    return limits


def _measure(
    known: dict[Dab, np.ndarray], dabs: Sequence[Dab], looks: np.ndarray, size: tuple[int, int], thing_width: float
) -> None:
    """Add to the known limits those that are missing."""
    missing = [dab for dab in dict.fromkeys(dabs) if dab not in known]
    if len(known) + len(missing) > KEPT_LIMITS:
        for dab in known.keys() - set(dabs):
            del known[dab]
    if missing:
        h, w = looks.shape[-2:]
        steps = Steps.of_map(looks, free=FREE_STEP, least=LEAST_STEP)
        discriminant = Discriminant(looks, ridge=RIDGE)
        for first in range(0, len(missing), TOGETHER):
            some = missing[first : first + TOGETHER]
            starts = np.stack([_start(dab, h, w, size) for dab in some])
            near = geodesic_distances(steps, starts, thing_width) < thing_width
            fit = np.stack([discriminant.scores(part) for part in near])  # one by one, so that company changes no bit
            weighed = steps.weighed(np.exp(FITTING * (FITS_FROM - fit)))
            ways = geodesic_distances(weighed, starts, FARTHEST * thing_width)
            known |= zip(some, np.square(ways / thing_width), strict=True)


def _start(dab: Dab, h: int, w: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """0 in the cells whose centres a dab covers, and in the one it lies in, infinity elsewhere; (h, w)."""
    _, x, y, radius = dab
    height, width = size
    across = (np.arange(w) + 0.5) * STRIDE - (x + 1) / 2 * width  # pixels
    down = (np.arange(h) + 0.5) * STRIDE - (y + 1) / 2 * height
    away = np.hypot(across, down[:, None])
    within = max(radius * max(size), float(away.min()))
    return np.where(away <= within, 0, np.inf).astype(np.float32)


__all__ = ["Dab", "hint_limits"]
