"""Photographs as old prints and their scans are: what a network for old photographs must be used to.

Only the luminance is degraded; the colours to be predicted stay those of the clean photograph. Each crop gets a few of
these, in the order in which they happen to a real one: the lens blurs, the print fades and stains, light falls off to
the corners, film has grain, paper gets dust and scratches, printers use a screen, scanners and web sites reduce and
compress. Kornia has lenses, light and stains; grain, dust, scratches, screens and fast JPEG are not in it.
"""

import math
from dataclasses import dataclass

import kornia.augmentation as K
import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class DegradationConfig:
    """How much photographs are degraded.

    Attributes:
        share: Of the crops that are degraded at all, in [0, 1].
        strength: 0 changes nothing, 1 gives a bad scan of a worn print.
        weak_share: Share of the weakly coloured crops, if another one: most old prints show a world as colourful as
            ours, and a network that sees gray things worn as often takes wear for a sign of gray.
    """

    share: float = 0.0
    strength: float = 0.6
    weak_share: float | None = None


class Degradation(nn.Module):
    """Degrade luminance at random.

    Args:
        config: How much.
    """

    def __init__(self, config: DegradationConfig) -> None:
        super().__init__()
        self.config = config
        s = config.strength
        self.lens = K.RandomGaussianBlur((9, 9), (0.3, 0.3 + 1.7 * s), p=0.4)
        self.light = K.RandomGaussianIllumination(gain=(0.01, 0.01 + 0.3 * s), p=0.25)
        self.stains = K.RandomPlasmaBrightness(intensity=(0.0, 0.25 * s), p=0.2)

    @torch.no_grad()
    def forward(self, luminance: Tensor, generator: torch.Generator, weak: Tensor | None = None) -> Tensor:
        """Degrade a batch.

        Args:
            luminance: (B, 1, H, W) in [0, 1].
            generator: Decides everything; the same state gives the same result.
            weak: (B,) bool, which crops are weakly coloured; left out, none counts as such.

        Returns:
            The same shape and range; crops that are not chosen as they were.
        """
        if not self.config.share or not self.config.strength:
            return luminance
        # Kornia and the steps below draw from the global generator; half precision would be seen as grain.
        with torch.random.fork_rng(devices=[]), torch.autocast(luminance.device.type, enabled=False):
            torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator)))
            shares = torch.full((len(luminance),), self.config.share)
            if weak is not None and self.config.weak_share is not None:
                shares[weak.cpu()] = self.config.weak_share
            chosen = (torch.rand(len(luminance)) < shares).to(luminance.device)
            if not chosen.any():
                return luminance
            degraded = luminance.clone()
            degraded[chosen] = self._degrade(luminance[chosen])
        return degraded

    def _degrade(self, luminance: Tensor) -> Tensor:
        s = self.config.strength
        x = self.stains(self.light(fade(self.lens(luminance), s)))
        for step, chance in (
            (add_grain, 0.6),
            (add_dust_and_scratches, 0.35),
            (screen, 0.1),
            (reduce, 0.3),
            (compress, 0.4),
        ):
            mask = (torch.rand(len(x)) < chance).to(x.device)
            if mask.any():
                x[mask] = step(x[mask], s)
        return x.clamp(0, 1)


def fade(x: Tensor, strength: float) -> Tensor:
    """Another tone curve: gamma, blacks that are gray, whites that are dull. (B, 1, H, W) in [0, 1]."""
    gamma = torch.exp(_uniform(x, -0.5, 0.5) * strength)
    black, white = _uniform(x, 0, 0.25) * strength, 1 - _uniform(x, 0, 0.25) * strength
    return black + (white - black) * x.clamp(0, 1).pow(gamma)


def add_grain(x: Tensor, strength: float) -> Tensor:
    """Film grain: noise of one to two pixels, strongest in the middle tones."""
    noise = torch.randn_like(x)
    coarse = F.avg_pool2d(F.pad(noise, (1, 1, 1, 1), mode="replicate"), 3, stride=1) * 3
    noise = torch.lerp(noise, coarse, _uniform(x, 0, 0.8))
    return x + noise * _uniform(x, 0.01, 0.09) * strength * (4 * x * (1 - x)).clamp(0, 1).add(0.3)


def add_dust_and_scratches(x: Tensor, strength: float) -> Tensor:
    """Specks and long thin lines, light or dark."""
    batch, _, height, width = x.shape
    rows = torch.linspace(0, 1, height, device=x.device).view(1, 1, height, 1)
    columns = torch.linspace(0, 1, width, device=x.device).view(1, 1, 1, width)
    x = x.clone()
    for _ in range(1 + round(3 * strength)):
        # A scratch: a line through a point, at some angle, a pixel or so wide, visible along a part of itself.
        angle, row, column = _uniform(x, 0, math.pi), _uniform(x, 0, 1), _uniform(x, 0, 1)
        across = (rows - row) * torch.cos(angle) - (columns - column) * torch.sin(angle)
        along = (rows - row) * torch.sin(angle) + (columns - column) * torch.cos(angle)
        line = (across.abs() * max(height, width) < _uniform(x, 0.4, 1.2)) & (along.abs() < _uniform(x, 0.1, 0.6))
        x = torch.where(line, torch.lerp(x, _light_or_dark(x), _uniform(x, 0.3, 0.9)), x)
    specks = F.max_pool2d((torch.rand_like(x) < 0.0015 * strength).float(), 3, stride=1, padding=1) > 0
    specks &= torch.rand_like(x) < 0.7  # not all square
    return torch.where(specks, _light_or_dark(x).expand(batch, 1, height, width), x)


def screen(x: Tensor, strength: float) -> Tensor:
    """A printer's halftone: dots on a turned grid, as large as the tone is dark, seen through a soft lens."""
    height, width = x.shape[-2:]
    rows = torch.arange(height, device=x.device).view(1, 1, height, 1)
    columns = torch.arange(width, device=x.device).view(1, 1, 1, width)
    angle, pitch = _uniform(x, 0, math.pi / 2), _uniform(x, 2.5, 4.5)
    u = (columns * torch.cos(angle) + rows * torch.sin(angle)) * (2 * math.pi / pitch)
    v = (rows * torch.cos(angle) - columns * torch.sin(angle)) * (2 * math.pi / pitch)
    dots = (x + (torch.cos(u) + torch.cos(v)) / 4 - 0.5).mul(4).add(0.5).clamp(0, 1)
    return torch.lerp(x, dots, _uniform(x, 0.1, 0.6) * strength)


def reduce(x: Tensor, strength: float) -> Tensor:
    """Shrunk and enlarged again: a small picture from a web page."""
    scale = 1 - 0.65 * strength * float(torch.rand(()))
    small = [max(round(side * scale), 8) for side in x.shape[-2:]]
    return F.interpolate(F.interpolate(x, small, mode="area"), x.shape[-2:], mode="bilinear")


def compress(x: Tensor, strength: float) -> Tensor:
    """JPEG's blocks: the cosine transform of 8 x 8 pixels, rounded (ITU T.81, table K.1).

    Kornia's takes colour pictures only and a hundred times as long.
    """
    height, width = x.shape[-2:]
    padded = F.pad(x * 255 - 128, (0, -width % 8, 0, -height % 8), mode="replicate")
    blocks = F.unfold(padded, 8, stride=8).transpose(1, 2).unflatten(2, (8, 8))  # (B, blocks, 8, 8)
    quality = 90 - 75 * strength * torch.rand(len(x), 1, 1, 1, device=x.device)
    factor = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    table = (_QUANTIZATION.to(x.device) * factor).clamp(1, 255)
    cosines = _COSINES.to(x.device)
    coefficients = ((cosines @ blocks @ cosines.T) / table).round() * table
    rounded = (cosines.T @ coefficients @ cosines).flatten(2).transpose(1, 2)
    return (F.fold(rounded, padded.shape[-2:], 8, stride=8)[..., :height, :width] + 128) / 255


def _uniform(x: Tensor, low: float, high: float) -> Tensor:
    """One number for each picture, (B, 1, 1, 1)."""
    return (low + (high - low) * torch.rand(len(x), 1, 1, 1)).to(x.device)


def _light_or_dark(x: Tensor) -> Tensor:
    return torch.where(_uniform(x, 0, 1) < 0.6, _uniform(x, 0.75, 1), _uniform(x, 0, 0.25))


_COSINES = torch.tensor(
    [
        [math.sqrt((1 if k == 0 else 2) / 8) * math.cos((2 * n + 1) * k * math.pi / 16) for n in range(8)]
        for k in range(8)
    ]
)
_QUANTIZATION = torch.tensor(
    [
        [16.0, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
