"""The user-guided network of Zhang et al. 2017, "Real-Time User-Guided Image Colorization with Learned Deep Priors".

Local hints are painted into the input: luminance, the hints' a and b, and a mask of where they are. Dilated
convolutions at stride 8, shortcuts that are added, a decoder to full resolution that ends in tanh; beside it a head
over 529 chroma bins. In the variant for global hints (section 3.3 there) a histogram of colours and their mean
saturation join after conv4, and the trunk sees the luminance alone, as in the released weights.

Layers and scales are those of the authors' released PyTorch code, so that its weights fit (`conversion/systems.py`).
Our own are `width` for smaller networks and what `vividness` does. Code Apache-2.0, written from the paper and a table
of the layers.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any, Literal

import torch
import torch.nn.functional as F
from huggingface_hub.dataclasses import strict
from torch import Tensor, nn
from transformers import initialization as init

from .base import CHROMA_SCALE, ColorizerConfig, ColorizerModel, ColorizerOutput, pad_to_multiple
from .chroma_bins import (
    ANNEALING,
    GRID_BINS,
    NUM_BINS,
    bin_centers,
    grid_centers,
    mean_chroma,
    nearest_grid_bins,
)
from .hint_batch import HintBatch
from .precision import in_full_precision

# The maps that a caller may replace on the way through, in this order, and their channels as multiples of the width.
# up8, up9 and up10 are the sums of what is up-sampled and its shortcut.
FUSED_MAPS = {
    "conv1": 1, "conv2": 2, "conv3": 4, "conv4": 8, "conv5": 8, "conv6": 8, "conv7": 8,
    "up8": 4, "conv8": 4, "up9": 2, "conv9": 2, "up10": 2, "conv10": 2,
}  # fmt: skip
HEAD_STRIDE = 4  # of the distribution over chroma bins
REGRESSION_WEIGHT = 10.0  # of the distance of colours beside the cross-entropy: the authors' released training code
SATURATION_LUMINANCE = 50.0  # Lab L at which a palette's colours are looked at

Fuse = Callable[[str, Tensor], Tensor]


@strict
class Siggraph17Config(ColorizerConfig):
    """Sizes and scales of a user-guided network.

    Attributes:
        width: Channels at full resolution; 64 in the paper, eight times as many at stride 8.
        mask_center: What is subtracted from the mask of hints: 0.5 for weights trained with the authors' PyTorch code,
            0 for those that came from Caffe. The wrong one ruins the colours.
        tanh_scale: Lab a and b where tanh ends: 110 in PyTorch, 100 in Caffe.
        class_head: Whether there is a head over chroma bins.
        global_hints: Whether it takes palettes instead of hints.
    """

    model_type = "siggraph17"

    size_multiple: int = 8
    width: int = 64
    mask_center: float | int = 0.5
    tanh_scale: float | int = 110.0
    class_head: bool = True
    global_hints: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        if self.width < 1:
            raise ValueError(f"width must be at least 1, got {self.width}")
        if self.mask_center not in (0, 0.5):
            raise ValueError(f"mask_center must be 0 or 0.5, got {self.mask_center}")


def conv_block(*channels: int, dilation: int = 1, stride: int = 1, relu_first: bool = False) -> nn.Sequential:
    """Convolutions of 3 x 3 with ReLUs, the last of them of a stride; batch norm once, after the last ReLU."""
    layers: list[nn.Module] = [nn.ReLU()] if relu_first else []
    for before, after in pairwise(channels):
        layers += [nn.Conv2d(before, after, 3, padding=dilation, dilation=dilation), nn.ReLU()]
    last: Any = layers[-2]
    last.stride = (stride, stride)
    return nn.Sequential(*layers, nn.BatchNorm2d(channels[-1]))


def upsampling(in_channels: int, out_channels: int) -> nn.ConvTranspose2d:
    """A transposed convolution that doubles the size."""
    return nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1)


class GlobalHints(nn.Module):
    """What a palette adds to the features at stride 8, everywhere alike."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.colors = nn.Conv2d(NUM_BINS + 1, channels, 1)
        self.saturation = nn.Conv2d(2, channels, 1)
        layers: list[nn.Module] = [nn.ReLU(), nn.BatchNorm2d(channels)]
        for _ in range(3):
            layers += [nn.Conv2d(channels, channels, 1), nn.ReLU(), nn.BatchNorm2d(channels)]
        self.layers = nn.Sequential(*layers)

    def forward(self, histogram: Tensor, saturation: Tensor) -> Tensor:
        """From `palette_statistics` to (B, channels, 1, 1)."""
        return self.layers(self.colors(histogram) + self.saturation(saturation))


class Siggraph17Network(nn.Module):
    """The layers: from the input at full resolution to chroma and distribution.

    Attributes:
        stage: What the trunk learns from in training, "regression" or "classification"; the other part learns beside
            it from features through which no gradient flows, as in the authors' stages.
    """

    def __init__(self, width: int, in_channels: int = 4, *, class_head: bool = True, global_hints: bool = False):
        super().__init__()
        w = width
        self.stage: Literal["regression", "classification"] = "regression"
        self.conv1 = conv_block(in_channels, w, w)
        self.conv2 = conv_block(w, 2 * w, 2 * w)
        self.conv3 = conv_block(2 * w, 4 * w, 4 * w, 4 * w)
        self.conv4 = conv_block(4 * w, 8 * w, 8 * w, 8 * w)
        self.global_hints = GlobalHints(8 * w) if global_hints else None
        self.conv5 = conv_block(8 * w, 8 * w, 8 * w, 8 * w, dilation=2)
        self.conv6 = conv_block(8 * w, 8 * w, 8 * w, 8 * w, dilation=2)
        self.conv7 = conv_block(8 * w, 8 * w, 8 * w, 8 * w)
        self.up8, self.short8 = upsampling(8 * w, 4 * w), nn.Conv2d(4 * w, 4 * w, 3, padding=1)
        self.conv8 = conv_block(4 * w, 4 * w, 4 * w, relu_first=True)
        self.class_head = nn.Conv2d(4 * w, GRID_BINS, 1) if class_head else None
        self.up9, self.short9 = upsampling(4 * w, 2 * w), nn.Conv2d(2 * w, 2 * w, 3, padding=1)
        self.conv9 = conv_block(2 * w, 2 * w, relu_first=True)
        self.up10, self.short10 = upsampling(2 * w, 2 * w), nn.Conv2d(w, 2 * w, 3, padding=1)
        self.conv10 = nn.Sequential(nn.ReLU(), nn.Conv2d(2 * w, 2 * w, 3, padding=1), nn.LeakyReLU(0.2))
        self.chroma_head = nn.Conv2d(2 * w, 2, 1)

    def forward(
        self,
        x: Tensor,
        statistics: tuple[Tensor, Tensor] | None = None,
        *,
        fuse: Fuse = lambda name, feature_map: feature_map,
    ) -> tuple[Tensor, Tensor | None]:
        """One run.

        Args:
            x: (B, C, H, W), sides multiples of 8: luminance - 0.5; a and b / 110 of the hints, 0 elsewhere; their mask,
                less its centre. For global hints the luminance alone.
            statistics: Of a palette, for global hints.
            fuse: Gets each of `FUSED_MAPS` by its name and gives what goes on in its place.

        Returns:
            (B, 2, H, W) in (-1, 1); logits (B, 529, H / 4, W / 4), or None without a head.
        """
        # The shortcuts read full maps; strides are plain subsampling between the blocks.
        conv1 = fuse("conv1", self.conv1(x))
        conv2 = fuse("conv2", self.conv2(conv1[..., ::2, ::2]))
        conv3 = fuse("conv3", self.conv3(conv2[..., ::2, ::2]))
        x = fuse("conv4", self.conv4(conv3[..., ::2, ::2]))
        if self.global_hints is not None and statistics is not None:
            x = x + self.global_hints(*statistics)
        x = fuse("conv5", self.conv5(x))
        x = fuse("conv6", self.conv6(x))
        x = fuse("conv7", self.conv7(x))
        x = fuse("up8", self.up8(x) + self.short8(conv3))
        conv8 = fuse("conv8", self.conv8(x))
        logits = None
        if self.class_head is not None:
            logits = self.class_head(conv8.detach() if self.stage == "regression" else conv8)
        if self.stage == "classification":
            conv8, conv2, conv1 = conv8.detach(), conv2.detach(), conv1.detach()
        x = fuse("up9", self.up9(conv8) + self.short9(conv2))
        x = fuse("conv9", self.conv9(x))
        x = fuse("up10", self.up10(x) + self.short10(conv1))
        x = fuse("conv10", self.conv10(x))
        return self.chroma_head(x).tanh(), logits

    @torch.no_grad()
    def reset(self, module: nn.Module) -> None:
        """Initialise one of its layers as the authors do."""
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            is_global = self.global_hints is not None and any(module is one for one in self.global_hints.modules())
            init.normal_(module.weight, std=0.01 if is_global else 0.02)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            init.normal_(module.weight, mean=1.0, std=0.02)
            init.zeros_(module.bias)


class Siggraph17Model(ColorizerModel):
    """The user-guided network; 34,187,027 parameters at its published size.

    Hints enter at the first layer and change everything after it, so `encode` computes nothing and every edit costs as
    much as the first picture, 1.0x.
    """

    config_class = Siggraph17Config
    limits_reach = False
    suggestion_sharpness = 0.2  # section 3.4 of the paper, in the released code

    def __init__(self, config: Siggraph17Config) -> None:
        super().__init__(config)
        self.supports_hints = not config.global_hints
        self.supports_palette = config.global_hints
        self.network = Siggraph17Network(
            config.width,
            1 if config.global_hints else 4,
            class_head=config.class_head,
            global_hints=config.global_hints,
        )
        self.register_buffer("bin_centers", grid_centers() / CHROMA_SCALE)  # (529, 2)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        self.network.reset(module)

    def encode(self, luminance: Tensor) -> Tensor:
        """The luminance as it is; see the class."""
        return luminance

    @in_full_precision
    def decode(
        self, features: Tensor, hints: HintBatch | None = None, palette: Tensor | None = None, *, vividness: float = 0.0
    ) -> ColorizerOutput:
        """See the contract. The chroma is as large as the input, the distribution a quarter.

        Vividness adds what annealing the distribution at a temperature of 0.38 adds to its mean (Zhang et al. 2016,
        section 2.3); 0 is the authors' picture.

        Raises:
            ValueError: there are hints or a palette that the network cannot use.
        """
        self.refuse_unsupported(hints, palette)
        hints = HintBatch.empty(len(features), features.device) if hints is None else hints
        if len(hints) and hints.keep.any():
            own, _ = self._run(features, HintBatch.empty(len(features), features.device), palette)
            there = F.grid_sample(own, hints.points.unsqueeze(1), align_corners=False, padding_mode="border")
            chroma = torch.where(hints.keep.unsqueeze(2), there.squeeze(2).transpose(1, 2), hints.chroma)
            hints = replace(hints, chroma=chroma)
        chroma, logits = self._run(features, hints, palette)
        if vividness > 0 and logits is not None:
            chroma = chroma + self._annealing(logits, vividness)[..., : chroma.shape[2], : chroma.shape[3]]
        return ColorizerOutput(chroma=chroma, logits=logits)

    def run_painted(self, luminance: Tensor, hint_map: Tensor, mask: Tensor) -> tuple[Tensor, Tensor | None]:
        """Run with hints that are painted already, as training simulates them; not for global hints.

        Args:
            luminance: (B, 1, H, W) in [0, 1], of any size.
            hint_map: (B, 2, H, W), ab / 110 of the hints, 0 elsewhere.
            mask: (B, 1, H, W), 1 where there are hints.

        Returns:
            Chroma (B, 2, H, W) in ab / 110; logits (B, 529, H / 4, W / 4), or None without a head.
        """
        height, width = luminance.shape[-2:]
        padded = pad_to_multiple(luminance, self.config.size_multiple)
        pad = (0, padded.shape[-1] - width, 0, padded.shape[-2] - height)
        hint_map, mask = F.pad(hint_map, pad), F.pad(mask, pad)
        x = torch.cat([padded - 0.5, hint_map, mask - self.config.mask_center], dim=1)
        return self._cut(*self.network(x), height, width)

    def _run(self, luminance: Tensor, hints: HintBatch, palette: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The same with hints, or with a palette for global hints."""
        height, width = luminance.shape[-2:]
        if not self.config.global_hints:
            return self.run_painted(luminance, *hints.rasterize(height, width))
        padded = pad_to_multiple(luminance, self.config.size_multiple)
        return self._cut(*self.network(padded - 0.5, palette_statistics(palette, luminance)), height, width)

    def _cut(self, chroma: Tensor, logits: Tensor | None, height: int, width: int) -> tuple[Tensor, Tensor | None]:
        """What the layers gave, without the padding, in ab / 110."""
        chroma = chroma[..., :height, :width].float() * (self.config.tanh_scale / CHROMA_SCALE)
        if logits is not None:
            logits = logits[..., : -(-height // HEAD_STRIDE), : -(-width // HEAD_STRIDE)].float()
        return chroma, logits

    def _annealing(self, logits: Tensor, vividness: float) -> Tensor:
        sharpness = 1 + vividness * (ANNEALING - 1)
        added = mean_chroma(sharpness * logits, self.bin_centers) - mean_chroma(logits, self.bin_centers)
        return F.interpolate(added, scale_factor=float(HEAD_STRIDE), mode="bilinear")

    def loss(self, output: ColorizerOutput, labels: Tensor) -> Tensor:
        """The authors' loss: cross-entropy with the nearest bins, and ten times the L1 distance of the colours.

        The distance is summed over a and b. Which of the two reaches the trunk is up to `network.stage`.
        """
        loss = REGRESSION_WEIGHT * (output.chroma - labels).abs().sum(dim=1).mean()
        if output.logits is None:
            return loss
        bins = nearest_grid_bins(labels[..., ::HEAD_STRIDE, ::HEAD_STRIDE])
        return loss + F.cross_entropy(output.logits, bins)


def palette_statistics(palette: Tensor | None, like: Tensor) -> tuple[Tensor, Tensor]:
    """What the global hints network is told of a palette; zeros if there is none.

    The histogram holds each colour's share at its nearest bin. The saturation is that of HSV, of the colours at Lab L
    50 and moved into sRGB, averaged by their shares. What tells that they are there is the sum of the shares: shares of
    less than 1 are a hint between all and none.

    Args:
        palette: (B, P, 3), see `ColorizerModel.decode`, or None.
        like: A tensor (B, ...), for the number of photos and the device.

    Returns:
        (B, 314, 1, 1): histogram over the 313 bins and indicator; (B, 2, 1, 1): saturation and indicator.
    """
    histogram, saturation = like.new_zeros(len(like), NUM_BINS + 1), like.new_zeros(len(like), 2)
    if palette is not None:
        chroma, shares = palette[..., :2], palette[..., 2]
        centers = bin_centers().to(palette) / CHROMA_SCALE
        nearest = torch.cdist(chroma, centers.expand(len(palette), -1, -1)).argmin(dim=2)
        histogram.scatter_add_(1, nearest, shares)
        histogram[:, -1] = saturation[:, -1] = shares.sum(dim=1)
        saturation[:, 0] = (shares * _hsv_saturation(chroma)).sum(dim=1)
    return histogram[..., None, None], saturation[..., None, None]


def _hsv_saturation(chroma: Tensor) -> Tensor:
    """HSV saturation (B, P) of colours (B, P, 2), ab / 110, at one luminance."""
    from kornia.color import lab_to_rgb, rgb_to_hsv  # takes seconds to import, and few need it

    luminance = torch.full_like(chroma[..., :1], SATURATION_LUMINANCE)
    lab = torch.cat([luminance, chroma * CHROMA_SCALE], dim=2).transpose(1, 2).unsqueeze(2)  # (B, 3, 1, P)
    return rgb_to_hsv(lab_to_rgb(lab, clip=True))[:, 1, 0]


__all__ = [
    "FUSED_MAPS",
    "Siggraph17Config",
    "Siggraph17Model",
    "Siggraph17Network",
    "conv_block",
    "palette_statistics",
    "upsampling",
]
