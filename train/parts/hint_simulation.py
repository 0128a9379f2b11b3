"""Hints as a person might have given them, drawn from the true colours of training photographs."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from colorizer_hf.models.hint_batch import HintBatch

CANDIDATES = 128  # dabs that a person may have thought of
MOST_THINGS = 16  # that somebody gives a dab of their own
HALF_A_WIDTH_IN_COLOR = 0.12  # difference in ab / 110 that counts as much as half of the picture's width


@dataclass(frozen=True)
class HintConfig:
    """How hints are drawn.

    Attributes:
        none_share: Share of the photos that get no hint.
        max_count: Most hints for one photo; the count of a batch is drawn log-uniformly from 1 to this.
        max_side: Patches are squares of 1 to this many pixels; their mean chroma is the hint's colour.
        gaussian_share: Share of the batches whose hints lie around the middle (Zhang et al. 2017).
        things_share: Share of the batches whose few hints lie on different things, one dab each, as a person sets them;
            what is left over lies uniformly.
    """

    none_share: float = 0.1
    max_count: int = 128
    max_side: int = 6
    gaussian_share: float = 0.5
    things_share: float = 0.0


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
    kind = float(torch.rand(1, generator=generator))
    on_things = config.gaussian_share <= kind < config.gaussian_share + config.things_share
    candidates = CANDIDATES if on_things else count
    if kind < config.gaussian_share:
        centre = torch.randn(B, candidates, 2, generator=generator) / 4 + 0.5
    else:
        centre = torch.rand(B, candidates, 2, generator=generator)

    limit = torch.tensor([W - side, H - side])
    corner = (centre * (limit + 1)).floor().clamp(min=torch.zeros(2), max=limit).long().to(chroma.device)
    means = F.avg_pool2d(chroma, side, stride=1).flatten(2)  # (B, 2, positions), each the mean of one patch
    place = corner[..., 1] * (W - side + 1) + corner[..., 0]
    colors = means.gather(2, place.unsqueeze(1).expand(-1, 2, -1)).transpose(1, 2)
    points = (corner + side / 2) / torch.tensor([W, H], device=chroma.device) * 2 - 1
    if on_things:
        count = min(count, MOST_THINGS)
        chosen = _unlike(points, colors, count).unsqueeze(-1).expand(-1, -1, 2)
        points, colors = points.gather(1, chosen), colors.gather(1, chosen)

    counts = torch.randint((count + 1) // 2, count + 1, (B, 1), generator=generator)
    counts[torch.rand(B, 1, generator=generator) < config.none_share] = 0
    mask = torch.arange(count).expand(B, -1) < counts
    return HintBatch(
        points=points,
        chroma=colors,
        radius=torch.full((B, count), side / 2 / max(H, W), device=chroma.device),
        mask=mask.to(chroma.device),
    )


def _unlike(points: Tensor, colors: Tensor, count: int) -> Tensor:
    """Places (B, count) of candidates, each the one least like those before it in colour and place together.

    Args:
        points: (B, C, 2), x and y in [-1, 1].
        colors: (B, C, 2), ab / 110.
        count: How many.
    """
    features = torch.cat([points, colors / HALF_A_WIDTH_IN_COLOR], dim=-1)
    chosen = [torch.zeros(len(points), dtype=torch.int64, device=points.device)]
    nearest = torch.full(points.shape[:2], torch.inf, device=points.device)
    for _ in range(count - 1):
        last = features.gather(1, chosen[-1].view(-1, 1, 1).expand(-1, 1, features.shape[-1]))
        nearest = torch.minimum(nearest, (features - last).square().sum(dim=-1))
        chosen.append(nearest.argmax(dim=1))
    return torch.stack(chosen, dim=1)


def _log2(value: int) -> float:
    return float(torch.tensor(float(value)).log2())
