"""ColorMamba: Zhai, Jin, Yang, Kang 2024, "Towards High-quality NIR-to-RGB Spectral Translation with Mamba".

For near-infrared frames. A U-Net with two encoders, of the frame and of its edges, predicts the picture as HSV. A
second U-Net predicts it as RGB; the features of the first modulate its decoder, and a head joins what the decoder
gives with the predicted HSV, textured by the frame's Laplacian. Mamba blocks stand in three levels of every encoder.

Layers and scales are those of the authors' released code, so that its weights fit (`conversion/systems.py`). Ours are
`width`, `depth` and `state_size` for smaller networks, `mixer` for a control without scans, the frame that is learned,
and that the RGB becomes luminance and chroma, as every network here gives them. The released code takes the Laplacian
of a batch along the wrong axes, (picture, row) for (row, column): with one picture it is the second difference down
its columns. `laplacian="published"` does so for every picture by itself, for the authors' weights; that pictures of a
batch leak into each other is not imitated. Code Apache-2.0, written from the paper and a table of the layers.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import torch
import torch.nn.functional as F
from huggingface_hub.dataclasses import strict
from torch import Tensor, nn

from .agent_attention import HEADS
from .base import CHROMA_SCALE, ColorizerConfig, HintlessColorizer, pad_to_multiple
from .criss_cross import CrissCross
from .mamba_block import MambaBlock, Mixer
from .precision import in_full_precision
from .spade import SpadeBlock

LEVELS = 5  # of the network for HSV
GUIDED = 5  # the stages 2 to this one of the other's decoder are modulated
SLOPE = 0.2  # of leaky ReLUs
NEARLY_NONE = 0.001 / 255  # of contrast; as published, in shares of the range
Laplacian = Literal["correct", "published"]


@strict
class ColorMambaConfig(ColorizerConfig):
    """Sizes of a ColorMamba.

    Attributes:
        width: Channels after the first convolution of the network for RGB, a multiple of 8; that for HSV has half as
            many. 64 in the paper.
        depth: Halvings of the network for RGB, at least 6; `size_multiple` follows from it. 8 in the paper.
        state_size: States of every channel in a scan. 16 in the paper.
        mixer: What Mamba blocks have for a heart: the "scan", or a plain "convolution" of 3 x 3.
        learned_frame: Whether the frame around the maps that are scanned is learned, as the paper says, or zero, as in
            the released code.
        laplacian: The texture of a frame: "correct", or along one axis alone as in the "published" code.
    """

    model_type = "colormamba"

    modality: Literal["gray", "nir", "any"] = "nir"
    size_multiple: int = 256
    width: int = 64
    depth: int = 8
    state_size: int = 16
    mixer: Mixer = "scan"
    learned_frame: bool = False
    laplacian: Laplacian = "correct"

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        if self.width < HEADS or self.width % HEADS:
            raise ValueError(f"width must be a multiple of {HEADS}, got {self.width}")
        if self.depth < GUIDED + 1:
            raise ValueError(f"depth must be at least {GUIDED + 1}, got {self.depth}")
        if self.state_size < 1:
            raise ValueError(f"state_size must be at least 1, got {self.state_size}")
        self.size_multiple = 2**self.depth

    def mamba(self, channels: int) -> MambaBlock:
        """A block for maps of so many channels."""
        return MambaBlock(channels, states=self.state_size, mixer=self.mixer, learned_frame=self.learned_frame)


class ColorMambaPrediction(NamedTuple):
    """What the network makes of frames.

    Attributes:
        hsv: (B, 3, H, W), hue, saturation and value in [-1, 1]; they were trained to be in [0, 1].
        rgb: (B, 3, H, W), sRGB in [0, 1].
    """

    hsv: Tensor
    rgb: Tensor


class DoubleConv(nn.Module):
    """Twice: convolution, instance norm, leaky ReLU; a Mamba block may stand behind the second convolution."""

    def __init__(self, in_channels: int, out_channels: int, mamba: MambaBlock | None = None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.mamba = mamba

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv2(normed(self.conv1(x)))
        return normed(x if self.mamba is None else self.mamba(x))


def normed(x: Tensor) -> Tensor:
    """Instance norm without weights, and leaky ReLU."""
    return F.leaky_relu(F.instance_norm(x), SLOPE)


class HsvNetwork(nn.Module):
    """Predicts hue, saturation and value, and features that guide the other network."""

    def __init__(self, config: ColorMambaConfig) -> None:
        super().__init__()
        widths = [config.width // 2 * 2**level for level in range(LEVELS)]
        self.encoder, self.edge_encoder = (self._encoder(first, widths, config) for first in (5, 1))
        for ours, theirs in zip(self.edge_encoder[1:], self.encoder[1:], strict=True):
            ours.load_state_dict(theirs.state_dict())  # alike at first, except for what they see
        up = [2 * width for width in reversed(widths)]
        self.ups = nn.ModuleList(nn.ConvTranspose2d(before, after, 2, 2) for before, after in pairwise(up))
        self.decoder = nn.ModuleList(DoubleConv(2 * width, width) for width in up[1:])
        self.head = nn.Conv2d(2 * widths[0], 3, 3, padding=1)

    @staticmethod
    def _encoder(in_channels: int, widths: Sequence[int], config: ColorMambaConfig) -> nn.ModuleList:
        ends = (0, LEVELS - 1)  # levels without a scan
        return nn.ModuleList(
            DoubleConv(before, width, None if level in ends else config.mamba(width))
            for level, (before, width) in enumerate(zip([in_channels, *widths], widths, strict=False))
        )

    def forward(self, nir: Tensor, style: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Predict HSV.

        Args:
            nir: (B, 1, H, W) in [0, 1], at full contrast.
            style: (B, 3, H, W), the frame as HSV.

        Returns:
            HSV (B, 3, H, W) in [-1, 1], and the features of the levels 2 to 5, at strides 2 to 16.
        """
        edges = 9 * (nir - F.avg_pool2d(nir, 3, 1, padding=1))  # 8 times a pixel, without its neighbours
        maps = contract(self.encoder, torch.cat([nir, edges, style], dim=1))
        edge_maps = contract(self.edge_encoder, edges)
        x = torch.cat([maps[-1], edge_maps[-1]], dim=1)
        for up, block, *skipped in zip(self.ups, self.decoder, maps[-2::-1], edge_maps[-2::-1], strict=True):
            x = block(torch.cat([normed(up(x)), *skipped], dim=1))
        return self.head(x).tanh(), maps[1:]


def contract(encoder: nn.ModuleList, x: Tensor) -> list[Tensor]:
    """The maps of all levels, fine to coarse."""
    maps = [encoder[0](x)]
    for block in encoder[1:]:
        maps.append(block(F.max_pool2d(maps[-1], 2)))
    return maps


class Down(nn.Module):
    """A stage of the encoder for RGB, of half the size: leaky ReLU, convolution, Mamba block, instance norm."""

    def __init__(self, in_channels: int, out_channels: int, mamba: MambaBlock | None, *, act: bool, norm: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 4, 2, padding=1)
        self.mamba = mamba
        self.act, self.norm = act, norm

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(F.leaky_relu(x, SLOPE) if self.act else x)
        x = x if self.mamba is None else self.mamba(x)
        return F.instance_norm(x) if self.norm else x


class Up(nn.Module):
    """A stage of the decoder, of twice the size: ReLU, transposed convolution, modulation, instance norm."""

    def __init__(self, in_channels: int, out_channels: int, spade: SpadeBlock | None, *, norm: bool = True) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(in_channels, out_channels, 4, 2, padding=1)
        self.spade = spade
        self.norm = norm

    def forward(self, x: Tensor, guide: Tensor | None = None) -> Tensor:
        x = self.conv(x.relu())
        x = x if self.spade is None else self.spade(x, guide)
        return F.instance_norm(x) if self.norm else x


class RgbNetwork(nn.Module):
    """Predicts RGB from the frame and what the other network gives."""

    def __init__(self, config: ColorMambaConfig) -> None:
        super().__init__()
        w, innermost = config.width, config.depth - 1
        widths = [w * min(2**stage, 8) for stage in range(config.depth)]
        self.downs = nn.ModuleList(
            Down(
                before,
                width,
                config.mamba(width) if stage < 3 else None,
                act=stage > 0,
                norm=0 < stage < innermost,
            )
            for stage, (before, width) in enumerate(zip([1, *widths], widths, strict=False))
        )
        # From the innermost stage outward; the outer two also see what was decoded long before.
        inputs = [widths[-1], *(2 * width for width in widths[-2:1:-1]), 12 * w, 14 * w]
        outputs = [*widths[-2::-1], w]
        self.ups = nn.ModuleList(
            Up(
                before,
                after,
                SpadeBlock(after, after, 2 * w) if 0 < stage < GUIDED else None,
                norm=stage > 0,
            )
            for stage, before, after in zip(range(innermost, -1, -1), inputs, outputs, strict=True)
        )
        self.fusion = SpadeBlock(3, 1, 2 * w)
        self.cross = CrissCross(w, 3)
        self.head = nn.Conv2d(w, 3, 3, padding=1)

    def forward(self, nir: Tensor, hsv: Tensor, guides: Sequence[Tensor], texture: Tensor) -> Tensor:
        """Predict RGB.

        Args:
            nir: (B, 1, H, W) in [0, 1], at full contrast.
            hsv: (B, 3, H, W), predicted.
            guides: The features that came with it.
            texture: (B, 1, H, W) in [0, 1].

        Returns:
            (B, 3, H, W) in [0, 1].
        """
        skips, x = [], nir
        for down in self.downs:
            x = down(x)
            skips.append(x)
        x = skips.pop()
        *inner, up5, up4, up3, up2, up1 = self.ups
        for up in inner:
            x = torch.cat([skips.pop(), up(x)], dim=1)
        y4 = up5(x, guides[3])
        y3 = up4(torch.cat([skips.pop(), y4], dim=1), guides[2])
        y2 = up3(torch.cat([skips.pop(), y3], dim=1), guides[1])
        y1 = up2(torch.cat([skips.pop(), enlarged(y4, 4), y2], dim=1), guides[0])
        x = up1(torch.cat([skips.pop(), enlarged(y4, 8), enlarged(y3, 4), y1], dim=1))
        return self.head(self.cross(x, self.fusion(hsv, texture))).sigmoid()


def enlarged(x: Tensor, factor: int) -> Tensor:
    """A map, bilinearly enlarged; corners stay corners."""
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=True)


class ColorMambaModel(HintlessColorizer):
    """The network; 100,244,135 parameters at its published size.

    Attributes:
        hsv: Predicts HSV, 28,103,819 of them.
        rgb: Predicts RGB.
    """

    config_class = ColorMambaConfig

    def __init__(self, config: ColorMambaConfig) -> None:
        super().__init__(config)
        self.hsv = HsvNetwork(config)
        self.rgb = RgbNetwork(config)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """As published, layers keep what torch gives them."""

    def predict(self, nir: Tensor, shown: Tensor | None = None, contrast: Tensor | None = None) -> ColorMambaPrediction:
        """What both networks make of frames of any size.

        Args:
            nir: (B, 1, H, W), the frames' values as in their files, in [0, 1].
            shown: Likewise, those that are seen as HSV: training changes their contrast, and with it what should come
                out. None shows the same.
            contrast: (2,), what counts as darkest and brightest in frames that were exposed alike; None takes each
                frame's own.
        """
        height, width = nir.shape[-2:]
        nir, shown = (pad_to_multiple(one, self.config.size_multiple) for one in (nir, nir if shown is None else shown))
        seen = stretched(nir, contrast)
        hsv, guides = self.hsv(seen, as_hsv(shown, contrast))
        rgb = self.rgb(seen, hsv, guides, texture(seen, self.config.laplacian))
        return ColorMambaPrediction(hsv[..., :height, :width], rgb[..., :height, :width])

    @in_full_precision
    def encode(self, luminance: Tensor, contrast: Tensor | None = None) -> Tensor:
        """The colours (B, 3, H, W) of frames of any size; see the contract."""
        from kornia.color import rgb_to_lab  # takes seconds to import, and few need it

        ends = None if contrast is None else gray_of(contrast)
        lab = rgb_to_lab(self.predict(gray_of(luminance), contrast=ends).rgb.float())
        return lab / lab.new_tensor([100, CHROMA_SCALE, CHROMA_SCALE]).view(3, 1, 1)


def gray_of(luminance: Tensor) -> Tensor:
    """The sRGB gray, in [0, 1], whose CIELAB L / 100 is the luminance: a frame's values as its file had them."""
    root = (100 * luminance + 16) / 116
    linear = torch.where(root > 6 / 29, root**3, (root - 4 / 29) * (108 / 841))
    curved = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, curved, 12.92 * linear)


def stretched(nir: Tensor, contrast: Tensor | None = None) -> Tensor:
    """Every frame (B, 1, H, W) from its darkest to its brightest value, or those of `contrast` (2,)."""
    low, high = _ends(nir, contrast)
    return ((nir - low) / (high - low + NEARLY_NONE)).clamp(0, 1)


def as_hsv(nir: Tensor, contrast: Tensor | None = None) -> Tensor:
    """Frames (B, 1, H, W) as HSV (B, 3, H, W): neither hue nor saturation, and the value up to its brightest."""
    _, high = _ends(nir, contrast)
    return F.pad((nir / (high + NEARLY_NONE)).clamp(max=1), (0, 0, 0, 0, 2, 0))


def _ends(nir: Tensor, contrast: Tensor | None) -> tuple[Tensor, Tensor]:
    """The darkest and the brightest value of each frame, (B, 1, 1, 1), or those given for all."""
    low, high = nir.flatten(1).aminmax(dim=1) if contrast is None else contrast.to(nir)
    return low.view(-1, 1, 1, 1), high.view(-1, 1, 1, 1)


@torch.no_grad()
def texture(nir: Tensor, kind: Laplacian) -> Tensor:
    """The Laplacian of frames (B, 1, H, W) in 8 bits, each from its lowest to its highest value; see the module."""
    levels = (255 * nir).floor()
    framed = F.pad(levels, (1, 1, 1, 1), mode="reflect")
    laplacian = framed[..., 2:, 1:-1] + framed[..., :-2, 1:-1] - 2 * levels
    if kind == "correct":
        laplacian = laplacian + framed[..., 1:-1, 2:] + framed[..., 1:-1, :-2] - 2 * levels
    laplacian = laplacian - laplacian.amin(dim=(1, 2, 3), keepdim=True)
    return laplacian / laplacian.amax(dim=(1, 2, 3), keepdim=True).clamp(min=1)  # whole numbers, or all are 0


__all__ = ["ColorMambaConfig", "ColorMambaModel", "ColorMambaPrediction"]
