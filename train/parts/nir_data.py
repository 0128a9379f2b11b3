"""Registered pairs of near infrared and colour to train on, with ordinary colour photographs mixed in.

A sample is one tensor (4, S, S) uint8: R, G, B and infrared. The infrared of a pair is at least 1 everywhere; where the
whole channel is 0 there is none, because the sample comes from an ordinary photograph, and the recipe makes it up
(`pseudo_nir`). `split_batch` takes batches apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from colorizer_hf.errors import TrainingDataError
from colorizer_hf.metrics.pairs import NirPair, read_pairs

from .data import DataConfig, MemoryCrops, MemoryPhotos, RandomCrop, reduce_photo
from .leaks import check_split

STRETCHED = (0.5, 99.5)  # percentiles of 16-bit infrared that become black and white


@dataclass(frozen=True)
class PairConfig:
    """Which pairs a run learns from.

    Attributes:
        sources: Folders and tars of pairs, see `colorizer_hf.metrics.pairs`; none if `photo_share` is 1.
        crop_size: Side in pixels of the square crops the network sees, those of photographs included.
        min_crop: Smallest crop of a pair as a share of its shorter side.
        stored_size: Pairs with a larger shorter side are reduced to this when they are read.
        camera_jitter: How differently the infrared of a pair is exposed each time, in [0, 1]; see
            `pseudo_nir.expose_anew`.
        photo_share: Share of the samples that come from ordinary photographs, in [0, 1].
        held_out: Folders and tars of pairs to be measured on later; for leaks they count as test pairs.
        drop_leaks: Train without the pairs that show test pairs instead of refusing to train; see `leaks.check_split`.
        num_workers: Processes that prepare crops.
    """

    sources: tuple[str, ...] = ()
    crop_size: int = 128
    min_crop: float = 0.65
    stored_size: int = 256
    camera_jitter: float = 0.0
    photo_share: float = 0.0
    held_out: tuple[str, ...] = ()
    drop_leaks: bool = False
    num_workers: int = 1


def read_training_pairs(config: PairConfig) -> list[NirPair]:
    """The pairs of all sources.

    Raises:
        ImageError: a source cannot be read or has no pairs.
    """
    return [pair for source in config.sources for pair in read_pairs(source)]


def read_split(config: PairConfig, test: str | None) -> tuple[list[NirPair], list[NirPair]]:
    """The pairs to train on, none if all samples are photographs, and those to measure on, none without `test`.

    Training pairs that show a test pair are dropped, and named, if `config.drop_leaks` allows it.

    Raises:
        ImageError: a source cannot be read or has no pairs.
        TrainingDataError: the split leaks and that is not allowed.
    """
    pairs = read_training_pairs(config) if config.photo_share < 1 else []
    tested = list(read_pairs(test)) if test else []
    kept = [pair for source in config.held_out for pair in read_pairs(source)] if pairs else []
    pairs, leaks = check_split(pairs, [*tested, *kept], allow=config.drop_leaks)
    for leak in leaks:
        print(f"dropped: {leak}")
    return pairs, tested


def join_pair(pair: NirPair, stored_size: int) -> np.ndarray:
    """Both sides of a pair as one picture (H, W, 4) uint8, reduced to `stored_size`; infrared is at least 1."""
    nir, rgb = (reduce_photo(Image.fromarray(side), stored_size) for side in (to_8_bits(pair.nir), pair.rgb))
    return np.dstack([rgb, nir.clip(1)])


def to_8_bits(nir: np.ndarray) -> np.ndarray:
    """8-bit infrared as it is; 16-bit infrared (H, W) stretched between two percentiles: few files use their range."""
    if nir.dtype == np.uint8:
        return nir
    low, high = np.percentile(nir, STRETCHED)
    return ((nir - low) / max(high - low, 1) * 255).clip(0, 255).round().astype(np.uint8)


def split_batch(batch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Take a batch of samples apart.

    Args:
        batch: (B, 4, S, S) uint8.

    Returns:
        Colours (B, 3, S, S) and infrared (B, 1, S, S) in [0, 1], and which samples have infrared (B) bool.
    """
    rgb, nir = batch.split([3, 1], dim=1)
    return rgb / 255, nir / 255, nir.flatten(1).amax(dim=1) > 0


class WithoutInfrared(Dataset[Tensor]):
    """Samples (3, S, S) of ordinary photographs with the channel (4, S, S) that says there is no infrared."""

    def __init__(self, photos: Dataset[Tensor]) -> None:
        self.photos = photos

    def __getitem__(self, index: int) -> Tensor:
        return F.pad(self.photos[index], (0, 0, 0, 0, 0, 1))


class MixedCrops(Dataset[Tensor]):
    """Samples of two endless runs in one, evenly mixed; each run keeps its own order.

    Sample n is a pure function of n and of the two.

    Args:
        first: The one.
        second: The other.
        share: Of the samples that come from `second`, in [0, 1].
        total: Length of the run.
    """

    def __init__(self, first: Dataset[Tensor], second: Dataset[Tensor], *, share: float, total: int) -> None:
        self.first = first
        self.second = second
        self.share = share
        self.total = total

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, index: int) -> Tensor:
        of_second = int(index * self.share)  # how many samples before this one
        is_second = int((index + 1) * self.share) > of_second
        return self.second[of_second] if is_second else self.first[index - of_second]


def build_pair_loader(
    pairs: Sequence[NirPair],
    photos: DataConfig,
    config: PairConfig,
    *,
    batch_size: int,
    seed: int,
    start: int,
    total: int,
) -> DataLoader[Tensor]:
    """Batches (batch_size, 4, S, S) uint8 of the samples `start` to `total` of an endless run; see above.

    Args:
        pairs: From `read_training_pairs`, after `leaks.check_split`.
        photos: Ordinary photographs, not read if `config.photo_share` is 0. The size of their crops and the number of
            workers are those of `config`.
        config: How pairs are cut, and how they are mixed with photographs.
        batch_size: Samples in a batch.
        seed: Of order and crops.
        start: First sample.
        total: Length of the run.

    Raises:
        TrainingDataError: the share is none, or there are no pairs or photographs where some are needed.
    """
    share = config.photo_share
    if not 0 <= share <= 1:
        raise TrainingDataError(f"pairs.photo_share must be between 0 and 1, got {share}")
    sets: list[Dataset[Tensor]] = []
    if share < 1:
        crop = RandomCrop(config.crop_size, config.min_crop)
        sets.append(MemoryCrops(_join_pairs(pairs, config.stored_size), crop=crop, seed=seed, total=total))
    if share > 0:
        photos = replace(photos, crop_size=config.crop_size)
        sets.append(WithoutInfrared(MemoryPhotos(photos, seed=seed, total=total)))
    samples = MixedCrops(*sets, share=share, total=total) if len(sets) == 2 else sets[0]
    return DataLoader(samples, batch_size, sampler=range(start, total), num_workers=config.num_workers, drop_last=True)


def _join_pairs(pairs: Sequence[NirPair], stored_size: int) -> list[np.ndarray]:
    if not pairs:
        raise TrainingDataError(
            "there are no pairs to train on; set pairs.sources to folders or tars of them, or pairs.photo_share to 1"
        )
    return [join_pair(pair, stored_size) for pair in pairs]
