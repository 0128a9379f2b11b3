"""Pictures that no network made, to hold a near-infrared (NIR) colorizer against.

| floor | picture |
| --- | --- |
| `nir_copied` | the frame in all three channels |
| `nir_toned` | the frame as luminance with the mean chroma of the training photographs |
| `nir_table` | the mean training colour of pixels that are as bright in NIR, in 32 steps; only with training pairs |
| `true_luminance` | the true CIE luminance without any colour: what brightness alone is worth |

A network that keeps the frame as luminance cannot get far from the first two, however good its colours are.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..color import CHROMA_SCALE, lab_to_rgb, luminance_codes, rgb_to_lab
from ..imaging import eight_bit
from .pairs import NirPair

BINS = 32
# Mean a and b in Lab units of the training photographs of VCIP 2020, less those that show a public test image.
VCIP2020_TONE = (-0.54, 2.64)


@dataclass(frozen=True, eq=False)
class TrainingColours:
    """What the floors know of training photographs.

    Attributes:
        tone: Mean a and b in Lab units.
        table: (32, 3) mean RGB in 0..255 by brightness in NIR; None without pairs to fit it on.
        images: Number of training pairs.
    """

    tone: tuple[float, float] = VCIP2020_TONE
    table: np.ndarray | None = None
    images: int = 0


def training_colours(pairs: Iterable[NirPair]) -> TrainingColours:
    """Mean colours of training pairs; every pixel counts the same.

    Args:
        pairs: Read one by one; at least one.

    Raises:
        ValueError: there are no pairs.
    """
    sums, counts = np.zeros((BINS, 3)), np.zeros(BINS)
    chroma_sum, images = torch.zeros(2, dtype=torch.float64), 0
    for pair in pairs:
        bins = _bins(pair.nir).ravel()
        counts += np.bincount(bins, minlength=BINS)
        sums += np.stack([np.bincount(bins, channel.ravel(), BINS) for channel in np.moveaxis(pair.rgb, -1, 0)], axis=1)
        _, chroma = rgb_to_lab(to_batch(pair.rgb) / 255)
        chroma_sum += chroma.double().sum(dim=(0, 2, 3))
        images += 1
    if not images:
        raise ValueError("pairs must hold at least one pair, got none")
    a, b = (chroma_sum / counts.sum() * CHROMA_SCALE).tolist()
    seen = counts > 0
    # A brightness that no training pixel has gets the colour between its neighbours'.
    steps = np.arange(BINS)
    table = [np.interp(steps, steps[seen], channel[seen] / counts[seen]) for channel in sums.T]
    return TrainingColours((a, b), np.stack(table, axis=1), images)


def frame_floors(nir: np.ndarray, training: TrainingColours) -> dict[str, Tensor]:
    """The floors that a frame alone gives.

    Args:
        nir: (H, W) uint8 or uint16.
        training: Without a table there is no `nir_table`.

    Returns:
        Pictures (1, 3, H, W) uint8 by name.
    """
    copied = _gray_picture(eight_bit(nir))
    luminance, gray = rgb_to_lab(copied / 255)
    tone = (torch.tensor(training.tone) / CHROMA_SCALE).view(1, 2, 1, 1).expand_as(gray)
    pictures = {"nir_copied": copied, "nir_toned": (lab_to_rgb(luminance, tone) * 255).round().to(torch.uint8)}
    if training.table is not None:
        pictures["nir_table"] = to_batch(np.rint(training.table).astype(np.uint8)[_bins(nir)])
    return pictures


def true_luminance(truth: Tensor) -> Tensor:
    """A photograph without its colours.

    Args:
        truth: (1, 3, H, W) RGB, uint8 or float in 0..255.

    Returns:
        (1, 3, H, W) uint8 gray of the same CIE luminance.
    """
    deep = (truth[0].double() * 257).round().to(torch.int32).numpy().astype(np.uint16)  # stretched ones are no integers
    return _gray_picture(eight_bit(luminance_codes(np.moveaxis(deep, 0, -1))))


def to_batch(rgb: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 as a tensor (1, 3, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(rgb, -1, 0)))[None]


def _bins(nir: np.ndarray) -> np.ndarray:
    return eight_bit(nir) // np.uint8(256 // BINS)


def _gray_picture(codes: np.ndarray) -> Tensor:
    return to_batch(np.repeat(codes[..., None], 3, axis=-1))


__all__ = ["BINS", "VCIP2020_TONE", "TrainingColours", "frame_floors", "to_batch", "training_colours", "true_luminance"]
