"""Samples for networks that look at things one by one: single things, and whole photographs with their boxes."""

from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from colorizer_hf.errors import TrainingDataError
from colorizer_hf.models.box_batch import BoxBatch

from .boxes import BoxSource
from .data import DataConfig, load_photos, permutation
from .photo_set import PhotoSet


class BoxedPhotos(NamedTuple):
    """A sample, or a batch of them with a dimension B in front.

    Attributes:
        photos: (3, S, S) uint8.
        corners: (8, 4), see `TrainingPhoto`; what is no box has no area.
    """

    photos: Tensor
    corners: Tensor

    @property
    def boxes(self) -> BoxBatch:
        """Those of a batch."""
        return BoxBatch(self.corners, is_box(self.corners))


def is_box(corners: Tensor) -> Tensor:
    """(..., N) of corners (..., N, 4): padding has no area."""
    return corners[..., 2] > corners[..., 0]


class BoxedSamples(Dataset[Any]):
    """Samples of an endless run over photographs with boxes.

    Sample n is a pure function of (seed, n), and each epoch shows every photograph once.

    Args:
        photos: Each has one box at least.
        size: Side S of a sample in pixels.
        seed: Of order, choice and mirroring.
        total: Length of the run.
    """

    def __init__(self, photos: PhotoSet, *, size: int, seed: int, total: int) -> None:
        self.photos = photos
        self.size = size
        self.seed = seed
        self.total = total

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, index: int) -> Any:
        epoch, turn = divmod(index, len(self.photos))
        place = int(permutation(len(self.photos), self.seed, epoch)[turn])
        assert self.photos.boxes is not None  # `build_thing_loader` asks for them
        corners = torch.from_numpy(self.photos.boxes[place])
        return self.sample(self.photos[place], corners, np.random.default_rng((self.seed, index)))

    def sample(self, picture: np.ndarray, corners: Tensor, rng: np.random.Generator) -> Any:
        """What is made of a picture (H, W, 3) uint8 and its boxes (8, 4)."""
        raise NotImplementedError


class Things(BoxedSamples):
    """(3, S, S) uint8: of each photograph one of its things, squashed to a square and mirrored half of the time."""

    def sample(self, picture: np.ndarray, corners: Tensor, rng: np.random.Generator) -> Tensor:
        """See the class."""
        thing = corners[rng.integers(int(is_box(corners).sum()))]
        return squash(picture, thing.tolist(), self.size, mirror=rng.random() < 0.5)


class WholePhotos(BoxedSamples):
    """`BoxedPhotos`: the photographs squashed to a square and mirrored half of the time, with all of their boxes."""

    def sample(self, picture: np.ndarray, corners: Tensor, rng: np.random.Generator) -> BoxedPhotos:
        """See the class."""
        is_mirrored = rng.random() < 0.5
        if is_mirrored:
            mirrored = torch.stack([1 - corners[:, 2], corners[:, 1], 1 - corners[:, 0], corners[:, 3]], dim=1)
            corners = torch.where(is_box(corners).unsqueeze(1), mirrored, corners)
        return BoxedPhotos(squash(picture, [0, 0, 1, 1], self.size, mirror=is_mirrored), corners)


def squash(picture: np.ndarray, edges: list[float], size: int, *, mirror: bool) -> Tensor:
    """A part of a picture (H, W, 3) uint8, its edges in shares of the sides, as (3, S, S)."""
    height, width = picture.shape[:2]
    left, top, right, bottom = (share * side for share, side in zip(edges, (width, height) * 2, strict=True))
    image = Image.fromarray(picture).resize((size, size), Image.Resampling.BILINEAR, box=(left, top, right, bottom))
    if mirror:
        image = ImageOps.mirror(image)
    return torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)


def build_thing_loader(
    config: DataConfig,
    source: BoxSource,
    *,
    size: int,
    is_whole: bool,
    batch_size: int,
    seed: int,
    start: int,
    total: int,
) -> DataLoader[Any]:
    """Batches of `WholePhotos` or else of `Things`; photographs without boxes are left out.

    Args:
        config: Which photographs; how they are cut is not asked.
        source: Where boxes come from.
        size: Side of the samples in pixels.
        is_whole: Which of the two.
        batch_size: Samples in a batch.
        seed: Of the samples.
        start: First sample.
        total: Length of the run.

    Raises:
        TrainingDataError: there are no usable photographs, or none has a box.
    """
    photos = load_photos(config, source)
    assert photos.boxes is not None  # asked for
    photos = photos.select(np.flatnonzero(photos.boxes.any(axis=(1, 2))))
    if not len(photos):
        raise TrainingDataError(
            f"no photo of {', '.join(config.sources)} has boxes; put a JSON of them beside (see train/parts/boxes.py), "
            "or set boxes to saliency or grid"
        )
    kind = WholePhotos if is_whole else Things
    samples = kind(photos, size=size, seed=seed, total=total)
    return DataLoader(samples, batch_size, sampler=range(start, total), num_workers=config.num_workers, drop_last=True)
