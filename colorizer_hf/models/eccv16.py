"""The network of Zhang et al. 2016, "Colorful Image Colorization": a distribution over 313 chroma bins.

It sees the luminance alone. The mean of the distribution is enlarged four times. Layers and scales are those of the
authors' released PyTorch code, so that its weights fit (`conversion/systems.py`). Code Apache-2.0, written from the
paper and a table of the layers.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from huggingface_hub.dataclasses import strict
from torch import Tensor, nn
from transformers import initialization as init

from .base import CHROMA_SCALE, ColorizerConfig, ColorizerModel, ColorizerOutput, pad_to_multiple
from .chroma_bins import ANNEALING, NUM_BINS, bin_centers, bin_cross_entropy, mean_chroma
from .hint_batch import HintBatch
from .precision import in_full_precision
from .siggraph17 import conv_block, upsampling

STRIDE = 4  # of the distribution


@strict
class Eccv16Config(ColorizerConfig):
    """Sizes of the network.

    Attributes:
        width: Channels at stride 2; 64 in the paper, eight times as many at stride 8.
        annealing: Inverse temperature of the distribution at vividness 1: 1 / 0.38 in the paper, 2.606 in the released
            Caffe model; the released PyTorch code takes the plain mean, which is vividness 0 or an annealing of 1.
    """

    model_type = "eccv16"

    size_multiple: int = 8
    width: int = 64
    annealing: float | int = ANNEALING

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        if self.width < 1:
            raise ValueError(f"width must be at least 1, got {self.width}")
        if self.annealing < 1:
            raise ValueError(f"annealing must be at least 1, got {self.annealing}")


@dataclass(frozen=True)
class Eccv16Features:
    """What `encode` hands to `decode`.

    Attributes:
        logits: (B, 313, h, w) at stride 4.
        size: Height and width of the network's input in pixels.
    """

    logits: Tensor
    size: tuple[int, int]


class Eccv16Model(ColorizerModel):
    """The network; 32,236,011 parameters at its published size, the 626 of the fixed decoding among them."""

    config_class = Eccv16Config
    supports_hints = False

    def __init__(self, config: Eccv16Config) -> None:
        super().__init__(config)
        w = config.width
        self.conv1 = conv_block(1, w, w, stride=2)
        self.conv2 = conv_block(w, 2 * w, 2 * w, stride=2)
        self.conv3 = conv_block(2 * w, 4 * w, 4 * w, 4 * w, stride=2)
        self.conv4 = conv_block(4 * w, 8 * w, 8 * w, 8 * w)
        self.conv5 = conv_block(8 * w, 8 * w, 8 * w, 8 * w, dilation=2)
        self.conv6 = conv_block(8 * w, 8 * w, 8 * w, 8 * w, dilation=2)
        self.conv7 = conv_block(8 * w, 8 * w, 8 * w, 8 * w)
        self.conv8 = nn.Sequential(
            upsampling(8 * w, 4 * w),
            nn.ReLU(),
            nn.Conv2d(4 * w, 4 * w, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(4 * w, 4 * w, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(4 * w, NUM_BINS, 1),
        )
        # The fixed convolution of the authors' code that takes the mean; its weights are the colours of the bins.
        self.bin_centers = nn.Parameter(torch.empty(NUM_BINS, 2), requires_grad=False)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if module is self:
            init.copy_(self.bin_centers, bin_centers() / CHROMA_SCALE)
        elif isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            init.normal_(module.weight, std=0.02)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            init.ones_(module.weight)
            init.zeros_(module.bias)

    @in_full_precision
    def encode(self, luminance: Tensor) -> Eccv16Features:
        height, width = luminance.shape[-2:]
        x = pad_to_multiple(luminance, self.config.size_multiple) - 0.5
        for block in (self.conv1, self.conv2, self.conv3, self.conv4, self.conv5, self.conv6, self.conv7, self.conv8):
            x = block(x)
        logits = x[..., : -(-height // STRIDE), : -(-width // STRIDE)].float()
        return Eccv16Features(logits.contiguous(), (height, width))

    @in_full_precision
    def decode(
        self,
        features: Eccv16Features,
        hints: HintBatch | None = None,
        palette: Tensor | None = None,
        *,
        vividness: float = 0.0,
    ) -> ColorizerOutput:
        """See the contract. Vividness anneals the distribution: 0 takes its mean, as the authors' PyTorch code does.

        Raises:
            ValueError: there are hints or a palette.
        """
        self.refuse_unsupported(hints, palette)
        sharpness = 1 + vividness * (self.config.annealing - 1)
        chroma = mean_chroma(sharpness * features.logits, self.bin_centers.detach())
        height, width = features.size
        chroma = F.interpolate(chroma, scale_factor=float(STRIDE), mode="bilinear")[..., :height, :width]
        return ColorizerOutput(chroma=chroma, logits=features.logits)

    def loss(self, output: ColorizerOutput, labels: Tensor) -> Tensor:
        """Cross-entropy of the distribution with the true colours, every colour counting alike."""
        assert output.logits is not None  # `decode` gives them
        return bin_cross_entropy(output.logits, labels)


__all__ = ["Eccv16Config", "Eccv16Features", "Eccv16Model"]
