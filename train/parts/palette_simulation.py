"""The palette that a photograph really has, for networks that take one (Zhang et al. 2017, section 3.3)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from colorizer_hf.color import CHROMA_SCALE
from colorizer_hf.models.chroma_bins import NUM_BINS, bin_centers

POOLED = 4  # pixels along a side that the histogram counts as one


def true_palette(chroma: Tensor) -> Tensor:
    """The colours of photographs as a palette over the chroma bins, each colour counted at the nearest.

    Args:
        chroma: (B, 2, H, W), the true ab / 110; H and W at least 4.

    Returns:
        (B, 313, 3), see `ColorizerModel.decode`; the shares sum to 1.
    """
    colors = F.avg_pool2d(chroma, POOLED).flatten(2).transpose(1, 2)  # (B, n, 2)
    centers = bin_centers().to(colors) / CHROMA_SCALE
    nearest = torch.cdist(colors, centers.expand(len(colors), -1, -1)).argmin(dim=2)
    shares = colors.new_zeros(len(colors), NUM_BINS).scatter_add_(1, nearest, torch.ones_like(colors[..., 0]))
    shares = shares / shares.sum(dim=1, keepdim=True)
    return torch.cat([centers.expand(len(colors), -1, -1), shares.unsqueeze(2)], dim=2)
