"""Training losses, each a plain function or a small module over the contract's output."""

from dataclasses import dataclass

from torch import Tensor

from colorizer_hf.models.base import ColorizerOutput, chroma_huber_loss
from colorizer_hf.models.chroma_bins import bin_cross_entropy


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms of `colorization_loss`.

    Attributes:
        automatic: Huber loss of the chroma predicted without hints.
        hinted: Huber loss of the chroma predicted with hints.
        bins: Cross-entropy of the distribution over chroma bins.
    """

    automatic: float = 10.0
    hinted: float = 10.0
    bins: float = 0.2


def colorization_loss(
    automatic: ColorizerOutput, hinted: ColorizerOutput, labels: Tensor, config: LossConfig
) -> tuple[Tensor, dict[str, float]]:
    """The loss of a network with a distribution, with and without hints.

    Args:
        automatic: Output of `decode` without hints.
        hinted: Output of `decode` with hints.
        labels: (B, 2, H, W), the true ab / 110.
        config: Weights of the terms.

    Returns:
        The weighted sum, a scalar, and the unweighted terms by name.
    """
    assert automatic.logits is not None  # promised by the caller
    terms = {
        "automatic": chroma_huber_loss(automatic.chroma, labels),
        "hinted": chroma_huber_loss(hinted.chroma, labels),
        "bins": bin_cross_entropy(automatic.logits, labels),
    }
    total = sum(getattr(config, name) * term for name, term in terms.items())
    return total, {name: term.item() for name, term in terms.items()}
