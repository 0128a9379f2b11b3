"""Flow matching over chroma at low resolution: what a sampler is told of a photo, what it draws, and along which path.

A sampler draws the difference between the colours of a photo and those that the flagship expects, in cells of 8 x 8
pixels of the network's input: only what is uncertain is left to chance, and hints enter through the flagship.

Straight paths lead from noise to colours (Lipman et al. 2023, "Flow Matching for Generative Modeling"; Liu et al. 2023,
"Flow Straight and Fast"): x(s) = (1 - s) x(0) + s noise, along which the velocity noise - x(0) is learned.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .chromaformer import ChromaFormerFeatures, ChromaFormerModel
from .coherence import AlikeCells
from .hint_batch import HintBatch

CELL = 8  # pixels of the network's input per cell of the sampler
SECTORS = 8  # of hue, in which it is told how much colour the flagship holds possible
CONTRAST_UNIT = 0.1  # standard deviation of L / 100 within a cell that counts as 1
CHROMA_UNIT = 0.14  # ab / 110 that counts as 1: about the spread of what the flagship cannot know
TIMESTEPS = 1000  # a network is told s times this


@dataclass(frozen=True)
class FlowConditions:
    """What a sampler is told of photos, in cells.

    Attributes:
        base: (B, 2, h, w), ab / 110 that the flagship expects, hints spread.
        channels: (B, C, h, w), all that goes into the network beside the noisy colours: the luminance and its contrast,
            where hints lie, what they changed; then from `FROM_ENCODER` on what the flagship makes of the photo.
        known: (B, 1, h, w) bool, cells in which a hint lies: nothing is left to chance there.
    """

    base: Tensor
    channels: Tensor
    known: Tensor


FROM_ENCODER = 5  # channels that do not come from the flagship's features


def condition_channels(encoder: ChromaFormerModel) -> int:
    """How many channels `describe` gives for the features of an encoder."""
    return FROM_ENCODER + 2 + SECTORS + encoder.config.spread_heads * encoder.config.spread_dim


def describe(
    encoder: ChromaFormerModel, features: ChromaFormerFeatures, luminance: Tensor, hints: HintBatch | None = None
) -> FlowConditions:
    """What a sampler is told.

    Args:
        encoder: The flagship.
        features: What its `encode` made of the photos.
        luminance: (B, 1, H, W) in [0, 1], what `encode` was given; H and W multiples of `CELL`.
        hints: Colour hints.
    """
    automatic = encoder.decode(features).chroma
    hinted = automatic if hints is None else encoder.decode(features, hints).chroma
    base, own = to_cells(hinted), to_cells(automatic)
    known = base.new_zeros(base.shape[0], 1, *base.shape[-2:])
    if hints is not None:
        _, known = hints.rasterize(*base.shape[-2:])
    mean = F.avg_pool2d(luminance, CELL)
    contrast = (F.avg_pool2d(luminance.square(), CELL) - mean.square()).clamp(min=0).sqrt()
    shares = _sector_chroma(features.logits, encoder.bin_centers)
    channels = [2 * mean - 1, contrast / CONTRAST_UNIT, known, (base - own) / CHROMA_UNIT]
    channels += [own / CHROMA_UNIT, to_cells(shares) / CHROMA_UNIT, to_cells(features.embedding)]
    return FlowConditions(base, torch.cat(channels, dim=1), known.bool())


def hold_together(samples: Tensor, alike: AlikeCells, share: float) -> Tensor:
    """Samples (N, C, h, w) of one photo, drawn towards the mean of what looks alike there by a share in [0, 1]."""
    pooled = alike.pool_to(F.interpolate(samples, alike.size, mode="nearest"), (samples.shape[-2], samples.shape[-1]))
    return samples.lerp(pooled, share)


def to_cells(maps: Tensor) -> Tensor:
    """Maps at stride 4 as maps of cells, (B, C, h, w)."""
    return F.avg_pool2d(maps, 2)


def without_encoder(channels: Tensor, dropped: Tensor) -> Tensor:
    """Channels of `FlowConditions` in which some photos (B,) bool have nothing of the flagship's features."""
    kept = torch.ones_like(channels)
    kept[dropped, FROM_ENCODER:] = 0
    return channels * kept


def noised(target: Tensor, noise: Tensor, s: Tensor) -> Tensor:
    """The point s (B,) in [0, 1] of the way from a target to noise, both (B, C, h, w)."""
    s = s.view(-1, 1, 1, 1)
    return (1 - s) * target + s * noise


def trailing_sigmas(steps: int) -> list[float]:
    """Values of s at which the steps of a sampler begin: from 1 in even distances, so that the last one ends at 0."""
    return [1 - k / steps for k in range(steps)]


def sample_flow(
    network: Any,
    scheduler: Any,
    noise: Tensor,
    channels: Tensor,
    *,
    steps: int,
    known: Tensor | None = None,
    guidance_scale: float = 1.0,
    pool: Callable[[Tensor], Tensor] | None = None,
    on_step: Callable[[int, Tensor, Tensor], Tensor] | None = None,
) -> Tensor:
    """Follow the flow from noise to a sample.

    Args:
        network: A `UNet2DModel`.
        scheduler: A `FlowMatchEulerDiscreteScheduler`.
        noise: (B, 2, h, w).
        channels: (B, C, h, w), what the network is told.
        steps: One gives dull means, four to eight are good.
        known: (B, 1, h, w) bool, cells in which the sample shall be 0; the path there is known too.
        guidance_scale: 1 samples as trained; more exaggerates what the encoder's features say, and costs a second pass.
        pool: Makes of the sample that a step sees ahead the one to go for, such as one that holds together.
        on_step: Called with the number of the step, its time and where it led; returns where to go on from.

    Returns:
        (B, 2, h, w), in units of the noise.
    """
    scheduler.set_timesteps(sigmas=trailing_sigmas(steps), device=noise.device)
    untold = without_encoder(channels, torch.ones(len(channels), dtype=torch.bool)) if guidance_scale != 1 else None
    x = noise
    for step, t in enumerate(scheduler.timesteps):
        velocity = network(torch.cat([x, channels], dim=1), t).sample
        if untold is not None:
            free = network(torch.cat([x, untold], dim=1), t).sample
            velocity = free + guidance_scale * (velocity - free)
        s, next_s = scheduler.sigmas[step], scheduler.sigmas[step + 1]
        ahead = x - s * velocity
        x = scheduler.step(velocity, t, x).prev_sample
        if pool is not None:
            x = x + (1 - next_s) * (pool(ahead) - ahead)
        if known is not None:
            x = torch.where(known, next_s * noise, x)
        if on_step is not None:
            x = on_step(step, t, x)
    return x


def _sector_chroma(logits: Tensor, bin_centers: Tensor) -> Tensor:
    """(B, SECTORS, h, w): expected chroma, ab / 110, within each sector of hue."""
    hue = torch.atan2(bin_centers[:, 1], bin_centers[:, 0])
    sector = ((hue / (2 * torch.pi) * SECTORS).floor() % SECTORS).long()
    weights = F.one_hot(sector, SECTORS).to(logits) * bin_centers.norm(dim=1, keepdim=True)  # (Q, SECTORS)
    return F.conv2d(logits.softmax(dim=1), weights.T[:, :, None, None])


__all__ = [
    "CELL",
    "CHROMA_UNIT",
    "TIMESTEPS",
    "FlowConditions",
    "condition_channels",
    "describe",
    "hold_together",
    "noised",
    "sample_flow",
    "to_cells",
    "trailing_sigmas",
    "without_encoder",
]
