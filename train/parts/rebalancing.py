"""How much rare colours count in the loss (Zhang et al. 2016, "Colorful Image Colorization", section 2.2)."""

import itertools
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.metrics.nir_floors import to_batch
from colorizer_hf.models.chroma_bins import NUM_BINS, soft_bin_targets

from .config import ConfigError
from .data import DataConfig, read_photos
from .run import AVERAGED_PHOTOS


def measure_rarity(data: DataConfig, mix: float) -> Tensor:
    """`bin_rarity` of training photographs."""
    return bin_rarity(itertools.islice(read_photos(data), AVERAGED_PHOTOS), mix)


def bin_rarity(photos: Iterable[np.ndarray], mix: float) -> Tensor:
    """The weight of each chroma bin, equation 4; their counts are not smoothed further.

    Args:
        photos: (H, W, 3) uint8 RGB each, at least one.
        mix: Share of the uniform distribution among that of the photographs, lambda in the paper, which takes 0.5; 1
            makes all bins alike.

    Returns:
        (313), whose mean over the photographs' colours is 1.

    Raises:
        ConfigError: `mix` is not above 0 or is above 1.
    """
    if not 0 < mix <= 1:
        raise ConfigError(f"loss.rebalance must be above 0 and at most 1, got {mix}")
    counts = torch.zeros(NUM_BINS)
    for photo in photos:
        _, chroma = rgb_to_lab(to_batch(photo) / 255)
        indices, weights = soft_bin_targets(chroma)
        counts.index_add_(0, indices.flatten(), weights.flatten())
    share = counts / counts.sum()
    rarity = 1 / ((1 - mix) * share + mix / NUM_BINS)
    return rarity / (share * rarity).sum()
