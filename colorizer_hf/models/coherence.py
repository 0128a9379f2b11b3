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

from .cells import Blocks

# Chosen on 44 development photographs at equal colourfulness (train/README.md, "Colours that hold together").
SHARPNESS = 0.7  # of the weights: smaller pools over more that looks less alike
STRENGTH = 1.15  # exponent of what pooling changes
AGREEMENT = 0.6  # of the expected colour that vividness follows: how much of it is pooled


class AlikeCells:
    """Which cells look alike, by blocks of them."""

    def __init__(self, embedding: Tensor, mix: Tensor, points: Tensor, gamma: Tensor, blocks: Blocks) -> None:
        """Weigh every block for every other.

        Args:
            embedding: (B, heads, D, h * w), in which cells that look alike lie close; see `HintSpread`.
            mix: (B, heads, h * w), shares of the heads.
            points: (h * w, 2), where the cells lie; the longer side spans 2.
            gamma: (heads,), weight of a squared distance beside one in the embedding.
            blocks: Of the cells, as tensors.
        """
        self.blocks = blocks
        self.size = (blocks.rows.shape[1], blocks.columns.shape[0])
        shares = self.block_means(mix)  # (B, heads, blocks)
        looks = self.block_means(embedding.flatten(1, 2)).unflatten(1, embedding.shape[1:3])
        looks = looks * shares.sqrt().unsqueeze(2)
        near = (shares * gamma.view(1, -1, 1)).sum(dim=1, keepdim=True).sqrt()
        places = self.block_means(points.T.expand(len(mix), -1, -1)) * near
        self.alike = _likeness(torch.cat([looks.flatten(1, 2), places], dim=1))  # (B, blocks, blocks)
        self.sums = self.alike.sum(dim=2).unsqueeze(1)  # as of the columns: it is the same both ways

    def block_means(self, cells: Tensor) -> Tensor:
        """Means (B, C, blocks) of what cells (B, C, h * w) hold."""
        maps = cells.unflatten(-1, self.size)
        return (self.blocks.rows @ maps @ self.blocks.columns).flatten(2)

    def spread(self, blocks: Tensor) -> Tensor:
        """What blocks (B, C, blocks) hold as a map of the cells (B, C, h, w)."""
        return self.blocks.spread_rows @ blocks.unflatten(-1, self.blocks.numbers) @ self.blocks.spread_columns

    def pooled(self, blocks: Tensor) -> Tensor:
        """What blocks (B, C, blocks) hold, averaged for each over those that look like it."""
        return blocks @ self.alike / self.sums

    def pool_to(self, maps: Tensor, size: tuple[int, int]) -> Tensor:
        """Maps (B, C, h, w) averaged over what looks alike, at another size (B, C, *size)."""
        blocks = self.pooled(self.block_means(maps.flatten(2)))
        return F.interpolate(blocks.unflatten(-1, self.blocks.numbers), size, mode="bilinear")

    def pool(self, maps: Tensor) -> Tensor:
        """Maps (B, C, h, w) averaged over what looks alike, as fine as blocks are."""
        return self.spread(self.pooled(self.block_means(maps.flatten(2))))


def _likeness(looks: Tensor) -> Tensor:
    """The exponential of minus `SHARPNESS` times the squared distances between looks (B, C, N): (B, N, N).

    The distances come from one product of matrices, whose further columns and rows bring the squares.
    """
    squares = SHARPNESS * looks.square().sum(dim=1, keepdim=True)
    ones = torch.ones_like(squares)
    keys = torch.cat([2 * SHARPNESS * looks, -squares, -ones], dim=1)
    return (keys.transpose(1, 2) @ torch.cat([looks, ones, squares], dim=1)).exp()


def coherent_weights(shares: Tensor, alike: AlikeCells, *, share: Tensor | float) -> Tensor:
    """Distributions that agree where things look alike.

    Args:
        shares: (B, Q, h, w), of the bins in each cell, summing to 1.
        alike: Of the same cells.
        share: Of the whole effect, in [0, 1].

    Returns:
        Weights of the bins (B, Q, h, w), whose sums differ from cell to cell.
    """
    own = alike.block_means(shares.flatten(2)).clamp(min=1e-7)  # (B, Q, blocks)
    change = (alike.pooled(own) / own).log()
    return shares * alike.spread((share * STRENGTH) * change).exp()


def agreed_chroma(chroma: Tensor, alike: AlikeCells, *, share: Tensor | float) -> Tensor:
    """Expected colours (B, 2, h, w) drawn towards those of what looks alike.

    Vividness goes farther where more colour is expected; without this the livelier half of a coat gets livelier still.
    """
    return chroma.lerp(alike.pool(chroma), share * AGREEMENT)


__all__ = ["AlikeCells", "agreed_chroma", "coherent_weights"]
