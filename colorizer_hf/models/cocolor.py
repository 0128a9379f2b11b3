"""Two routes from a near-infrared frame to colour, after Yang, Chen, Yang 2023, "Cooperative Colorization" (CoColor).

The paper (ACM MM 2023, arXiv 2308.03348) has two networks that colour, F_N near-infrared frames and F_G gray
photographs, and a translation between the two kinds of light in both directions. A frame is coloured twice: by F_N as
it is, and by F_G after its translation to gray. The two have to agree, in pixels and in features, and are fused; gray
photographs, of which there are many, teach F_N by way of their translation to near infrared.

Neither code nor weights were published, so the rest is ours: that both translations are U-Nets (group norms, 32 to 256
channels, a difference from the input in logit space); that near infrared is made from all three colours, since
brightness alone says little about it; that F_G and F_N are any two networks behind the contract, the flagship unless
told otherwise; that frames are seen at full contrast; that the fusion is three convolutions giving a weight for each
cell and a rest, at the coarser size of the two routes, since the pipeline restores the frame's detail anyway; losses
and stages (`train/recipes/cocolor.py`). Code Apache-2.0.
"""

from dataclasses import field
from functools import partial
from math import gcd
from typing import Any, Literal

import torch
import torch.nn.functional as F
from huggingface_hub.dataclasses import strict
from torch import Tensor, nn
from transformers import initialization as init

from .base import (
    ColorizerConfig,
    ColorizerModel,
    ColorizerOutput,
    HintlessColorizer,
    pad_to_multiple,
    shift_luminance,
    stretch,
)
from .chromaformer import ChromaFormerModel, NeutralHead
from .colormamba import ColorMambaModel
from .dynamic_unet import DynamicUNetModel
from .eccv16 import Eccv16Model
from .instance_fusion import InstanceFusionModel
from .precision import in_full_precision
from .siggraph17 import Siggraph17Model
from .unet import Pix2PixUNetModel, UNetModel, UShape, reset_layer

TRANSLATOR_DEPTH = 3  # poolings
NORM_GROUPS = 8
FLAGSHIP: dict[str, Any] = {"model_type": "chromaformer"}
NIR: dict[str, Any] = {"modality": "nir", "predicts_luminance": True}
# What F_G and F_N can be. The registry itself stays behind when a checkpoint is published, and these come along.
PARTS: dict[str, type[ColorizerModel]] = {
    "chromaformer": ChromaFormerModel,
    "colormamba": ColorMambaModel,
    "dynamic_unet": DynamicUNetModel,
    "eccv16": Eccv16Model,
    "instance_fusion": InstanceFusionModel,
    "pix2pix_unet": Pix2PixUNetModel,
    "siggraph17": Siggraph17Model,
    "unet": UNetModel,
}


@strict
class CoColorConfig(ColorizerConfig):
    """Parts and sizes of a CoColor.

    Attributes:
        gray: Configuration of F_G, a dictionary with its `model_type`.
        nir: Likewise of F_N. One that predicts no luminance leaves the frame its own.
        translator_width: Channels of both translations at full resolution.
        fusion_width: Channels inside the fusion.
        route: Which colours the network gives: of both routes "fused", of F_N alone ("nir"), or of F_G after the
            translation to gray ("gray").
    """

    model_type = "cocolor"

    modality: Literal["gray", "nir", "any"] = "nir"
    gray: dict[str, Any] = field(default_factory=lambda: dict(FLAGSHIP))
    nir: dict[str, Any] = field(default_factory=lambda: FLAGSHIP | NIR)
    translator_width: int = 32
    fusion_width: int = 32
    route: Literal["fused", "nir", "gray"] = "fused"

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        for name in ("gray", "nir"):
            kind = getattr(self, name).get("model_type")
            if kind not in PARTS:
                raise ValueError(f"the model_type of {name} must be one of {', '.join(PARTS)}, got {kind}")
        for name in ("translator_width", "fusion_width"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")


class Translator(nn.Module):
    """From pictures in one kind of light (B, C, H, W) to brightness in the other (B, 1, H, W), all in [0, 1].

    Until it is trained it gives the mean of the channels.
    """

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.layers = UShape(in_channels, width, TRANSLATOR_DEPTH, group_norm)
        self.head = NeutralHead(width, 1, 1)

    def forward(self, picture: Tensor) -> Tensor:
        height, width = picture.shape[-2:]
        padded = pad_to_multiple(picture, 2**TRANSLATOR_DEPTH)
        shift = self.head(self.layers(2 * padded - 1))[..., :height, :width]
        return shift_luminance(picture.mean(dim=1, keepdim=True), shift)


class Fusion(nn.Module):
    """From a frame (B, 1, H, W) and the Lab colours of both routes (B, 3, h, w) to those of both together.

    Until it is trained it gives their mean.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        convolution = partial(nn.Conv2d, kernel_size=3, padding=1)
        self.layers = nn.Sequential(convolution(7, width), nn.ReLU(), convolution(width, width), nn.ReLU())
        self.head = NeutralHead(width, 4, 3, padding=1)

    def forward(self, frame: Tensor, by_nir: Tensor, by_gray: Tensor) -> Tensor:
        size = min(by_nir.shape[-2:], by_gray.shape[-2:])
        frame, by_nir, by_gray = (F.interpolate(x, size, mode="area") for x in (frame, by_nir, by_gray))
        weight, rest = self.head(self.layers(torch.cat([by_nir, by_gray, frame], dim=1))).split([1, 3], dim=1)
        return torch.lerp(by_gray, by_nir, weight.sigmoid()) + rest


class CoColorModel(HintlessColorizer):
    """Both routes and their fusion; see the head of this file.

    Attributes:
        to_gray: T_NG, from a frame to the luminance in visible light.
        to_nir: T_GN, from the colours to the frame at full contrast. It takes no part in colouring.
        gray: F_G.
        nir: F_N.
        fusion: Of what they give.
    """

    config_class = CoColorConfig

    def __init__(self, config: CoColorConfig) -> None:
        super().__init__(config)
        self.to_gray, self.to_nir = (Translator(channels, config.translator_width) for channels in (1, 3))
        self.gray, self.nir = build_part(config.gray), build_part(config.nir)
        self.fusion = Fusion(config.fusion_width)
        self.to_nir.requires_grad_(False)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        reset_layer(module)
        if isinstance(module, NeutralHead):
            init.zeros_(module.weight)

    @in_full_precision
    def encode(self, luminance: Tensor, contrast: Tensor | None = None) -> Tensor:
        """The colours (B, 3, h, w) of frames of any size; see the contract."""
        frame = stretch(luminance, contrast)
        if self.config.route == "nir":
            return self.color_by_nir(frame)
        gray = self.to_gray(frame)
        if self.config.route == "gray":
            return self.color_by_gray(gray)
        return self.fusion(frame, self.color_by_nir(frame), self.color_by_gray(gray))

    def color_by_nir(self, frame: Tensor) -> Tensor:
        """What F_N makes of frames (B, 1, H, W) at full contrast: (B, 3, h, w), L / 100, then a and b / 110."""
        is_nir = self.nir.config.modality == "nir"
        as_it_is: dict[str, Any] = {"contrast": frame.new_tensor([0.0, 1.0])} if is_nir else {}
        return join(self.nir.decode(self.nir.encode(frame, **as_it_is)), frame)

    def color_by_gray(self, gray: Tensor) -> Tensor:
        """What F_G makes of luminance (B, 1, H, W), L / 100: (B, 3, h, w), that luminance and its chroma."""
        return join(self.gray(gray), gray)


def join(output: ColorizerOutput, luminance: Tensor) -> Tensor:
    """The Lab colours (B, 3, h, w) of a network's output; `luminance` (B, 1, H, W) counts if it predicts none."""
    if output.luminance is not None:
        luminance = output.luminance
    return torch.cat([F.interpolate(luminance, output.chroma.shape[-2:], mode="area"), output.chroma], dim=1)


def group_norm(channels: int) -> nn.GroupNorm:
    """Of as many groups as `NORM_GROUPS`, if the channels allow it."""
    return nn.GroupNorm(gcd(NORM_GROUPS, channels), channels)


def build_part(options: dict[str, Any]) -> ColorizerModel:
    """A network with random weights, of a configuration with its `model_type`."""
    kind: Any = PARTS[options["model_type"]]
    return kind(kind.config_class(**{name: value for name, value in options.items() if name != "model_type"}))


__all__ = ["NIR", "PARTS", "CoColorConfig", "CoColorModel"]
