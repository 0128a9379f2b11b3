"""Hints as a person might have given them, drawn from the true colours of training photographs."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from colorizer_hf.models.hint_batch import HintBatch

from .config import ConfigError

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
        last_share: Chance of each photo, before its first hint and after each one, that no more come: its count is
            geometric and each patch has a side of its own; `none_share` and `max_count` mean nothing then. 0.125 in the
            code of Zhang et al. 2017, 7 hints in the mean; 1 gives none. None draws counts and sides as above.
    """

    none_share: float = 0.1
    max_count: int = 128
    max_side: int = 6
    gaussian_share: float = 0.5
    things_share: float = 0.0
    last_share: float | None = None


def simulate_hints(chroma: Tensor, config: HintConfig, generator: torch.Generator) -> HintBatch:
    """Draw hints for a batch.

    Unless they are geometric, the count is drawn per batch, and each photo gets between half of it and it: a maximum
    over independently drawn counts would fill most of the batch with padding.

    Args:
        chroma: (B, 2, H, W), the true ab / 110.
        config: How to draw.
        generator: Source of all randomness, on the CPU.

    Returns:
        The hints, K of them at most per photo, on the device of `chroma`.
    """
    B, _, H, W = chroma.shape
    counts, count, side = None, 0, None
    if config.last_share is None:
        count = int(torch.empty(1).uniform_(0, 1, generator=generator).mul(_log2(config.max_count)).exp2().round())
        side = int(torch.randint(1, config.max_side + 1, (1,), generator=generator))
    else:
        counts = _geometric(config.last_share, B, generator)
        count = int(counts.max())
    kind = float(torch.rand(1, generator=generator))
    on_things = config.gaussian_share <= kind < config.gaussian_share + config.things_share
    candidates = CANDIDATES if on_things else count
    if kind < config.gaussian_share:
        centre = torch.randn(B, candidates, 2, generator=generator) / 4 + 0.5
    else:
        centre = torch.rand(B, candidates, 2, generator=generator)
    if side is None:
        sides = torch.randint(1, config.max_side + 1, (B, candidates), generator=generator)
    else:
        sides = torch.full((B, candidates), side)

    points, colors = _look(chroma, centre, sides)
    if on_things:
        count = min(count, MOST_THINGS)
        chosen = _unlike(points, colors, count)
        points, colors = (x.gather(1, chosen.unsqueeze(-1).expand(-1, -1, 2)) for x in (points, colors))
        sides = sides.gather(1, chosen.cpu())

    if counts is None:
        counts = torch.randint((count + 1) // 2, count + 1, (B, 1), generator=generator)
        counts[torch.rand(B, 1, generator=generator) < config.none_share] = 0
    mask = torch.arange(count).expand(B, -1) < counts
    return HintBatch(
        points=points,
        chroma=colors,
        radius=(sides / 2 / max(H, W)).to(chroma.device),
        mask=mask.to(chroma.device),
    )


def simulate_hint_map(
    chroma: Tensor, config: HintConfig, whole_share: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw hints and paint them, for networks that see them as a map; some photos show all of their colours.

    Patches are painted as discs, as hints of people are.

    Args:
        chroma: (B, 2, H, W), the true ab / 110.
        config: How to draw hints.
        whole_share: Share of the photos that show everything; 0.01 in the paper of Zhang et al. 2017, 0 in its code.
        generator: Source of all randomness, on the CPU.

    Returns:
        (B, 2, H, W), ab / 110 where there are hints and 0 elsewhere, and the mask (B, 1, H, W) of where they are.
    """
    hint_map, mask = simulate_hints(chroma, config, generator).rasterize(*chroma.shape[-2:])
    is_whole = (torch.rand(len(chroma), 1, 1, 1, generator=generator) < whole_share).to(chroma.device)
    return torch.where(is_whole, chroma, hint_map), torch.where(is_whole, torch.ones_like(mask), mask)


def _geometric(last_share: float, batch: int, generator: torch.Generator) -> Tensor:
    """Counts (B, 1) from 0 on: each next one comes with a chance of 1 - `last_share`."""
    if not 0 < last_share <= 1:
        raise ConfigError(f"hints.last_share must be above 0 and at most 1, got {last_share}")
    if last_share == 1:
        return torch.zeros(batch, 1, dtype=torch.int64)
    chance = torch.rand(batch, 1, dtype=torch.float64, generator=generator)
    return (torch.log1p(-chance) / math.log1p(-last_share)).floor().long()


def _look(chroma: Tensor, centre: Tensor, sides: Tensor) -> tuple[Tensor, Tensor]:
    """The middle and the mean colour of square patches.

    Args:
        chroma: (B, 2, H, W), ab / 110.
        centre: (B, K, 2), where they should lie, x and y in [0, 1] of the room they have; others are moved inside.
        sides: (B, K), in whole pixels.

    Returns:
        (B, K, 2), x and y in [-1, 1]; (B, K, 2), ab / 110; on the device of `chroma`.
    """
    size = torch.tensor([chroma.shape[-1], chroma.shape[-2]])
    room = size - sides.unsqueeze(-1)
    corner = (centre * (room + 1)).floor().clamp(min=torch.zeros(2), max=room).long()
    points = (corner + sides.unsqueeze(-1) / 2) / size * 2 - 1
    corner, sides = corner.to(chroma.device), sides.to(chroma.device)
    colors = chroma.new_zeros(*sides.shape, 2)
    for side in sides.unique().tolist():
        means = F.avg_pool2d(chroma, side, stride=1)  # of the patches at all places
        is_mine = (sides == side).unsqueeze(-1)
        left, top = (corner * is_mine).unbind(-1)
        place = (top * means.shape[-1] + left).unsqueeze(1).expand(-1, 2, -1)
        colors = torch.where(is_mine, means.flatten(2).gather(2, place).transpose(1, 2), colors)
    return points.to(chroma.device), colors


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
