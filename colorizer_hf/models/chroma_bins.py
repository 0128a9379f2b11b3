"""Chroma bins: a grid of step 10 over Lab a and b, and distributions over them.

The whole grid has 529 points (Zhang et al. 2017, in its released training code); 313 of them belong to colours of sRGB
(Zhang et al. 2016, "Colorful Image Colorization", section 2.1). That set is larger than the gamut itself: cells that
contain an 8-bit colour number 261.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

BIN_STEP = 10
# For each a from -90 to 100: the first and last b. Rows have no gaps.
B_RANGES = (
    (50, 90), (20, 90), (0, 90), (-20, 90), (-30, 100), (-40, 100), (-50, 100), (-50, 100), (-60, 100), (-70, 100),
    (-80, 90), (-80, 90), (-90, 90), (-100, 90), (-100, 80), (-110, 80), (-110, 80), (-110, 70), (-110, 70), (-90, 0),
)  # fmt: skip
A_MIN = -90
NUM_BINS = 313
GRID_SIDE = 23  # -110..110
GRID_BINS = GRID_SIDE**2
GAUSSIAN_WIDTH = 5.0  # Lab units, of soft targets: the same, section 2.2
ANNEALING = 1 / 0.38  # inverse temperature of a vivid mean: Zhang et al. 2016, section 2.3

SoftTargets = Callable[[Tensor], tuple[Tensor, Tensor]]


def bin_centers() -> Tensor:
    """Lab a and b of every bin, (313, 2), a the slow axis."""
    centers = [
        (A_MIN + BIN_STEP * row, b)
        for row, (first, last) in enumerate(B_RANGES)
        for b in range(first, last + 1, BIN_STEP)
    ]
    return torch.tensor(centers, dtype=torch.float32)


def grid_centers() -> Tensor:
    """Lab a and b of every point of the whole grid, (529, 2), a the slow axis."""
    axis = BIN_STEP * torch.arange(GRID_SIDE, dtype=torch.float32) - 110
    return torch.cartesian_prod(axis, axis)


def nearest_grid_bins(chroma: Tensor) -> Tensor:
    """Indices (B, h, w) among the 529 points of the nearest to each colour (B, 2, h, w), Lab a and b / 110."""
    a, b = (chroma * 11 + 11).round().clamp(0, GRID_SIDE - 1).long().unbind(dim=1)
    return a * GRID_SIDE + b


def mean_chroma(logits: Tensor, centers: Tensor) -> Tensor:
    """The expected colour of distributions over bins; of logits times `ANNEALING` it is the annealed mean.

    Args:
        logits: (B, Q, h, w).
        centers: (Q, 2), colours of the bins.

    Returns:
        (B, 2, h, w), in the unit of the centres.
    """
    return (centers.T @ logits.flatten(2).softmax(dim=1)).unflatten(2, logits.shape[-2:])


def weighted_chroma(weights: Tensor, centers: Tensor) -> Tensor:
    """The mean colour (B, 2, h, w) of bins with weights (B, Q, h, w), which need not sum to 1.

    One product of matrices has the sums of the weights too: engines are slow at sums that run across rows.
    """
    sums = F.pad(centers, (0, 1), value=1.0).T @ weights.flatten(2)  # (B, 3, h * w)
    return (sums[:, :2] / sums[:, 2:]).unflatten(2, weights.shape[-2:])


def soft_bin_targets(chroma: Tensor) -> tuple[Tensor, Tensor]:
    """Spread each colour over its four neighbouring bins, bilinearly.

    Args:
        chroma: (B, 2, h, w), Lab a and b / 110.

    Returns:
        Bin indices (B, 4, h, w) and weights (B, 4, h, w) that sum to 1. Neighbours outside the set get weight 0, the
        others share it; the expectation over the bins is the colour itself wherever all four neighbours exist.
    """
    grid = (chroma * 11 + 11).clamp(0, GRID_SIDE - 1 - 1e-4)  # cells of the 23 x 23 grid
    floor = grid.floor()
    fraction = grid - floor
    lookup = _grid_lookup(chroma.device)
    indices, weights = [], []
    for da, db in ((0, 0), (0, 1), (1, 0), (1, 1)):
        a, b = floor[:, 0].long() + da, floor[:, 1].long() + db
        weight_a = fraction[:, 0] if da else 1 - fraction[:, 0]
        weight_b = fraction[:, 1] if db else 1 - fraction[:, 1]
        index = lookup[a * GRID_SIDE + b]
        indices.append(index.clamp(min=0))
        weights.append(weight_a * weight_b * (index >= 0))
    weight = torch.stack(weights, dim=1)
    return torch.stack(indices, dim=1), weight / weight.sum(dim=1, keepdim=True).clamp(min=1e-6)


def gaussian_bin_targets(chroma: Tensor, neighbours: int = 10) -> tuple[Tensor, Tensor]:
    """Spread each colour over its nearest bins by a Gaussian (Zhang et al. 2016, section 2.2).

    Args:
        chroma: (B, 2, h, w), Lab a and b / 110.
        neighbours: Number K of bins for each colour: 10 in the authors' code, 5 in the paper.

    Returns:
        Bin indices (B, K, h, w) and weights (B, K, h, w) that sum to 1.
    """
    colors = 110 * chroma.permute(0, 2, 3, 1)
    distance, indices = torch.cdist(colors, bin_centers().to(colors)).topk(neighbours, largest=False)
    weights = (-distance.square() / (2 * GAUSSIAN_WIDTH**2)).softmax(dim=-1)
    return indices.permute(0, 3, 1, 2), weights.permute(0, 3, 1, 2)


def bin_cross_entropy(
    logits: Tensor, labels: Tensor, rarity: Tensor | None = None, spread: SoftTargets = soft_bin_targets
) -> Tensor:
    """Cross-entropy of the predicted distribution against the true colours spread over their neighbouring bins.

    Args:
        logits: (B, 313, h, w).
        labels: (B, 2, H, W), the true ab / 110; averaged down to (h, w) first.
        rarity: (313), how much each bin counts; None: all the same.
        spread: How colours are spread.

    Returns:
        Mean over photos and cells, a scalar in nats.
    """
    labels = F.interpolate(labels, logits.shape[-2:], mode="area")
    indices, weights = spread(labels)
    if rarity is not None:
        weights = weights * rarity.to(weights.device)[indices]
    picked = logits.gather(1, indices) - logits.logsumexp(dim=1, keepdim=True)
    return -(weights * picked).sum(dim=1).mean()


def _grid_lookup(device: torch.device) -> Tensor:
    """Bin index of every point of the 23 x 23 grid, -1 outside the set."""
    lookup = torch.full((GRID_SIDE * GRID_SIDE,), -1, dtype=torch.long, device=device)
    cells = ((bin_centers().to(device) + 110) / BIN_STEP).long()
    lookup[cells[:, 0] * GRID_SIDE + cells[:, 1]] = torch.arange(NUM_BINS, device=device)
    return lookup


__all__ = [
    "ANNEALING",
    "GRID_BINS",
    "NUM_BINS",
    "bin_centers",
    "bin_cross_entropy",
    "gaussian_bin_targets",
    "grid_centers",
    "mean_chroma",
    "nearest_grid_bins",
    "soft_bin_targets",
    "weighted_chroma",
]
