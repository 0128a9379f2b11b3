"""Training photographs: where they come from, which are kept, and how crops are cut.

A source is a folder of images, a WebDataset tar (braces such as `train-{00000..00006}.tar` expand), or a dataset id of
the Hugging Face Hub written `hf://owner/name[:split]`, which is streamed. An index beside a tar (`train-00000.tsv` with
columns `key` and `source`) says where each of its photographs comes from, a JSON (`train-00000.json`; in a folder
`boxes.json`) where things are on them (`boxes.py`). `MemoryPhotos` decodes everything once, into memory or into a file,
and gives random access; `StreamedPhotos` reads on and on through a shuffle buffer.
"""

import csv
import io
import itertools
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from accelerate import PartialState
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info
from webdataset.shardlists import expand_urls

from colorizer_hf.color import CHROMA_SCALE, rgb_to_lab
from colorizer_hf.errors import TrainingDataError
from colorizer_hf.metrics.nir_floors import to_batch

from .boxes import BoxSource, find_boxes, read_boxes
from .photo_set import PhotoSet, TrainingPhoto, drawing_shares, store_photos

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


@dataclass(frozen=True)
class RandomCrop:
    """Cuts a random part of a picture, squashes it to a square and mirrors it half of the time.

    Attributes:
        size: Side S of the square in pixels.
        min_crop: Smallest part as a share of the largest that fits; 1 always takes the largest.
        max_stretch: Parts are up to so many times as wide as high, or as high as wide; 1 takes squares. The
            evaluation protocols squash photographs, so a network should know what they look like then.
    """

    size: int
    min_crop: float
    max_stretch: float = 1.0

    def __call__(self, picture: np.ndarray, rng: np.random.Generator) -> Tensor:
        """A part of a picture.

        Args:
            picture: (H, W, 3) or (H, W, 4) uint8; what belongs together is cut together.
            rng: Decides everything.

        Returns:
            (3, S, S) or (4, S, S) uint8.
        """
        height, width, channels = picture.shape
        aspect = self.max_stretch ** rng.uniform(-1, 1)
        part_height = rng.uniform(self.min_crop, 1) * min(height, width / aspect)
        part_width = part_height * aspect
        left, top = rng.uniform(0, width - part_width), rng.uniform(0, height - part_height)
        mode = {3: "RGB", 4: "CMYK"}[channels]  # RGBA would be weighed by its fourth channel
        crop = Image.frombytes(mode, (width, height), picture.tobytes()).resize(
            (self.size, self.size),
            Image.Resampling.BILINEAR,
            box=(left, top, left + part_width, top + part_height),
        )
        if rng.random() < 0.5:
            crop = ImageOps.mirror(crop)
        return torch.from_numpy(np.asarray(crop).copy()).permute(2, 0, 1)


@dataclass(frozen=True)
class DataConfig:
    """Which photographs a run learns from.

    Attributes:
        sources: Folders, tars or `hf://` ids; at least one.
        crop_size: Side in pixels of the square crops the network sees.
        min_crop: See `RandomCrop`, as the next one.
        max_stretch: Likewise.
        stored_size: Photos with a larger shorter side are reduced to this when they are decoded.
        min_chroma: Photos with a lower mean chroma (Lab units) are dropped: they say nothing of colour.
        source_balance: 0 draws every photo equally often; 1 every origin, however few photos it has; what lies between
            is a compromise. Needs random access, as the next one does.
        weak_share: Share of the samples that are weakly coloured photos; None draws them as often as there are.
        limit: Take at most so many photos from all sources together; None takes all.
        in_memory: Decode once and keep all photos in memory; otherwise stream.
        cache: Folder in which the decoded photos are kept for this and later runs with the same sources, instead of in
            memory.
        shuffle_buffer: Photos held for shuffling when streaming.
        num_workers: Processes that prepare crops.
    """

    sources: tuple[str, ...]
    crop_size: int = 128
    min_crop: float = 0.65
    max_stretch: float = 1.0
    stored_size: int = 160
    min_chroma: float = 4.0
    source_balance: float = 0.0
    weak_share: float | None = None
    limit: int | None = None
    in_memory: bool = True
    cache: str | None = None
    shuffle_buffer: int = 1000
    num_workers: int = 1

    @property
    def crop(self) -> RandomCrop:
        """How crops are cut."""
        return RandomCrop(self.crop_size, self.min_crop, self.max_stretch)


class SourcePhoto(NamedTuple):
    """A photograph as a source has it.

    Attributes:
        image: Upright, RGB.
        origin: Where it comes from.
        boxes: What the JSON beside it says of things on it; None if it says nothing.
    """

    image: Image.Image
    origin: str
    boxes: list[Any] | None = None


def read_source(source: str) -> Iterator[SourcePhoto]:
    """Yield the readable photographs of one source.

    Raises:
        TrainingDataError: the source does not exist or holds no photograph.
    """
    found = False
    for photo in _open_source(source):
        found = True
        yield photo
    if not found:
        raise TrainingDataError(
            f"{source} holds no readable photograph; give a folder of images, a tar or hf://owner/name"
        )


def read_all(config: DataConfig, boxes: BoxSource | None = None) -> Iterator[TrainingPhoto]:
    """Yield the photographs of all sources, reduced to `stored_size`, near-gray ones as well.

    Args:
        config: Which photographs.
        boxes: Where boxes around their things come from; None: nobody asks for them.

    Raises:
        TrainingDataError: there are no sources, or one has no photographs, or boxes that are none.
    """
    if not config.sources:
        raise TrainingDataError("no training photographs were given; set data.sources to folders, tars or hf:// ids")
    for source in config.sources:
        for photo in read_source(source):
            picture = reduce_photo(photo.image, config.stored_size)
            things = None if boxes is None else find_boxes(boxes, picture, photo.boxes, photo.image.size)
            yield TrainingPhoto(picture, mean_chroma(picture), photo.origin, things)


def read_photos(config: DataConfig) -> Iterator[np.ndarray]:
    """Yield the photographs of all sources, (H, W, 3) uint8, reduced to `stored_size`, near-gray ones left out.

    Raises:
        TrainingDataError: there are no sources, or one has no photographs.
    """
    colourful = (photo.picture for photo in read_all(config) if photo.chroma >= config.min_chroma)
    yield from itertools.islice(colourful, config.limit)


def load_photos(config: DataConfig, boxes: BoxSource | None = None) -> PhotoSet:
    """All that `read_photos` yields, with random access.

    Args:
        config: Which photographs.
        boxes: See `read_all`.

    Raises:
        TrainingDataError: there are no sources, none of their photographs has colour, or the cache is of others.
    """
    if config.cache is None:
        photos = PhotoSet.of(read_all(config, boxes))
    else:
        made_of: dict[str, Any] = {"sources": list(config.sources), "stored_size": config.stored_size}
        made_of |= {"boxes": boxes} if boxes else {}
        with PartialState().main_process_first():  # the other processes of a run find it written
            photos = store_photos(Path(config.cache), made_of, read_all(config, boxes))
    colourful = photos.select(np.flatnonzero(photos.chroma >= config.min_chroma)[: config.limit])
    if not len(colourful):
        raise TrainingDataError(f"no photo of {', '.join(config.sources)} has a mean chroma of {config.min_chroma}")
    return colourful


def reduce_photo(image: Image.Image, size: int) -> np.ndarray:
    """The photo as (H, W, 3) uint8, its shorter side reduced to at most `size`."""
    scale = size / min(image.size)
    if scale < 1:
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    return np.asarray(image)


def mean_chroma(photo: np.ndarray) -> float:
    """Approximate mean Lab chroma of a photo (H, W, 3) uint8, from 48 x 48 pixels."""
    small = np.asarray(Image.fromarray(photo).resize((48, 48), Image.Resampling.BOX))
    _, chroma = rgb_to_lab(to_batch(small) / 255)
    return float(chroma.norm(dim=1).mean() * CHROMA_SCALE)


class MemoryCrops(Dataset[Tensor]):
    """Random crops of pictures in memory; sample n of an endless run is a pure function of (seed, n).

    So a run resumed at sample n goes on exactly as the uninterrupted one, with any number of workers. Without shares
    each epoch shows every picture once.

    Args:
        pictures: (H, W, 3) or (H, W, 4) uint8; at least one.
        crop: Cuts them.
        seed: Of order and crops.
        total: Length of the run.
        shares: Of the samples, for each picture; they sum to 1.
    """

    def __init__(
        self,
        pictures: Sequence[np.ndarray] | PhotoSet,
        *,
        crop: RandomCrop,
        seed: int,
        total: int,
        shares: np.ndarray | None = None,
    ) -> None:
        self.pictures = pictures
        self.crop = crop
        self.seed = seed
        self.total = total
        self.cumulative = None if shares is None else shares.cumsum()

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, index: int) -> Tensor:
        rng = np.random.default_rng((self.seed, index))
        return self.crop(self.pictures[self._place(index, rng)], rng)

    def _place(self, index: int, rng: np.random.Generator) -> int:
        count = len(self.pictures)
        if self.cumulative is None:
            epoch, place = divmod(index, count)
            return int(permutation(count, self.seed, epoch)[place])
        return min(int(np.searchsorted(self.cumulative, rng.random())), count - 1)


class MemoryPhotos(MemoryCrops):
    """All photographs decoded, drawn as often as the configuration says; samples (3, S, S) uint8."""

    def __init__(self, config: DataConfig, *, seed: int, total: int) -> None:
        photos = load_photos(config)
        shares = drawing_shares(photos, balance=config.source_balance, weak_share=config.weak_share)
        super().__init__(photos, crop=config.crop, seed=seed, total=total, shares=shares)


class StreamedPhotos(IterableDataset[Tensor]):
    """Crops from sources that are read over and over through a shuffle buffer; resumed by skipping.

    Workers read interleaved shares of the stream.
    """

    def __init__(self, config: DataConfig, *, seed: int, start: int, total: int) -> None:
        self.config = config
        self.seed = seed
        self.start = start
        self.total = total

    def __iter__(self) -> Iterator[Tensor]:
        worker = get_worker_info()
        share, shares = (worker.id, worker.num_workers) if worker else (0, 1)
        photos = itertools.islice(self._shuffled(), self.start, self.total)
        for n, photo in enumerate(photos, start=self.start):
            if n % shares == share:
                yield self.config.crop(photo, np.random.default_rng((self.seed, n)))

    def _shuffled(self) -> Iterator[np.ndarray]:
        rng = np.random.default_rng((self.seed, 1))
        buffer: list[np.ndarray] = []
        endless = itertools.chain.from_iterable(read_photos(self.config) for _ in itertools.count())
        for photo in endless:
            if len(buffer) < self.config.shuffle_buffer:
                buffer.append(photo)
                continue
            place = rng.integers(len(buffer))
            yield buffer[place]
            buffer[place] = photo


def build_loader(config: DataConfig, *, batch_size: int, seed: int, start: int, total: int) -> DataLoader[Tensor]:
    """Batches (batch_size, 3, S, S) uint8 of the samples `start` to `total` of an endless run.

    Raises:
        TrainingDataError: there are no usable photographs.
    """
    photos, sampler = StreamedPhotos(config, seed=seed, start=start, total=total), None
    if config.in_memory:
        photos, sampler = MemoryPhotos(config, seed=seed, total=total), range(start, total)
    return DataLoader(photos, batch_size, sampler=sampler, num_workers=config.num_workers, drop_last=True)


@lru_cache(maxsize=2)  # of two sets of pictures that are drawn from in turn
def permutation(length: int, seed: int, epoch: int) -> np.ndarray:
    """The order of one epoch."""
    return np.random.default_rng((seed, epoch, 0)).permutation(length)


def _open_source(source: str) -> Iterator[SourcePhoto]:
    if source.startswith("hf://"):
        yield from (SourcePhoto(image, source) for image in _read_hub(source.removeprefix("hf://")))
        return
    for name in expand_urls(source):
        path = Path(name)
        if path.is_dir():
            boxes = read_boxes(path / "boxes.json")
            yield from (SourcePhoto(image, source, boxes.get(name)) for image, name in _read_folder(path))
        elif path.is_file():
            origins = _read_origins(path.with_suffix(".tsv"))
            boxes = read_boxes(path.with_suffix(".json"))
            for image, name in _read_tar(path):
                yield SourcePhoto(image, origins.get(Path(name).stem, source), boxes.get(name))
        else:
            raise TrainingDataError(f"{path} does not exist; data.sources takes folders, tars and hf:// ids")


def _read_folder(folder: Path) -> Iterator[tuple[Image.Image, str]]:
    """Photographs with their paths in the folder."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in IMAGE_SUFFIXES and (image := _decode(path.read_bytes())):
            yield image, path.relative_to(folder).as_posix()


def _read_origins(index: Path) -> dict[str, str]:
    """Origins by key; none where there is no such index."""
    if not index.is_file():
        return {}
    with index.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["key"]: row["source"] for row in rows if row.get("key") and row.get("source")}


def _read_tar(path: Path) -> Iterator[tuple[Image.Image, str]]:
    """Photographs with their names."""
    try:
        with tarfile.open(path, "r|*") as tar:
            for member in tar:
                name = Path(member.name)
                is_image = name.suffix.lower() in IMAGE_SUFFIXES
                if is_image and (file := tar.extractfile(member)) and (image := _decode(file.read())):
                    yield image, member.name
    except tarfile.TarError as error:
        raise TrainingDataError(f"{path} is not a readable tar ({error}); write it again or remove it") from error


def _read_hub(name: str) -> Iterator[Image.Image]:
    from datasets import load_dataset

    repo, _, split = name.partition(":")
    rows = load_dataset(repo, split=split or "train", streaming=True)
    column = next((key for key, feature in (rows.features or {}).items() if type(feature).__name__ == "Image"), None)
    if column is None:
        raise TrainingDataError(f"hf://{name} has no image column; choose a dataset of photographs")
    for row in rows:
        yield ImageOps.exif_transpose(row[column]).convert("RGB")


def _decode(data: bytes) -> Image.Image | None:
    """The picture, or None if it is broken: one bad file must not end a long run."""
    try:
        return ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
