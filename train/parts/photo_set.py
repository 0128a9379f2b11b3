"""Many photographs with random access: in memory, or decoded once into a file that is mapped into memory."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from colorizer_hf.errors import TrainingDataError

from .whole_folders import replacing

WEAK_CHROMA = 6.5  # mean Lab chroma below which a photograph counts as weakly coloured
_PIXELS, _INDEX, _MADE_OF = "pixels.bin", "index.npz", "made_of.json"


class TrainingPhoto(NamedTuple):
    """A photograph to learn from.

    Attributes:
        picture: (H, W, 3) uint8.
        chroma: Mean Lab chroma.
        origin: Where it comes from, such as a repository.
        boxes: (8, 4), left, top, right and bottom of things in shares of its width and height, as in `BoxBatch`; zeros
            after the last one; None where nobody asked for them.
    """

    picture: np.ndarray
    chroma: float
    origin: str
    boxes: np.ndarray | None = None


@dataclass(frozen=True)
class PhotoSet:
    """N photographs.

    Attributes:
        pixels: (bytes,) uint8, all pictures one after another.
        offsets: (N,) first byte of each.
        sizes: (N, 2) height and width.
        chroma: (N,) mean Lab chroma.
        origins: (N,) number of each one's origin.
        boxes: (N, 8, 4), see `TrainingPhoto`.
    """

    pixels: np.ndarray
    offsets: np.ndarray
    sizes: np.ndarray
    chroma: np.ndarray
    origins: np.ndarray
    boxes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.offsets)

    def __getitem__(self, place: int) -> np.ndarray:
        """A picture (H, W, 3) uint8."""
        height, width = (int(side) for side in self.sizes[place])
        start = int(self.offsets[place])
        return self.pixels[start : start + 3 * height * width].reshape(height, width, 3)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[place] for place in range(len(self)))

    @classmethod
    def of(cls, photos: Iterable[TrainingPhoto]) -> "PhotoSet":
        """These photographs, in memory."""
        photos = list(photos)
        pixels = np.concatenate([photo.picture.reshape(-1) for photo in photos]) if photos else np.empty(0, np.uint8)
        return cls(pixels, **_index(photos))

    def select(self, places: np.ndarray) -> "PhotoSet":
        """Some of the photographs; the pixels are shared."""
        columns = (self.offsets, self.sizes, self.chroma, self.origins)
        boxes = None if self.boxes is None else self.boxes[places]
        return PhotoSet(self.pixels, *(column[places] for column in columns), boxes)


def store_photos(folder: Path, made_of: dict[str, Any], photos: Iterable[TrainingPhoto]) -> PhotoSet:
    """Photographs kept in a folder; they are read, and the folder made, only if it does not exist.

    Args:
        folder: For this set alone.
        made_of: What the photographs are read from and how, as JSON; tells whether the folder holds the same.
        photos: Read once, one at a time: they need not fit into memory.

    Raises:
        TrainingDataError: the folder holds other photographs.
        TrainingError: it cannot be written.
    """
    if not folder.exists():
        _write(folder, made_of, photos)
    try:
        if json.loads((folder / _MADE_OF).read_text(encoding="utf-8")) != made_of:
            raise TrainingDataError(f"{folder} holds photographs of other sources; remove it or name another folder")
        pixels = np.memmap(folder / _PIXELS, np.uint8, "r")
        with np.load(folder / _INDEX) as index:
            return PhotoSet(pixels, **index)
    except (OSError, ValueError) as error:
        raise TrainingDataError(f"{folder} is no folder of decoded photographs; remove it") from error


def drawing_shares(photos: PhotoSet, *, balance: float, weak_share: float | None) -> np.ndarray | None:
    """How often each photograph is to be drawn, (N,) summing to 1; None where all are alike.

    Args:
        photos: What is drawn from.
        balance: Photographs of an origin that has n count n ** -balance each.
        weak_share: Of weakly coloured photographs together; None leaves it as it is.
    """
    if balance == 0 and weak_share is None:
        return None
    counts = np.bincount(photos.origins)
    shares = counts[photos.origins] ** -float(balance)
    if weak_share is not None:
        weak = photos.chroma < WEAK_CHROMA
        for group, share in ((weak, weak_share), (~weak, 1 - weak_share)):
            shares[group] *= share / max(shares[group].sum(), 1e-9)
    return shares / shares.sum()


def _index(photos: Sequence[TrainingPhoto]) -> dict[str, np.ndarray]:
    sizes = np.array([photo.picture.shape[:2] for photo in photos], np.int64).reshape(-1, 2)
    numbers: dict[str, int] = {}
    boxes = [photo.boxes for photo in photos if photo.boxes is not None]
    return {
        "offsets": np.concatenate([[0], 3 * sizes.prod(axis=1).cumsum()])[:-1].astype(np.int64),
        "sizes": sizes,
        "chroma": np.array([photo.chroma for photo in photos], np.float32),
        "origins": np.array([numbers.setdefault(photo.origin, len(numbers)) for photo in photos], np.int64),
    } | ({"boxes": np.stack(boxes).astype(np.float32)} if boxes else {})


def _write(folder: Path, made_of: dict[str, Any], photos: Iterable[TrainingPhoto]) -> None:
    with replacing(folder) as partial:
        known = []
        with (partial / _PIXELS).open("wb") as pixels:
            for photo in photos:
                pixels.write(photo.picture.tobytes())
                # the index needs the shape alone
                known.append(photo._replace(picture=np.broadcast_to(np.uint8(0), photo.picture.shape)))
        np.savez(partial / _INDEX, allow_pickle=False, **_index(known))
        (partial / _MADE_OF).write_text(json.dumps(made_of), encoding="utf-8")
