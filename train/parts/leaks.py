"""Training pairs that show what test pairs show: a result on such a test set is worth less than it looks.

The public test set of the VCIP 2020 challenge, for one, shares eight pictures with its training set, and its crops come
from photographs that gave other crops to training. Two searches:

* the same pixels, in near infrared or in colour;
* the same place in both, as whole pictures or where they overlap: correlation over all shifts, of infrared and of
  brightness, on thumbnails. Of the two the lower one counts, so that a common horizon is not enough.

Thumbnails have a shorter side of 32, and are enlarged to 64 for the decision: with as little detail a shift by a
fraction of a pixel costs nothing. Measured on the VCIP and EPFL sets, crops of one photograph have 0.977 or more and
different places 0.951 or less. Not found are mirrored and turned pictures, and such whose scales differ by more than a
few per cent.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.fft import irfft2, rfft2

from colorizer_hf.errors import TrainingDataError
from colorizer_hf.metrics.pairs import NirPair

THRESHOLD = 0.97
CANDIDATE = 0.8  # correlation of the small thumbnails that is worth a second look; leaks have above 0.9
SIDE = 32
OVERLAP = 0.3  # of the smaller picture; less of it is like a piece of anything
STRUCTURE = 0.1  # of a picture's variance that its overlap must have: a clear sky is like any other
NAMED = 3  # leaks in a message


@dataclass(frozen=True, eq=False)
class Leak:
    """A training pair that shows what a test pair shows.

    Attributes:
        train: The one.
        test: The other.
        correlation: Of their overlap, in [-1, 1]; 1 if a picture is the same pixel by pixel.
    """

    train: NirPair
    test: NirPair
    correlation: float

    def __str__(self) -> str:
        return f"{self.train.name} shows {self.test.name}"


def check_split(
    train: Sequence[NirPair], test: Sequence[NirPair], allow: bool = False
) -> tuple[list[NirPair], list[Leak]]:
    """Refuse a split that leaks, or repair it.

    Args:
        train: Pairs to train on.
        test: Pairs to measure on.
        allow: Whether to go on without the training pairs that leak instead of refusing.

    Returns:
        The training pairs that may be used, and why the others may not.

    Raises:
        TrainingDataError: the split leaks and that is not allowed.
    """
    leaks = find_leaks(train, test)
    dropped = {leak.train for leak in leaks}
    if leaks and not allow:
        first = ", ".join(str(leak) for leak in leaks[:NAMED])
        raise TrainingDataError(
            f"{len(dropped)} of {len(train)} training pairs show what test pairs show ({first}"
            f"{', ...' if len(leaks) > NAMED else ''}); remove them, or set pairs.drop_leaks to train without them"
        )
    return [pair for pair in train if pair not in dropped], leaks


def find_leaks(train: Sequence[NirPair], test: Sequence[NirPair]) -> list[Leak]:
    """Every two pairs, of training and of test, that are identical or overlap; see above."""
    if not train or not test:
        return []
    digests_of_ours, digests_of_theirs = ([_digests(pair) for pair in pairs] for pairs in (train, test))
    same = [[not a.isdisjoint(b) for b in digests_of_theirs] for a in digests_of_ours]
    ours, theirs = ([thumbnails(pair) for pair in pairs] for pairs in (train, test))
    correlations = overlap_correlations(ours, theirs)
    leaks = []
    for i, j in np.argwhere(np.array(same) | (correlations > CANDIDATE)).tolist():
        correlation = 1.0 if same[i][j] else overlap_correlations([_enlarged(ours[i])], [_enlarged(theirs[j])]).item()
        if correlation > THRESHOLD:
            leaks.append(Leak(train[i], test[j], correlation))
    return leaks


def thumbnails(pair: NirPair) -> Tensor:
    """Infrared and mean of the colours (2, h, w) with mean 0 and variance 1; the shorter side is `SIDE`."""
    height, width = pair.nir.shape
    scale = SIDE / min(height, width)
    size = (round(width * scale), round(height * scale))
    channels = [
        np.asarray(Image.fromarray(channel).resize(size, Image.Resampling.LANCZOS))
        for channel in (pair.nir.astype(np.float32), pair.rgb.mean(axis=2, dtype=np.float32))
    ]
    small = torch.from_numpy(np.stack(channels))
    return F.layer_norm(small, small.shape[1:])


def overlap_correlations(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> np.ndarray:
    """The best correlation of each two pictures over all shifts that leave enough overlap.

    Sums over the overlap come from Fourier transforms: Padfield 2012, "Masked object registration in the Fourier
    domain".

    Args:
        ours: Pictures (C, h, w) with mean 0; sizes may differ.
        theirs: Likewise.

    Returns:
        (len(ours), len(theirs)), the lowest among the channels at the best shift; -1 if no overlap has structure.
    """
    sides = [max(p.shape[d] for p in ours) + max(p.shape[d] for p in theirs) for d in (1, 2)]
    canvas = tuple(-(-side // 16) * 16 for side in sides)  # transforms of round sizes are quicker
    a, b = _transform(ours, canvas), _transform(theirs, canvas)
    best = [_correlate(a, _Transforms(*(part[j : j + 1] for part in b)), canvas) for j in range(len(theirs))]
    return torch.stack(best, dim=1).numpy()


class _Transforms(NamedTuple):
    """Fourier transforms of N padded pictures, of their squares, and of where they are; and sizes and variances."""

    values: Tensor
    squares: Tensor
    masks: Tensor
    areas: Tensor  # (N, 1, 1, 1)
    variances: Tensor  # (N, C, 1, 1)


def _transform(pictures: Sequence[Tensor], canvas: tuple[int, ...]) -> _Transforms:
    values = torch.zeros(len(pictures), len(pictures[0]), *canvas)
    masks = torch.zeros(len(pictures), 1, *canvas)
    for n, picture in enumerate(pictures):
        _, height, width = picture.shape
        values[n, :, :height, :width] = picture
        masks[n, :, :height, :width] = 1
    areas = masks.sum(dim=(2, 3), keepdim=True)
    variances = values.square().sum(dim=(2, 3), keepdim=True) / areas
    return _Transforms(rfft2(values), rfft2(values.square()), rfft2(masks), areas, variances)


def _correlate(a: _Transforms, b: _Transforms, canvas: tuple[int, ...]) -> Tensor:
    """Best correlation of each of N pictures with one, (N)."""

    def sums(first: Tensor, second: Tensor) -> Tensor:
        """Over the overlap at every shift, (N, C, *canvas)."""
        return irfft2(first * second.conj(), s=canvas)

    count = sums(a.masks, b.masks).round().clamp(min=1)
    mean_a, mean_b = sums(a.values, b.masks) / count, sums(a.masks, b.values) / count
    variance_a = sums(a.squares, b.masks) / count - mean_a.square()
    variance_b = sums(a.masks, b.squares) / count - mean_b.square()
    covariance = sums(a.values, b.values) / count - mean_a * mean_b
    correlation = covariance / (variance_a * variance_b).clamp(min=1e-12).sqrt()
    counts = (variance_a > STRUCTURE * a.variances) & (variance_b > STRUCTURE * b.variances)
    counts &= count >= OVERLAP * torch.minimum(a.areas, b.areas)
    return torch.where(counts, correlation, -1).amin(dim=1).flatten(1).amax(dim=1)


def _enlarged(picture: Tensor) -> Tensor:
    return F.interpolate(picture[None], scale_factor=2, mode="bicubic")[0]


def _digests(pair: NirPair) -> set[bytes]:
    """Of the decoded pixels of both pictures."""
    return {
        hashlib.sha256(f"{pixels.shape} {pixels.dtype}".encode() + pixels.tobytes()).digest()
        for pixels in (pair.nir, pair.rgb)
    }
