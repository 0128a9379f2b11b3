"""Spatially-adaptive normalisation of Park, Liu, Wang, Zhu 2019, "Semantic Image Synthesis with SPADE".

A map is normalised, then scaled and shifted at every cell by what another map says there. Spectral norm: Miyato et al.
2018. Code Apache-2.0, written from the papers.
"""

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class Spade(nn.Module):
    """Normalises a map and modulates it.

    Args:
        channels: Of the map.
        guide_channels: Of the map that modulates.
        hidden: Channels of the convolution that both share, scale and shift.
    """

    def __init__(self, channels: int, guide_channels: int, hidden: int) -> None:
        super().__init__()
        self.shared = nn.Conv2d(guide_channels, hidden, 3, padding=1)
        self.gamma, self.beta = (nn.Conv2d(hidden, channels, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        """Map (B, C, H, W) by the word of a guide (B, G, h, w), enlarged to its nearest cells."""
        seen = self.shared(F.interpolate(guide, x.shape[-2:], mode="nearest")).relu()
        return F.instance_norm(x) * (1 + self.gamma(seen)) + self.beta(seen)


class SpadeBlock(nn.Module):
    """Twice: SPADE, leaky ReLU, a convolution whose spectral norm is 1; added to the map."""

    def __init__(self, channels: int, guide_channels: int, hidden: int) -> None:
        super().__init__()
        self.norm0, self.norm1 = (Spade(channels, guide_channels, hidden) for _ in range(2))
        self.conv0, self.conv1 = (spectral_norm(nn.Conv2d(channels, channels, 3, padding=1)) for _ in range(2))

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        """See `Spade`."""
        change = self.conv0(F.leaky_relu(self.norm0(x, guide), 0.2))
        return x + self.conv1(F.leaky_relu(self.norm1(change, guide), 0.2))


__all__ = ["SpadeBlock"]
