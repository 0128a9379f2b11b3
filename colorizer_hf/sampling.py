"""From many samples of a photo's colours to the few that are worth showing."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .models.chroma_flow import to_cells

_POOLED = 4  # samples are compared in so many fields across and down
_FAR = 1.6  # times the usual distance from the median of all samples: an outlier


def choose(samples: Tensor, plausibility: Tensor, count: int) -> list[int]:
    """The samples to show: no outliers, and as different from one another as can be.

    It begins with the most plausible one; farthest-point selection then adds the one that is least like those chosen.

    Args:
        samples: (N, 2, h, w), ab / 110.
        plausibility: (N,), the larger the better.
        count: At most N.

    Returns:
        Places of `count` samples, the most plausible first.
    """
    fields = F.adaptive_avg_pool2d(samples, _POOLED).flatten(1)
    from_median = (fields - fields.median(dim=0).values).norm(dim=1)
    usual = from_median <= _FAR * from_median.median()
    if usual.sum() < count:  # then the nearest ones will have to do
        usual = from_median <= from_median.sort().values[count - 1]
    apart = torch.cdist(fields, fields).masked_fill(~usual, -1.0)  # from all to those that may be chosen
    chosen = [int(plausibility.masked_fill(~usual, -torch.inf).argmax())]
    while len(chosen) < count:
        chosen.append(int(apart[chosen].amin(dim=0).argmax()))
    return sorted(chosen, key=lambda place: -float(plausibility[place]))


def log_likelihood(samples: Tensor, logits: Tensor, bin_centers: Tensor) -> Tensor:
    """How plausible samples are to a network that predicts a distribution for each cell alone.

    Args:
        samples: (N, 2, h, w), ab / 110.
        logits: (1, Q, 2 h, 2 w), of one photo, at stride 4.
        bin_centers: (Q, 2), ab / 110.

    Returns:
        (N,): mean logarithm of the share of each cell's nearest bin.
    """
    shares = to_cells(logits.softmax(dim=1))[0].flatten(1)  # (Q, cells)
    nearest = torch.cdist(samples.flatten(2).transpose(1, 2), bin_centers.to(samples)).argmin(dim=-1)  # (N, cells)
    return shares.gather(0, nearest).clamp(min=1e-6).log().mean(dim=1)


__all__ = ["choose", "log_likelihood"]
