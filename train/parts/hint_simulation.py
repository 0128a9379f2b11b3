"""Hints as a person might have given them, drawn from the true colours of training photographs."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from colorizer_hf.models.hint_batch import HintBatch


@dataclass(frozen=True)
class HintConfig:
    """How hints are drawn.

    Attributes:
        none_share: Share of the photos that get no hint.
        max_count: Most hints for one photo; the count of a batch is drawn log-uniformly from 1 to this.
        max_side: Patches are squares of 1 to this many pixels; their mean chroma is the hint's colour.
        gaussian_share: Share of the batches whose hints lie around the middle (Zhang et al. 2017) instead of uniformly.
    """

    none_share: float = 0.1
    max_count: int = 128
    max_side: int = 6
    gaussian_share: float = 0.5


def simulate_hints(chroma: Tensor, config: HintConfig, generator: torch.Generator) -> HintBatch:
    """Draw hints for a batch.

    The count is drawn per batch, and each photo gets between half of it and it: a maximum over independently drawn
    counts would fill most of the batch with padding.

    Args:
        chroma: (B, 2, H, W), the true ab / 110.
        config: How to draw.
        generator: Source of all randomness, on the CPU.

    Returns:
        The hints, K of them at most per photo, on the device of `chroma`.
    """
    B, _, H, W = chroma.shape
    count = int(torch.empty(1).uniform_(0, 1, generator=generator).mul(_log2(config.max_count)).exp2().round())
    side = int(torch.randint(1, config.max_side + 1, (1,), generator=generator))
    if torch.rand(1, generator=generator) < config.gaussian_share:
        centre = torch.randn(B, count, 2, generator=generator) / 4 + 0.5
    else:
        centre = torch.rand(B, count, 2, generator=generator)
    counts = torch.randint((count + 1) // 2, count + 1, (B, 1), generator=generator)
    counts[torch.rand(B, 1, generator=generator) < config.none_share] = 0
    mask = torch.arange(count).expand(B, -1) < counts

    limit = torch.tensor([W - side, H - side])
    corner = (centre * (limit + 1)).floor().clamp(min=torch.zeros(2), max=limit).long().to(chroma.device)
    means = F.avg_pool2d(chroma, side, stride=1).flatten(2)  # (B, 2, positions), each the mean of one patch
    place = corner[..., 1] * (W - side + 1) + corner[..., 0]  # (B, K)
    points = (corner + side / 2) / torch.tensor([W, H], device=chroma.device) * 2 - 1
    return HintBatch(
        points=points,
        chroma=means.gather(2, place.unsqueeze(1).expand(-1, 2, -1)).transpose(1, 2),
        radius=torch.full((B, count), side / 2 / max(H, W), device=chroma.device),
        mask=mask.to(chroma.device),
    )


def _log2(value: int) -> float:
    return float(torch.tensor(float(value)).log2())
