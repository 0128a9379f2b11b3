"""Criss-cross attention after Huang et al. 2019, "CCNet: Criss-Cross Attention for Semantic Segmentation".

Every cell looks along its row and its column. As in ColorMamba's released code one map asks and answers where to look,
another one says what is there. Code Apache-2.0, written from the papers and a table of the layers.
"""

import torch
from torch import Tensor, nn


class CrissCross(nn.Module):
    """Joins a map with another of the same size.

    Args:
        channels: Of the map that asks, and of the result.
        seen_channels: Of the map that is looked at.
    """

    def __init__(self, channels: int, seen_channels: int) -> None:
        super().__init__()
        self.query, self.key = (convolutions(channels, channels // 8) for _ in range(2))
        self.value = convolutions(seen_channels, channels)
        self.skip = convolutions(channels + seen_channels, channels)
        self.gamma = nn.Parameter(torch.zeros(1))  # at first nothing is looked at

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """From maps (B, C, H, W) and (B, S, H, W) to a map (B, C, H, W)."""
        query, key, value = self.query(x), self.key(x), self.value(seen)
        column = torch.einsum("bchw,bciw->bhwi", query, key)
        itself = torch.eye(x.shape[-2], dtype=torch.bool, device=x.device)[:, None]
        column = column.masked_fill(itself, -torch.inf)  # a cell is in its row already
        row = torch.einsum("bchw,bchi->bhwi", query, key)
        weights = torch.cat([column, row], dim=-1).softmax(dim=-1)
        of_column, of_row = weights.split([x.shape[-2], x.shape[-1]], dim=-1)
        looked = torch.einsum("bhwi,bciw->bchw", of_column, value) + torch.einsum("bhwi,bchi->bchw", of_row, value)
        return self.gamma * looked + self.skip(torch.cat([x, seen], dim=1))


def convolutions(in_channels: int, out_channels: int) -> nn.Sequential:
    """Two convolutions of 3 x 3; the only batch norms of ColorMamba's generator stand between such."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1),
        nn.ReLU(),
        nn.BatchNorm2d(out_channels),
        nn.Conv2d(out_channels, out_channels, 3, padding=1),
        nn.ReLU(),
    )


__all__ = ["CrissCross"]
