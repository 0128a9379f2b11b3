"""Colours that hold together: cells that look alike agree on what their colour may be.

Vivid colours are picked cell by cell from distributions that differ a little between neighbours; small differences
then become other hues, and one coat turns half blue and half orange. So the distributions are pooled first, over blocks
of cells weighed by how alike they look, and every cell's own is multiplied by what pooling made of its block's. What is
fine within a block, and what looks different, stays. The attention of one block to all others is that of a mean-field
step in a fully connected conditional random field (Kraehenbuehl and Koltun 2011, eq. 3) with learned features.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

# Chosen on 44 development photographs at equal colourfulness (train/README.md, "Colours that hold together").
SHARPNESS = 0.7  # of the weights: smaller pools over more that looks less alike
STRENGTH = 1.15  # exponent of what pooling changes
AGREEMENT = 0.6  # of the expected colour that vividness follows: how much of it is pooled
MOST_BLOCKS = 1600  # the cost grows with their square


class AlikeCells:
    """Which cells look alike, by blocks of them."""

    def __init__(self, embedding: Tensor, mix: Tensor, points: Tensor, gamma: Tensor, size: tuple[int, int]) -> None:
        """Weigh every block for every other.

        Args:
            embedding: (B, heads, D, h * w), in which cells that look alike lie close; see `HintSpread`.
            mix: (B, heads, h * w), shares of the heads.
            points: (h * w, 2), where the cells lie; the longer side spans 2.
            gamma: (heads,), weight of a squared distance beside one in the embedding.
            size: h and w.
        """
        h, w = self.size = size
        sides = range(2, max(h, w) + 2)
        self.side = next(side for side in sides if -(-h // side) * -(-w // side) <= MOST_BLOCKS)
        shares = self.block_means(mix)  # (B, heads, blocks)
        looks = self.block_means(embedding.flatten(1, 2)).unflatten(1, embedding.shape[1:3])
        looks = looks * shares.sqrt().unsqueeze(2)
        near = (shares * gamma.view(1, -1, 1)).sum(dim=1, keepdim=True).sqrt()
        places = self.block_means(points.T.expand(len(mix), -1, -1)) * near
        looks = torch.cat([looks.flatten(1, 2), places], dim=1).transpose(1, 2)  # (B, blocks, C)
        self.weights = (-SHARPNESS * torch.cdist(looks, looks).square()).softmax(dim=1)  # (B, blocks, blocks)

    def block_means(self, cells: Tensor) -> Tensor:
        """Means (B, C, blocks) of what cells (B, C, h * w) hold."""
        maps = cells.unflatten(-1, self.size)
        return F.avg_pool2d(maps, self.side, ceil_mode=True, count_include_pad=False).flatten(2)

    def spread(self, blocks: Tensor) -> Tensor:
        """What blocks (B, C, blocks) hold as a map of the cells (B, C, h, w)."""
        h, w = self.size
        maps = blocks.unflatten(-1, (-(-h // self.side), -(-w // self.side)))
        return F.interpolate(maps, scale_factor=self.side, mode="bilinear", align_corners=False)[..., :h, :w]

    def pool(self, maps: Tensor) -> Tensor:
        """Maps (B, C, h, w) averaged over what looks alike, as fine as blocks are."""
        return self.spread(self.block_means(maps.flatten(2)) @ self.weights)


def coherent_logits(logits: Tensor, alike: AlikeCells, *, share: float) -> Tensor:
    """Distributions that agree where things look alike.

    Args:
        logits: (B, Q, h, w).
        alike: Of the same cells.
        share: Of the whole effect, in [0, 1].

    Returns:
        (B, Q, h, w).
    """
    own = alike.block_means(logits.softmax(dim=1).flatten(2))  # (B, Q, blocks)
    pooled = own @ alike.weights
    change = (pooled.clamp(min=1e-7) / own.clamp(min=1e-7)).log()
    return logits + (share * STRENGTH) * alike.spread(change)


def agreed_chroma(chroma: Tensor, alike: AlikeCells, *, share: float) -> Tensor:
    """Expected colours (B, 2, h, w) drawn towards those of what looks alike.

    Vividness goes farther where more colour is expected; without this the livelier half of a coat gets livelier still.
    """
    return chroma.lerp(alike.pool(chroma), share * AGREEMENT)


__all__ = ["AlikeCells", "agreed_chroma", "coherent_logits"]
