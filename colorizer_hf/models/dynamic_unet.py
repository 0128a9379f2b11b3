"""The generator of the GAN baseline: a U-Net whose decoder builds itself around any encoder.

After fastai's `DynamicUnet` (Howard and Gugger 2020, "fastai: A Layered API for Deep Learning", and version 2 of the
library), which the student report "Colorizer" (2025) uses on a ResNet-18: wherever the encoder's maps change size, the
last one before is a skip; going back up, each level doubles the size by a sub-pixel convolution (Shi et al. 2016)
initialised so that its four sub-pixels start equal (ICNR, Aitken et al. 2017). The paper of the same name by Yang,
Marcus and Sotiras (2024) is about something else. Code Apache-2.0, our own.

With a ResNet-18 and the luminance lifted to three channels it has the report's 31,498,548 parameters; with a summed
stem the 31,099,672 of the tutorial that the report follows.
"""

from typing import Any, Literal

import torch
import torch.nn.functional as F
from huggingface_hub.dataclasses import strict
from torch import Tensor, nn
from transformers import initialization as init

from .backbones import RESNET18, BackboneName, build_backbone
from .base import AutomaticColorizer, ColorizerConfig

_PROBE_SIZE = 64  # side of the picture whose feature maps are looked at; any multiple of 32 will do


@strict
class DynamicUNetConfig(ColorizerConfig):
    """Encoder and sizes of a Dynamic U-Net.

    Attributes:
        backbone: "transformers" for the one described by `backbone_config`, or "efficientnet_lite0" to
            "efficientnet_lite2".
        backbone_config: A transformers backbone configuration with its `model_type`; None is a ResNet-18.
        stem: How the luminance enters: "lifted" to three channels by a learned 1 x 1 convolution, or into a stem whose
            three channels were "summed" to one.
        decoder_width: Factor on the decoder's channels; 1 as published.
    """

    model_type = "dynamic_unet"

    backbone: BackboneName = "transformers"
    backbone_config: dict[str, Any] | None = None
    stem: Literal["lifted", "summed"] = "lifted"
    decoder_width: float | int = 1.0

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        if self.decoder_width <= 0:
            raise ValueError(f"decoder_width must be positive, got {self.decoder_width}")
        if self.backbone == "transformers" and self.backbone_config is None:
            self.backbone_config = RESNET18


class SubPixelUpsampling(nn.Conv2d):
    """Double the size: 1 x 1 convolution to four times the channels, ReLU, each four channels to 2 x 2 pixels."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, 4 * out_channels, 1)

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(super().forward(input).relu(), 2)

    def equalize_sub_pixels(self) -> None:
        """ICNR: no checkerboard at the start, because the four sub-pixels are equal."""
        kernel = torch.empty_like(self.weight[::4])
        nn.init.kaiming_normal_(kernel)
        init.copy_(self.weight, kernel.repeat_interleave(4, dim=0))


class UNetLevel(nn.Module):
    """Double the size, join the encoder's map of that size, two convolutions of 3 x 3."""

    def __init__(self, in_channels: int, up_channels: int, skip_channels: int, out_channels: int) -> None:
        super().__init__()
        self.upsample = SubPixelUpsampling(in_channels, up_channels)
        self.skip_norm = nn.BatchNorm2d(skip_channels)
        self.convolutions = nn.Sequential(
            nn.Conv2d(up_channels + skip_channels, out_channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, 3, padding=1),
            nn.ReLU(),
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = _fit(self.upsample(x), skip)
        return self.convolutions(torch.cat([x, self.skip_norm(skip)], dim=1).relu())


class DynamicUNetModel(AutomaticColorizer):
    """The generator; see the head of this file."""

    config_class = DynamicUNetConfig

    def __init__(self, config: DynamicUNetConfig) -> None:
        super().__init__(config)
        is_lifted = config.stem == "lifted"
        self.backbone = build_backbone(config.backbone, config.backbone_config, in_channels=3 if is_lifted else 1)
        self.lift = nn.Conv2d(1, 3, 1) if is_lifted else None
        *skips, bottom = self._probe()

        def scaled(channels: int) -> int:
            return max(round(channels * config.decoder_width), 1)

        self.middle = nn.Sequential(
            nn.BatchNorm2d(bottom),
            nn.ReLU(),
            nn.Conv2d(bottom, scaled(2 * bottom), 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(scaled(2 * bottom), scaled(bottom), 3, padding=1),
            nn.ReLU(),
        )
        self.levels = nn.ModuleList()
        full, width = bottom, scaled(bottom)  # channels at the factor 1, and as they are
        for i, skip in enumerate(reversed(skips), start=1):
            joined = full // 2 + skip
            out = joined // 2 if i == len(skips) else joined
            self.levels.append(UNetLevel(width, scaled(full // 2), skip, scaled(out)))
            full, width = out, scaled(out)
        self.last_upsampling = None if is_lifted else SubPixelUpsampling(width, width)
        width += 1  # the luminance itself joins
        self.refine = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1)
        )
        self.head = nn.Conv2d(width, 2, 1)
        self.post_init()

    @torch.no_grad()
    def _probe(self) -> list[int]:
        """Channels of the encoder's maps, fine to coarse."""
        self.eval()  # the statistics of batch norms stay untouched
        maps = self.contract(torch.zeros(1, 1, _PROBE_SIZE, _PROBE_SIZE))
        self.train()
        return [feature_map.shape[1] for feature_map in maps]

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d):
            init.kaiming_normal_(module.weight)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            init.ones_(module.weight)
            init.constant_(module.bias, 1e-3)  # fastai's
        if isinstance(module, SubPixelUpsampling):
            module.equalize_sub_pixels()
        elif module is self.head:
            init.normal_(self.head.weight, std=0.01)  # starts out nearly gray
        elif isinstance(module, nn.Conv2d) and module is self.lift:
            self._lift_as_expected(module)

    def _lift_as_expected(self, lift: nn.Conv2d) -> None:
        """Start with what the encoder's weights expect of a gray picture; the report starts at random."""
        black, white = self.backbone.normalize(torch.tensor([0.0, 1.0]).view(2, 1, 1, 1)).flatten(1)
        init.copy_(lift.weight, (white - black).view(3, 1, 1, 1))
        if lift.bias is not None:
            init.copy_(lift.bias, black)

    def contract(self, luminance: Tensor) -> list[Tensor]:
        if self.lift is None:
            return self.backbone.pyramid(self.backbone.normalize(luminance))
        picture = self.lift(luminance)
        return [picture, *self.backbone.pyramid(picture)]

    def expand(self, maps: list[Tensor], luminance: Tensor) -> Tensor:
        *skips, x = maps
        x = self.middle(x)
        for level in self.levels:
            x = level(x, skips.pop())
        if self.last_upsampling is not None:
            x = self.last_upsampling(x)
        x = torch.cat([_fit(x, luminance), 2 * luminance - 1], dim=1)
        return self.head((x + self.refine(x)).relu())


def _fit(x: Tensor, other: Tensor) -> Tensor:
    """`x` at the size of `other`, for encoders whose maps do more than halve it."""
    return x if x.shape[-2:] == other.shape[-2:] else F.interpolate(x, other.shape[-2:])


__all__ = ["DynamicUNetConfig", "DynamicUNetModel"]
