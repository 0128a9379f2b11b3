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
MOST_BLOCKS = 1600  # the cost grows with their square


def coherent_logits(
    logits: Tensor, embedding: Tensor, mix: Tensor, points: Tensor, gamma: Tensor, *, share: float
) -> Tensor:
    """Distributions that agree where things look alike.

    Args:
        logits: (B, Q, h, w).
        embedding: (B, heads, D, h * w), in which cells that look alike lie close; see `HintSpread`.
        mix: (B, heads, h * w), shares of the heads.
        points: (h * w, 2), where the cells lie; the longer side spans 2.
        gamma: (heads,), weight of a squared distance beside one in the embedding.
        share: Of the whole effect, in [0, 1].

    Returns:
        (B, Q, h, w).
    """
    B, _, h, w = logits.shape
    side = next(side for side in range(2, max(h, w) + 2) if -(-h // side) * -(-w // side) <= MOST_BLOCKS)

    def block_means(cells: Tensor) -> Tensor:
        """Means (B, C, blocks) over blocks of cells (B, C, h * w)."""
        return F.avg_pool2d(cells.unflatten(-1, (h, w)), side, ceil_mode=True, count_include_pad=False).flatten(2)

    shares = block_means(mix)  # (B, heads, blocks)
    looks = block_means(embedding.flatten(1, 2)).unflatten(1, embedding.shape[1:3]) * shares.sqrt().unsqueeze(2)
    near = (shares * gamma.view(1, -1, 1)).sum(dim=1, keepdim=True).sqrt()
    places = block_means(points.T.expand(B, -1, -1)) * near
    looks = torch.cat([looks.flatten(1, 2), places], dim=1).transpose(1, 2)  # (B, blocks, C)
    weights = (-SHARPNESS * torch.cdist(looks, looks).square()).softmax(dim=1)

    own = block_means(logits.softmax(dim=1).flatten(2))  # (B, Q, blocks)
    pooled = own @ weights
    change = (pooled.clamp(min=1e-7) / own.clamp(min=1e-7)).log().unflatten(-1, (-(-h // side), -(-w // side)))
    change = F.interpolate(change, scale_factor=side, mode="bilinear", align_corners=False)[..., :h, :w]
    return logits + (share * STRENGTH) * change


__all__ = ["coherent_logits"]
