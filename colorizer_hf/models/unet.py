"""Two U-Nets trained from scratch: the controls of the GAN baseline.

`UNetModel` is the plain one (Ronneberger, Fischer, Brox 2015, with padding and batch norm): double convolutions, max
pooling, transposed convolutions. `Pix2PixUNetModel` is the generator of Isola, Zhu, Zhou, Efros 2017 ("Image-to-Image
Translation with Conditional Adversarial Networks", appendix 6.1). Both see the luminance as 2 L - 1 and end in tanh, so
that chroma in ab / 110 can take every colour of sRGB. Code Apache-2.0, written from the papers.

Of near-infrared frames the plain one predicts the luminance in visible light too, as does the flagship: from the frame
at full contrast, as a difference from it. That is ours.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from huggingface_hub.dataclasses import strict
from torch import Tensor, nn
from transformers import initialization as init

from .base import AutomaticColorizer, ColorizerConfig, shift_luminance, stretch


@strict
class UNetConfig(ColorizerConfig):
    """Sizes of a plain U-Net.

    Attributes:
        width: Channels at full resolution; doubled by each pooling. 64 in the paper.
        depth: Number of poolings. 4 in the paper; `size_multiple` follows from it.
        predicts_luminance: Whether the luminance is predicted too, as near-infrared frames need it.
    """

    model_type = "unet"

    width: int = 64
    depth: int = 4
    predicts_luminance: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        if self.width < 1 or self.depth < 1:
            raise ValueError(f"width and depth must be at least 1, got {self.width} and {self.depth}")
        self.size_multiple = 2**self.depth


class DoubleConv(nn.Sequential):
    """Twice: convolution of 3 x 3, norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, norm: Callable[[int], nn.Module]) -> None:
        layers: list[nn.Module] = []
        for channels in (in_channels, out_channels):
            layers += [nn.Conv2d(channels, out_channels, 3, padding=1, bias=False), norm(out_channels), nn.ReLU()]
        super().__init__(*layers)


class UShape(nn.Module):
    """The plain U without its head: from a picture, whose sides are multiples of 2**depth, to a map of its size.

    Args:
        in_channels: Of the picture.
        width: Channels of the map; doubled by each pooling.
        depth: Number of poolings.
        norm: Makes the norm of so many channels.
    """

    def __init__(
        self, in_channels: int, width: int, depth: int, norm: Callable[[int], nn.Module] = nn.BatchNorm2d
    ) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(depth + 1)]
        self.encoder = nn.ModuleList(
            DoubleConv(before, after, norm) for before, after in zip([in_channels, *widths], widths, strict=False)
        )
        self.upsamplers = nn.ModuleList(nn.ConvTranspose2d(2 * width, width, 2, 2) for width in reversed(widths[:-1]))
        self.decoder = nn.ModuleList(DoubleConv(2 * width, width, norm) for width in reversed(widths[:-1]))

    def contract(self, picture: Tensor) -> list[Tensor]:
        """The way down: feature maps (B, C, h, w), fine to coarse."""
        maps = [self.encoder[0](picture)]
        for block in self.encoder[1:]:
            maps.append(block(F.max_pool2d(maps[-1], 2)))
        return maps

    def expand(self, maps: list[Tensor]) -> Tensor:
        """The way up, to (B, width, H, W)."""
        *skips, x = maps
        for upsample, block in zip(self.upsamplers, self.decoder, strict=True):
            x = block(torch.cat([skips.pop(), upsample(x)], dim=1))
        return x

    def forward(self, picture: Tensor) -> Tensor:
        return self.expand(self.contract(picture))


@torch.no_grad()
def reset_layer(module: nn.Module) -> None:
    """Random weights for a convolution of a `UShape`, neutral ones for a norm."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if module.bias is not None:
            init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d | nn.GroupNorm):
        init.ones_(module.weight)
        init.zeros_(module.bias)


class UNetModel(AutomaticColorizer):
    """The plain U-Net; 31,036,546 parameters at its published size."""

    config_class = UNetConfig

    def __init__(self, config: UNetConfig) -> None:
        super().__init__(config)
        self.layers = UShape(1, config.width, config.depth)
        self.head = nn.Conv2d(config.width, 3 if config.predicts_luminance else 2, 1)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        reset_layer(module)
        if module is self.head:
            init.normal_(self.head.weight, std=0.01)  # starts out nearly gray, where tanh is not saturated

    def encode(self, luminance: Tensor, contrast: Tensor | None = None) -> Tensor:
        """See the contract."""
        return super().encode(stretch(luminance, contrast) if self.config.predicts_luminance else luminance)

    def contract(self, luminance: Tensor) -> list[Tensor]:
        return self.layers.contract(2 * luminance - 1)

    def expand(self, maps: list[Tensor], luminance: Tensor) -> Tensor:
        x = self.head(self.layers.expand(maps))
        if not self.config.predicts_luminance:
            return x.tanh()
        return torch.cat([shift_luminance(luminance, x[:, :1]), x[:, 1:].tanh()], dim=1)


@strict
class Pix2PixUNetConfig(ColorizerConfig):
    """Sizes of a pix2pix generator.

    Attributes:
        width: Channels after the first convolution; doubled three times at most. 64 in the paper.
        depth: Number of halvings, at least 5. 8 in the paper; `size_multiple` follows from it.
        dropout: Of the innermost levels in training; the paper keeps it when the network is used, we do not.
    """

    model_type = "pix2pix_unet"

    width: int = 64
    depth: int = 8
    dropout: float | int = 0.5

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        if self.width < 1 or self.depth < 5:
            raise ValueError(f"width must be at least 1 and depth at least 5, got {self.width} and {self.depth}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout}")
        self.size_multiple = 2**self.depth


class Pix2PixUNetModel(AutomaticColorizer):
    """The pix2pix generator; 54,409,858 parameters at its published size."""

    config_class = Pix2PixUNetConfig

    def __init__(self, config: Pix2PixUNetConfig) -> None:
        super().__init__(config)
        widths = [config.width * min(2**level, 8) for level in range(config.depth)]
        innermost = config.depth - 1
        self.downs = nn.ModuleList(
            self._down(in_channels, width, has_norm=0 < level < innermost, is_first=level == 0)
            for level, (in_channels, width) in enumerate(zip([1, *widths], widths, strict=False))
        )
        self.ups = nn.ModuleList(
            self._up(
                widths[level] if level == innermost else 2 * widths[level],
                widths[level - 1],
                dropout=config.dropout if 4 <= level < innermost else 0,
            )
            for level in range(innermost, 0, -1)
        )
        self.head = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * config.width, 2, 4, 2, padding=1), nn.Tanh())
        self.post_init()

    @staticmethod
    def _down(in_channels: int, out_channels: int, *, has_norm: bool, is_first: bool) -> nn.Sequential:
        layers: list[nn.Module] = [] if is_first else [nn.LeakyReLU(0.2)]
        layers.append(nn.Conv2d(in_channels, out_channels, 4, 2, padding=1, bias=False))  # as published: bias nowhere
        return nn.Sequential(*layers, *([nn.BatchNorm2d(out_channels)] if has_norm else []))

    @staticmethod
    def _up(in_channels: int, out_channels: int, *, dropout: float) -> nn.Sequential:
        layers: list[nn.Module] = [
            nn.ReLU(),
            nn.ConvTranspose2d(in_channels, out_channels, 4, 2, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
        ]
        return nn.Sequential(*layers, *([nn.Dropout(dropout)] if dropout else []))

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            init.normal_(module.weight, std=0.02)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            init.normal_(module.weight, mean=1.0, std=0.02)
            init.zeros_(module.bias)

    def contract(self, luminance: Tensor) -> list[Tensor]:
        maps = []
        x = 2 * luminance - 1
        for down in self.downs:
            x = down(x)
            maps.append(x)
        return maps

    def expand(self, maps: list[Tensor], luminance: Tensor) -> Tensor:
        *skips, x = maps
        for up in self.ups:
            x = torch.cat([skips.pop(), up(x)], dim=1)
        return self.head(x)


__all__ = ["Pix2PixUNetConfig", "Pix2PixUNetModel", "UNetConfig", "UNetModel", "UShape", "reset_layer"]
