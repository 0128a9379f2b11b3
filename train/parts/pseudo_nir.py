"""Near-infrared pictures made up from colour photographs, or varied, to learn from more than there are true pairs.

Values are those of files, encoded as sRGB, in and out. Outdoors the infrared is near to green minus blue: leaves are
bright in it, the sky is dark. `LANDSCAPE` is the least-squares fit to the registered pairs of the VCIP 2020 challenge
(scenes of Brown & Süsstrunk 2011, "Multispectral SIFT for scene category recognition"); per picture it correlates
with the true infrared by 0.79, the luma by 0.54. People and rooms follow another draw: skin is bright, and many dyes do
not absorb infrared, whatever their colour (Mangold, Shaw, Vollmer 2013, "The physics of near-infrared photography").

Then comes what happens to an infrared picture on its way into a file: the light is uneven, the lens was focused for
visible light and falls off to the corners, sensors are noisy so far from green, and the tones are stretched.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from kornia.color import rgb_to_grayscale
from kornia.filters import gaussian_blur2d
from torch import Tensor

LANDSCAPE = (0.302, -0.007, 1.859, -1.340)  # constant, R, G, B
PEOPLE = (0.0, 0.7, 0.2, 0.1)
DYE_VALUE = 0.7  # what cloth reflects that does not absorb


@dataclass(frozen=True)
class PseudoNirConfig:
    """How infrared is made up.

    Attributes:
        gray_share: Of the pictures that become their plain luma: a network that learns from them colours gray
            photographs too.
        people_share: Of the other pictures, those drawn as people and rooms are; the rest as landscapes.
        jitter: Each coefficient of the mix is off by at most this share.
        strength: Of the uneven light, lens and noise; 0 leaves them out, 1 is a poor camera.
    """

    gray_share: float = 0.15
    people_share: float = 0.3
    jitter: float = 0.2
    strength: float = 0.6


@torch.no_grad()
def make_pseudo_nir(rgb: Tensor, config: PseudoNirConfig, generator: torch.Generator) -> Tensor:
    """Make up the infrared of a batch; what kind is drawn for each picture.

    Args:
        rgb: (B, 3, H, W) in [0, 1].
        config: How.
        generator: On the CPU; decides everything, the same state gives the same result.

    Returns:
        (B, 1, H, W) in [0, 1].
    """
    draw = _Draw(rgb, generator)
    is_gray, is_people = draw.chance(config.gray_share), draw.chance(config.people_share)
    landscape = mix(rgb, draw.jittered(LANDSCAPE, config.jitter))
    people = lift_dyes(mix(rgb, draw.jittered(PEOPLE, config.jitter)), rgb, draw.uniform(0, 0.8))
    x = torch.where(is_people, people, landscape)
    x = expose(x, draw, config.strength)
    x = stretch(x.pow(draw.uniform(0.7, 1.4)), torch.where(draw.chance(0.5), 0.005, 0.0))
    return torch.where(is_gray, rgb_to_grayscale(rgb), x)


@torch.no_grad()
def expose_anew(nir: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """True infrared as another camera would have put it into a file: other tones, light, lens and noise.

    Args:
        nir: (B, 1, H, W) in [0, 1].
        strength: 0 changes nothing, 1 is another camera altogether: its gamma is between a half and two.
        generator: On the CPU; decides everything, the same state gives the same result.

    Returns:
        (B, 1, H, W) in [0, 1].
    """
    if not strength:
        return nir
    draw = _Draw(nir, generator)
    return expose(nir.pow(2 ** draw.uniform(-strength, strength)), draw, strength)


class _Draw:
    """Random numbers, one for each picture of a batch, as (B, 1, 1, 1) on its device."""

    def __init__(self, batch: Tensor, generator: torch.Generator) -> None:
        self.size, self.device, self.generator = len(batch), batch.device, generator

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        shape = shape or (1, 1, 1)
        return (low + (high - low) * torch.rand(self.size, *shape, generator=self.generator)).to(self.device)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(self.size, *shape, generator=self.generator).to(self.device)

    def chance(self, share: float) -> Tensor:
        return self.uniform(0, 1) < share

    def jittered(self, coefficients: tuple[float, ...], jitter: float) -> Tensor:
        """(B, 4), each coefficient off by at most its share."""
        around = self.uniform(1 - jitter, 1 + jitter, len(coefficients))
        return around * torch.tensor(coefficients, device=self.device)


def mix(rgb: Tensor, coefficients: Tensor) -> Tensor:
    """Constant plus weighted channels, clipped to [0, 1].

    Args:
        rgb: (B, 3, H, W) in [0, 1].
        coefficients: (B, 4) or (4): constant, R, G, B.

    Returns:
        (B, 1, H, W).
    """
    constant, weights = coefficients.view(-1, 4, 1, 1).split([1, 3], dim=1)
    return (constant + (weights * rgb).sum(dim=1, keepdim=True)).clamp(0, 1)


def lift_dyes(x: Tensor, rgb: Tensor, amount: Tensor) -> Tensor:
    """Draw saturated regions toward the one value of cloth whose dye lets infrared through.

    Args:
        x: (B, 1, H, W) in [0, 1].
        rgb: (B, 3, H, W) in [0, 1].
        amount: (B, 1, 1, 1) in [0, 1].
    """
    low, high = rgb.aminmax(dim=1, keepdim=True)
    saturation = (high - low) / high.clamp(min=1e-3)
    return torch.lerp(x, torch.full_like(x, DYE_VALUE), amount * saturation)


def expose(x: Tensor, draw: _Draw, strength: float) -> Tensor:
    """Uneven light, a lens that is out of focus and dark in the corners, and noise of light and sensor.

    Kornia has the blur; its light is added where infrared lamps multiply.
    """
    if not strength:
        return x
    height, width = x.shape[-2:]
    light = F.interpolate(draw.normal(1, 4, 4), (height, width), mode="bicubic", align_corners=True)
    x = x * torch.exp(light * draw.uniform(0, 0.25) * strength)

    x = gaussian_blur2d(x, 5, draw.uniform(0.1, 0.1 + 0.9 * strength).view(-1, 1).expand(-1, 2))
    rows, columns = (torch.linspace(-1, 1, side, device=x.device) for side in (height, width))
    to_corner = (rows[:, None] ** 2 + columns**2) / 2
    x = x * (1 - draw.uniform(0, 0.4) * strength * to_corner)

    variance = draw.uniform(0, 0.03).square() + draw.uniform(0, 0.03).square() * x
    return (x + draw.normal(*x.shape[1:]) * variance.sqrt() * strength).clamp(0, 1)


def stretch(x: Tensor, left_out: Tensor) -> Tensor:
    """Spread each picture over [0, 1].

    Args:
        x: (B, 1, H, W) in [0, 1]; what spans less than a twentieth of it is not spread further than that.
        left_out: (B, 1, 1, 1), share of the pixels at either end that are clipped; 0 goes from minimum to maximum.
    """
    ordered = x.flatten(1).sort(dim=1).values
    place = (left_out.flatten(1) * (ordered.shape[1] - 1)).long()
    low, high = ordered.gather(1, place), ordered.gather(1, ordered.shape[1] - 1 - place)
    low, high = low.view(-1, 1, 1, 1), high.view(-1, 1, 1, 1)
    return ((x - low) / (high - low).clamp(min=0.05)).clamp(0, 1)
