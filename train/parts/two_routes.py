"""What a CoColor makes of scenes on both of its routes, and how far that is from what it should be.

A scene of a registered pair comes with its frame, and its gray picture is a translation; a photograph comes with its
gray picture, and its frame is a translation. Everything else is the same for both, so each loss is written once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from kornia.metrics import ssim
from torch import Tensor, nn

from colorizer_hf.color import lab_to_rgb, rgb_to_lab
from colorizer_hf.models.base import ColorizerOutput, chroma_huber_loss, stretch
from colorizer_hf.models.cocolor import CoColorModel

from .config import ConfigError

SSIM_WINDOW = 11
COMPARED = slice(1, 3)  # of an encoder's maps at strides 4 to 32: those at 8 and 16


@dataclass(frozen=True)
class TwoRouteWeights:
    """What the terms of the loss weigh; those of 0 are left out.

    Attributes:
        translation: Distance of both translations from their other half of the pair, see `translation_loss`.
        cycle: L1 distance of what is translated there and back.
        nir: Distance of F_N's colours from the truth.
        gray: Distance of F_G's chroma from the truth.
        pixel: L1 distance between the chroma of the two; the one that saw what is real leads.
        features: 1 minus the cosine between the maps of their encoders at strides 8 and 16, likewise.
        fused: Distance of the fused colours from the truth.
    """

    translation: float = 1.0
    cycle: float = 1.0
    nir: float = 1.0
    gray: float = 1.0
    pixel: float = 0.5
    features: float = 0.1
    fused: float = 1.0


class Watch:
    """Keeps the maps that the encoder of a network gave last.

    Args:
        part: The network; without an encoder of its own it has no maps.
    """

    def __init__(self, part: nn.Module) -> None:
        self.maps: list[Tensor] | None = None
        if isinstance(backbone := getattr(part, "backbone", None), nn.Module):
            backbone.register_forward_hook(self._keep)

    def _keep(self, _module: nn.Module, _arguments: Any, maps: list[Tensor]) -> None:
        self.maps = maps[COMPARED]


class Scenes:
    """What a CoColor makes of a batch; each thing is computed when it is first asked for.

    Args:
        network: The CoColor.
        watches: Of its F_N and F_G.
        rgb: (B, 3, H, W) in [0, 1].
        frame: (B, 1, H, W), the L / 100 of real frames; None for photographs, whose frames are translations.
    """

    def __init__(
        self, network: CoColorModel, watches: tuple[Watch, Watch], rgb: Tensor, frame: Tensor | None = None
    ) -> None:
        self.network = network
        self.watches = watches
        self.rgb = rgb
        self.luminance, self.chroma = rgb_to_lab(rgb)
        self.is_pair = frame is not None
        self.real_frame = None if frame is None else stretch(frame)

    @cached_property
    def translated(self) -> Tensor:
        """The colours as near infrared (B, 1, H, W)."""
        return self.network.to_nir(self.rgb)

    @cached_property
    def frame(self) -> Tensor:
        """The frame (B, 1, H, W) at full contrast, real or made."""
        return self.translated if self.real_frame is None else self.real_frame

    @cached_property
    def gray(self) -> Tensor:
        """The luminance (B, 1, H, W) that F_G sees, real or made."""
        return self.network.to_gray(self.frame) if self.is_pair else self.luminance

    @cached_property
    def by_nir(self) -> tuple[Tensor, list[Tensor] | None]:
        """The Lab colours (B, 3, h, w) of F_N, and its maps."""
        return self.network.color_by_nir(self.frame), self.watches[0].maps

    @cached_property
    def by_gray(self) -> tuple[Tensor, list[Tensor] | None]:
        """The Lab colours (B, 3, h, w) of F_G, and its maps."""
        return self.network.color_by_gray(self.gray), self.watches[1].maps

    def distance(self, lab: Tensor) -> Tensor:
        """Of colours (B, 3, h, w) from the truth."""
        output = ColorizerOutput(lab[:, 1:], luminance=lab[:, :1])
        return self.network.loss(output, torch.cat([self.luminance, self.chroma], dim=1))

    def leading_first(self, nir: Any, gray: Any) -> tuple[Any, Any]:
        """The side that saw what is real, then the other one."""
        return (nir, gray) if self.is_pair else (gray, nir)


def translation_loss(made: Tensor, real: Tensor) -> Tensor:
    """L1 distance of brightness (B, 1, H, W), half the lack of structural similarity, half the L1 of differences."""
    error = made - real
    similarity = ssim(made, real, SSIM_WINDOW).mean()
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    return error.abs().mean() + 0.5 * (1 - similarity) + 0.5 * edges


def translation(scenes: Scenes) -> Tensor:
    return translation_loss(scenes.gray, scenes.luminance) + translation_loss(scenes.translated, scenes.frame)


def cycle(scenes: Scenes) -> Tensor:
    """A frame to gray, coloured and back; a photograph's colours to near infrared and to gray."""
    if not scenes.is_pair:
        return F.l1_loss(scenes.network.to_gray(scenes.frame), scenes.luminance)
    chroma = F.interpolate(scenes.by_gray[0][:, 1:], scenes.gray.shape[-2:], mode="bilinear")
    return F.l1_loss(scenes.network.to_nir(lab_to_rgb(scenes.gray, chroma)), scenes.frame)


def nir(scenes: Scenes) -> Tensor:
    return scenes.distance(scenes.by_nir[0])


def gray(scenes: Scenes) -> Tensor:
    return chroma_huber_loss(scenes.by_gray[0][:, 1:], scenes.chroma)


def pixel(scenes: Scenes) -> Tensor:
    size = min(scenes.by_nir[0].shape[-2:], scenes.by_gray[0].shape[-2:])
    nir, gray = (F.interpolate(lab[:, 1:], size, mode="area") for lab, _ in (scenes.by_nir, scenes.by_gray))
    leading, other = scenes.leading_first(nir, gray)
    return F.l1_loss(other, leading.detach())


def features(scenes: Scenes) -> Tensor:
    leading, other = scenes.leading_first(scenes.by_nir[1], scenes.by_gray[1])
    if leading is None or other is None or any(a.shape != b.shape for a, b in zip(leading, other, strict=True)):
        raise ConfigError("F_N and F_G have no encoders of one kind to compare; set weights.features to 0")
    cosines = [F.cosine_similarity(b, a.detach(), dim=1).mean() for a, b in zip(leading, other, strict=True)]
    return 1 - torch.stack(cosines).mean()


def fused(scenes: Scenes) -> Tensor:
    return scenes.distance(scenes.network.fusion(scenes.frame, scenes.by_nir[0], scenes.by_gray[0]))


TERMS: dict[str, Callable[[Scenes], Tensor]] = {
    term.__name__: term for term in (translation, cycle, nir, gray, pixel, features, fused)
}
OF_PAIRS_ALONE = ("translation", "fused")
