"""Move predicted colours towards a palette: as much of the picture in each colour as the palette says, where it can be.

What is predicted for a picture implies shares of the colours over it. One factor for every colour, the same in all
cells, brings these shares towards the palette's; each cell then weighs them against what it holds possible, so that
surely green grass stays green beside a sunset. The factors are those of an entropic transport between cells and colours
whose second marginal is asked for softly (Chizat et al. 2018, "Scaling algorithms for unbalanced optimal transport
problems", section 4). Global hints in the sense of Zhang et al. 2017, section 3.3, without a network of their own.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from .distances import squared_distances

SPREAD = 7 / 110  # standard deviation, in ab / 110, of what counts as a palette's colour
FIRMNESS = 0.8  # of the asking: 0 is none, 1 insists on the shares whatever the cells say
MOST = 1.5  # logarithm of what a colour may become likelier or less likely by: what is sure stays sure
ROUNDS = 8
BLOCK = 4  # cells along the side of a block: shares are counted over blocks
_LEAST = 1e-6


def shift_to_palette(logits: Tensor, palette: Tensor, centers: Tensor) -> Tensor:
    """Distributions whose shares over the picture are nearer to a palette's.

    Args:
        logits: (B, Q, h, w) over the chroma bins.
        palette: (B, P, 3), Lab a and b / 110 of each colour and its share of the picture. What the shares lack to 1 is
            left as it is predicted; a colour without share counts for nothing.
        centers: (Q, 2), ab / 110 of the bins.

    Returns:
        (B, Q, h, w), logarithms of the bins' shares.
    """
    cells = F.avg_pool2d(logits.softmax(dim=1), BLOCK, ceil_mode=True, count_include_pad=False).flatten(2)
    chroma, shares = palette[..., :2], palette[..., 2:]
    near = (-squared_distances(chroma, centers) / (2 * SPREAD**2)).softmax(dim=2)
    wanted = (1 - shares.sum(dim=1)) * cells.mean(dim=2) + (shares * near).sum(dim=1)  # (B, Q)
    wanted, beliefs = wanted.clamp(min=_LEAST).log(), cells.clamp(min=_LEAST).log()
    factors = torch.zeros_like(wanted)  # logarithms
    for _ in range(ROUNDS):
        there = (beliefs + factors.unsqueeze(2)).softmax(dim=1).mean(dim=2)
        factors = FIRMNESS * (factors + wanted - there.clamp(min=_LEAST).log())
        factors = factors.clamp(-MOST, MOST)
    return (logits + factors[:, :, None, None]).log_softmax(dim=1)


__all__ = ["shift_to_palette"]
