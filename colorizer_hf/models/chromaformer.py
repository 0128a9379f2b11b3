"""ChromaFormer: the flagship. A network of our own; weights and code Apache-2.0.

An ImageNet-pretrained mobile encoder, a few transformer blocks at stride 16 and a light decoder to stride 4 see only
the luminance and predict, for every cell, a distribution over chroma bins (as in Zhang et al. 2016) plus a small
residual.
Hints enter at the very end: `HintSpread` carries the hints' errors to the cells that look like theirs. So everything
expensive is computed once per photo, an edit costs milliseconds, and without hints nothing changes.

Of near-infrared (NIR) frames it also predicts the luminance that the scene has in visible light, as a difference from
the frame's own at full contrast.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from huggingface_hub.dataclasses import strict
from torch import Tensor, nn
from transformers import initialization as init

from .backbones import BackboneName, build_backbone
from .base import CHROMA_SCALE, ColorizerConfig, ColorizerModel, ColorizerOutput, pad_to_multiple, stretch
from .cells import STRIDE, Blocks, cell_points
from .chroma_bins import NUM_BINS, bin_centers, weighted_chroma
from .coherence import AlikeCells, agreed_chroma, coherent_weights
from .hint_batch import HintBatch
from .hint_spread import HintSpread
from .kept_colors import KeptColors, OwnColors
from .palette_shift import shift_to_palette
from .precision import in_full_precision

COHERENT_FROM = 0.3  # vividness from which on colours hold together altogether; at 0 nothing is pooled
UNDECIDED = 0.4  # chroma (ab / 110): expected colours much below it give vividness little of a direction to push in


@strict
class ChromaFormerConfig(ColorizerConfig):
    """Sizes of a ChromaFormer.

    Attributes:
        backbone: "efficientnet_lite0" to "efficientnet_lite2", or "transformers" for the one described by
            `backbone_config`.
        backbone_config: A transformers backbone configuration with its `model_type`.
        hidden_size: Channels at stride 16.
        num_layers: Transformer blocks at stride 16.
        num_heads: Heads of their attention.
        mlp_ratio: Width of their MLP over `hidden_size`.
        decoder_channels: Channels at strides 8 and 4.
        decoder_depths: Convolution blocks at strides 8 and 4.
        decoder_expansion: Width inside a convolution block over its channels.
        dropout: Share of what the branches of all blocks compute that training leaves out: values in transformer
            blocks, whole channels in convolution blocks.
        spread_heads: Similarities that the hint spread mixes.
        spread_dim: Channels of each similarity.
        vivid_tilt: How strongly vividness 1 favours bins that lie farther out in the direction of the expected colour.
        thing_width: Geodesic distance, in the unit of the embedding, at which what a hint lies on comes to its end.
        predicts_luminance: Whether the luminance is predicted too, as near-infrared frames need it.
    """

    model_type = "chromaformer"

    backbone: BackboneName = "efficientnet_lite0"
    backbone_config: dict[str, Any] | None = None
    hidden_size: int = 192
    num_layers: int = 3
    num_heads: int = 6
    mlp_ratio: int = 3
    decoder_channels: list[int] | tuple[int, ...] = (112, 72)
    decoder_depths: list[int] | tuple[int, ...] = (2, 2)
    decoder_expansion: int = 3
    dropout: float | int = 0.0
    spread_heads: int = 4
    spread_dim: int = 12
    vivid_tilt: float | int = 17.0
    thing_width: float | int = 0.98
    predicts_luminance: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        if self.hidden_size % self.num_heads:
            raise ValueError(
                f"hidden_size must be a multiple of num_heads, got {self.hidden_size} and {self.num_heads}"
            )
        if len(self.decoder_channels) != 2 or len(self.decoder_depths) != 2:
            raise ValueError("decoder_channels and decoder_depths must have two entries, for strides 8 and 4")


class TransformerBlock(nn.Module):
    """Pre-norm self-attention over all cells, with positions from a depthwise convolution, so any size works."""

    def __init__(self, channels: int, num_heads: int, mlp_ratio: int, dropout: float) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.position = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.attention_norm = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.attention_out = nn.Linear(channels, channels)
        self.mlp_norm = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(
            nn.Linear(channels, mlp_ratio * channels), nn.GELU(), nn.Linear(mlp_ratio * channels, channels)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.position(x)
        B, C, h, w = x.shape
        tokens = x.flatten(2).transpose(1, 2)  # (B, N, C)
        qkv = self.qkv(self.attention_norm(tokens)).view(B, h * w, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(*qkv.unbind(0))  # (B, heads, N, C / heads)
        tokens = tokens + self.dropout(self.attention_out(attended.transpose(1, 2).reshape(B, h * w, C)))
        tokens = tokens + self.dropout(self.mlp(self.mlp_norm(tokens)))
        return tokens.transpose(1, 2).reshape(B, C, h, w)


class ConvBlock(nn.Module):
    """Depthwise 5x5 convolution, then a pointwise MLP, with a scaled shortcut."""

    def __init__(self, channels: int, expansion: int, dropout: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.expand = nn.Conv2d(channels, channels * expansion, 1)
        self.project = nn.Conv2d(channels * expansion, channels, 1)
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 0.5))
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.scale * self.dropout(self.project(F.relu(self.expand(self.norm(self.depthwise(x))))))


class DecoderStage(nn.Module):
    """Double the resolution, add the encoder's map of that size, refine."""

    def __init__(
        self, in_channels: int, skip_channels: int, out_channels: int, depth: int, expansion: int, dropout: float
    ) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(in_channels, out_channels, 1)
        self.skip = nn.Conv2d(skip_channels, out_channels, 1)
        self.blocks = nn.Sequential(*(ConvBlock(out_channels, expansion, dropout) for _ in range(depth)))

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = F.interpolate(self.reduce(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.blocks(x + self.skip(skip))


@dataclass(frozen=True)
class ChromaFormerFeatures:
    """What `encode` hands to `decode`: maps at stride 4, padding cropped off.

    Attributes:
        logits: (B, Q, h, w), logarithms of the bins' shares, so that whoever needs these takes the exponential.
        residual: (B, 2, h, w), ab / 110, added to the mean of the distribution.
        embedding: (B, heads * dim, h, w) for the similarity of cells.
        head_mix: (B, heads, h, w) shares of the similarities, summing to 1.
        luminance: (B, 1, h, w), averaged over each cell.
        chroma: (B, 2, h, w), ab / 110 at vividness 0, without hints.
        size: Height and width of the network's input in pixels, before padding.
        visible: (B, 1, h, w), predicted luminance of the scene in visible light; None if the network predicts none.
        own: What was made of it without hints.
        limits: How far all cells are out of hints' reach, kept for further edits; see `HintSpread`.
    """

    logits: Tensor
    residual: Tensor
    embedding: Tensor
    head_mix: Tensor
    luminance: Tensor
    chroma: Tensor
    size: tuple[int, int]
    visible: Tensor | None = None
    own: KeptColors = field(default_factory=KeptColors)
    limits: dict[tuple[float, ...], np.ndarray] = field(default_factory=dict)


class NeutralHead(nn.Conv2d):
    """A convolution whose output is 0 until it is trained.

    Has a class of its own because a head that a checkpoint lacks is initialised by itself, not with the whole network.
    """


class ChromaFormerModel(ColorizerModel):
    """The flagship network; see the head of this file."""

    config_class = ChromaFormerConfig
    supports_palette = True

    def __init__(self, config: ChromaFormerConfig) -> None:
        super().__init__(config)
        self.backbone = build_backbone(config.backbone, config.backbone_config)
        channels4, channels8, channels16, channels32 = self.backbone.channels
        width8, width4 = config.decoder_channels
        self.project32 = nn.Conv2d(channels32, config.hidden_size, 1)
        self.project16 = nn.Conv2d(channels16, config.hidden_size, 1)
        self.transformer = nn.Sequential(
            *(
                TransformerBlock(config.hidden_size, config.num_heads, config.mlp_ratio, config.dropout)
                for _ in range(config.num_layers)
            )
        )
        depth8, depth4 = config.decoder_depths
        self.stage8 = DecoderStage(
            config.hidden_size, channels8, width8, depth8, config.decoder_expansion, config.dropout
        )
        self.stage4 = DecoderStage(width8, channels4, width4, depth4, config.decoder_expansion, config.dropout)
        self.head_norm = nn.BatchNorm2d(width4)
        self.bin_head = nn.Conv2d(width4, NUM_BINS, 1)
        self.residual_head = NeutralHead(width4, 2, 1)
        self.embedding_head = nn.Conv2d(width4, config.spread_heads * config.spread_dim, 1)
        self.mix_head = NeutralHead(width4, config.spread_heads, 1)
        self.luminance_head = NeutralHead(width4, 1, 1) if config.predicts_luminance else None
        self.spread = HintSpread(config.spread_heads, config.thing_width)
        self.register_buffer("bin_centers", bin_centers() / CHROMA_SCALE)  # (Q, 2)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, HintSpread):
            module.reset_parameters()
        elif isinstance(module, ConvBlock):
            init.constant_(module.scale, 0.5)
        elif isinstance(module, ChromaFormerModel):
            init.normal_(module.bin_head.weight, std=0.02)
            init.normal_(module.embedding_head.weight, std=0.02)  # neighbours start out similar, so that hints spread
        elif isinstance(module, nn.Linear):
            init.trunc_normal_(module.weight, std=0.02)
            init.zeros_(module.bias)
        elif isinstance(module, nn.Conv2d):
            if isinstance(module, NeutralHead):
                init.zeros_(module.weight)
            else:
                init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d | nn.LayerNorm):
            init.ones_(module.weight)
            init.zeros_(module.bias)

    @in_full_precision
    def encode(self, luminance: Tensor, contrast: Tensor | None = None) -> ChromaFormerFeatures:
        """See the contract."""
        height, width = luminance.shape[-2:]
        if self.config.predicts_luminance:
            luminance = stretch(luminance, contrast)
        padded = pad_to_multiple(luminance, self.config.size_multiple)
        map4, map8, map16, map32 = self.backbone(padded)
        x = F.interpolate(self.project32(map32), scale_factor=2.0, mode="bilinear", align_corners=False)
        x = self.transformer(x + self.project16(map16))
        x = self.stage4(self.stage8(x, map8), map4)
        h, w = -(-height // STRIDE), -(-width // STRIDE)
        average = F.avg_pool2d(padded, STRIDE)
        with torch.autocast(x.device.type, enabled=False):  # colours need full precision
            return self._heads(x[:, :, :h, :w].float(), average[:, :, :h, :w], size=(height, width))

    def _heads(self, x: Tensor, luminance: Tensor, size: tuple[int, int]) -> ChromaFormerFeatures:
        x = self.head_norm(x)
        # A product of matrices where rows are bins: as a convolution it takes several times as long to be written.
        weight, bias = self.bin_head.weight.flatten(1), self.bin_head.bias
        assert bias is not None
        logits = weight @ x.flatten(2) + bias.unsqueeze(1)
        logits = logits.log_softmax(dim=1).unflatten(2, x.shape[-2:])
        residual = self.residual_head(x)
        return ChromaFormerFeatures(
            logits=logits,
            residual=residual,
            embedding=self.embedding_head(x),
            head_mix=self.mix_head(x).softmax(dim=1),
            luminance=luminance,
            chroma=self._mean_chroma(logits) + residual,
            size=size,
            visible=None if self.luminance_head is None else luminance + self.luminance_head(x),
        )

    @in_full_precision
    def decode(
        self,
        features: ChromaFormerFeatures,
        hints: HintBatch | None = None,
        palette: Tensor | None = None,
        *,
        vividness: float = 0.0,
    ) -> ColorizerOutput:
        """See the contract."""
        own = self._own_colors(features, palette, vividness)
        chroma = own.chroma
        if hints is not None and len(hints) > 0:
            chroma = self.spread(features, hints, chroma, own.calm)
        return ColorizerOutput(chroma=chroma, logits=own.logits, luminance=features.visible)

    def _own_colors(self, features: ChromaFormerFeatures, palette: Tensor | None, vividness: float) -> OwnColors:
        if torch.is_grad_enabled():
            return self._without_hints(features, palette, vividness)
        colors = None if palette is None else palette.detach().cpu().numpy()
        return features.own.get(colors, vividness, lambda: self._without_hints(features, palette, vividness))

    def _without_hints(self, features: ChromaFormerFeatures, palette: Tensor | None, vividness: float) -> OwnColors:
        logits, calm = features.logits, features.chroma
        if palette is not None:
            logits = shift_to_palette(logits, palette, self.bin_centers)
            calm = self._mean_chroma(logits) + features.residual
        chroma = calm
        if vividness > 0:
            alike = self.alike_cells(features)
            chroma = self.vivid_chroma(logits, features.residual, alike, logits.new_tensor(vividness))
        return OwnColors(logits, calm, chroma)

    def alike_cells(self, features: ChromaFormerFeatures) -> AlikeCells:
        """Which cells of photos look alike."""
        h, w = features.chroma.shape[-2:]
        points = torch.from_numpy(cell_points(h, w, features.size)).to(features.chroma)
        blocks = Blocks(*(torch.from_numpy(matrix).to(features.chroma) for matrix in Blocks.of_cells(h, w)))
        looks, mix = self.spread.join(features), features.head_mix.flatten(2)
        return AlikeCells(looks, mix, points, self.spread.log_gamma.exp(), blocks)

    def vivid_chroma(self, logits: Tensor, residual: Tensor, alike: AlikeCells, vividness: Tensor) -> Tensor:
        """Vivid colours that hold together, (B, 2, h, w).

        Args:
            logits: (B, Q, h, w), logarithms of the bins' shares.
            residual: (B, 2, h, w), ab / 110.
            alike: Which cells look alike.
            vividness: Scalar, more than 0.
        """
        share = (vividness / COHERENT_FROM).clamp(max=1)
        coherent = coherent_weights(logits.exp(), alike, share=share)
        agreed = agreed_chroma(weighted_chroma(coherent, self.bin_centers), alike, share=share)
        return weighted_chroma(self._vivid_weights(coherent, agreed, vividness), self.bin_centers) + residual

    def _mean_chroma(self, logits: Tensor) -> Tensor:
        """The expected colour (B, 2, h, w) of logarithms of shares (B, Q, h, w)."""
        return weighted_chroma(logits.exp(), self.bin_centers)

    def _vivid_weights(self, weights: Tensor, expected: Tensor, vividness: Tensor | float) -> Tensor:
        """Tilt the distribution outward along the expected colour.

        The mean over hues in doubt is duller than any of them. Exponential tilting picks the livelier of the colours
        that the network holds possible, and unlike a factor on the chroma it leaves gray what is surely gray. An
        annealed mean (Zhang 2016) besides made the pictures less like the photographs at the same colourfulness.
        """
        direction = expected / (expected.norm(dim=1, keepdim=True) + UNDECIDED)  # (B, 2, h, w)
        tilt = direction * (vividness * self.config.vivid_tilt)
        return weights * (self.bin_centers @ tilt.flatten(2)).exp().view_as(weights)


__all__ = ["ChromaFormerConfig", "ChromaFormerFeatures", "ChromaFormerModel"]
