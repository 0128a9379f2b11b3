"""Training losses, each a plain function or a small module over the contract's output."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from colorizer_hf.color import CHROMA_SCALE, lab_to_rgb
from colorizer_hf.metrics.lpips import Lpips
from colorizer_hf.models.base import ColorizerOutput, chroma_huber_loss
from colorizer_hf.models.chroma_bins import bin_cross_entropy

NEGLIGIBLE = (2 / CHROMA_SCALE) ** 2  # mean squared error in ab / 110, below which a photograph has its colours


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms of `colorization_loss`.

    Attributes:
        distance: Of predicted chroma from the truth: "huber", see `chroma_huber_loss`, or "decibel", see
            `decibel_loss`.
        automatic: That distance without hints.
        hinted: That distance with hints.
        bins: Cross-entropy of the distribution over chroma bins.
        rebalance: Makes rare colours count more in the latter, see `rebalancing.bin_rarity`; None: all alike.
    """

    distance: Literal["huber", "decibel"] = "huber"
    automatic: float = 10.0
    hinted: float = 10.0
    bins: float = 0.2
    rebalance: float | None = None


def colorization_loss(
    automatic: ColorizerOutput,
    hinted: ColorizerOutput,
    labels: Tensor,
    config: LossConfig,
    rarity: Tensor | None = None,
) -> tuple[Tensor, dict[str, float]]:
    """The loss of a network with a distribution, with and without hints.

    Args:
        automatic: Output of `decode` without hints.
        hinted: Output of `decode` with hints.
        labels: (B, 2, H, W), the true ab / 110.
        config: Weights of the terms.
        rarity: (313), how much each bin counts, see `rebalancing`; None: all the same.

    Returns:
        The weighted sum, a scalar, and the unweighted terms by name.
    """
    assert automatic.logits is not None  # promised by the caller
    distance = decibel_loss if config.distance == "decibel" else chroma_huber_loss
    terms = {
        "automatic": distance(automatic.chroma, labels),
        "hinted": distance(hinted.chroma, labels),
        "bins": bin_cross_entropy(automatic.logits, labels, rarity),
    }
    total = sum(getattr(config, name) * term for name, term in terms.items())
    return total, {name: term.item() for name, term in terms.items()}


def decibel_loss(chroma: Tensor, labels: Tensor) -> Tensor:
    """Mean over the photographs of the level of their squared error, in decibels: what a mean PSNR measures.

    A mean over all elements is led by the most colourful photographs. Here a tint on a gray photograph costs as much
    as the same share of the error of a colourful one.

    Args:
        chroma: (B, 2, h, w), predicted ab / 110.
        labels: (B, 2, H, W), true; of a larger size they are averaged down first.

    Returns:
        A scalar; 10 less where errors are a tenth (in the square), and hardly less below `NEGLIGIBLE`.
    """
    if labels.shape[-2:] != chroma.shape[-2:]:
        labels = F.interpolate(labels, chroma.shape[-2:], mode="area")
    error = (chroma - labels).square().mean(dim=(1, 2, 3))
    return 10 * (error + NEGLIGIBLE).log10().mean()


@dataclass(frozen=True)
class ReconstructionConfig:
    """How far a prediction is from the truth.

    Attributes:
        kind: Of the distance in ab / 110: "l1", "mse", or "huber" (quadratic up to one Lab unit).
        lpips: Weight of the perceptual distance beside it.
        lpips_weights: Trunk of VGG16 for that; AlexNet's is for evaluation, and must not be trained on.
    """

    kind: Literal["l1", "mse", "huber"] = "l1"
    lpips: float = 0.0
    lpips_weights: str | None = None


class ReconstructionLoss(nn.Module):
    """Distance of predicted chroma from the truth, with LPIPS of the pictures if that is wanted.

    Raises:
        CheckpointError: LPIPS is wanted and its weights cannot be read.
    """

    def __init__(self, config: ReconstructionConfig) -> None:
        super().__init__()
        self.config = config
        self.lpips = Lpips("vgg", config.lpips_weights or "") if config.lpips else None

    def forward(self, luminance: Tensor, chroma: Tensor, labels: Tensor) -> tuple[Tensor, dict[str, float]]:
        """The loss, a scalar, and its unweighted terms by name.

        Args:
            luminance: (B, 1, H, W) in [0, 1].
            chroma: (B, 2, H, W) predicted, ab / 110.
            labels: (B, 2, H, W) true.
        """
        kind = self.config.kind
        loss = DISTANCES[kind](chroma, labels)
        terms = {kind: loss.item()}
        if self.lpips is not None:
            distance = self.lpips(255 * lab_to_rgb(luminance, chroma), 255 * lab_to_rgb(luminance, labels)).mean()
            terms["lpips"] = distance.item()
            loss = loss + self.config.lpips * distance
        return loss, terms


DISTANCES = {"l1": F.l1_loss, "mse": F.mse_loss, "huber": partial(chroma_huber_loss, delta=1 / CHROMA_SCALE)}
