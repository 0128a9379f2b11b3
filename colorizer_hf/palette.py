"""Palettes: the colours that a picture should be made of, from another photograph or named one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .amounts import DEFAULT_STRENGTH, check_amount
from .color import CHROMA_SCALE, hex_to_rgb, rgb_to_lab
from .errors import ImageError
from .hints import parse_color
from .imaging import Photo, read

REFERENCE_SIDE = 128  # pixels of a reference photograph's longer side
MOST_COLORS = 64  # of a photograph
_STEP = 10  # Lab units: colours of a photograph that lie nearer are one


@dataclass(frozen=True)
class Palette:
    """Colours and their shares.

    `Palette.of_photo` and `Palette.of_colors` make one.

    Attributes:
        chroma: Lab a and b of each colour.
        shares: Of the picture, for each colour; they sum to 1.
        strength: How much of the picture should follow the palette, 0 to 1; the rest stays as it is predicted. What
            surely has a colour keeps it at any strength.

    Raises:
        ValueError: the strength is outside its range.
    """

    chroma: tuple[tuple[float, float], ...]
    shares: tuple[float, ...]
    strength: float = DEFAULT_STRENGTH

    def __post_init__(self) -> None:
        check_amount("the strength of a palette", self.strength)

    @classmethod
    def of_colors(cls, colors: Sequence[str | Sequence[int]], *, strength: float = DEFAULT_STRENGTH) -> "Palette":
        """The colours in equal shares.

        Args:
            colors: "#rrggbb", or red, green, blue in 0..255. Only their chroma counts.
            strength: See the attribute.

        Raises:
            HintError: one of them is no colour.
            ValueError: there are none.
        """
        names = [parse_color(color) for color in colors]
        if not names:
            raise ValueError("a palette must have at least one colour")
        rgb = np.array([[hex_to_rgb(name) for name in names]], np.uint8)
        pairs = tuple((a, b) for a, b in _chroma(rgb).tolist())
        return cls(pairs, (1 / len(names),) * len(names), strength)

    @classmethod
    def of_photo(cls, photo: Any, *, strength: float = DEFAULT_STRENGTH) -> "Palette":
        """The colours of a photograph, in the shares that they have there.

        Args:
            photo: A colour photograph in any form that `colorizer_hf.imaging.read` takes, or read with `own_colors`.
            strength: See the attribute.

        Raises:
            ImageError: it cannot be read, or is gray.
        """
        colors = (photo if isinstance(photo, Photo) else read(photo, own_colors=REFERENCE_SIDE)).colors
        if colors is None:
            raise ImageError("the photograph whose colours should be used has none; take another")
        chroma = _chroma(colors)
        cells, cell, counts = np.unique((chroma / _STEP).round(), axis=0, return_inverse=True, return_counts=True)
        means = [np.bincount(cell.ravel(), chroma[:, axis], len(cells)) / counts for axis in range(2)]
        largest = np.argsort(-counts, kind="stable")[:MOST_COLORS]
        shares = counts[largest] / counts[largest].sum()
        pairs = zip(means[0][largest].tolist(), means[1][largest].tolist(), strict=True)
        return cls(tuple(pairs), tuple(shares.tolist()), strength)

    def as_array(self) -> np.ndarray:
        """(P, 3) float32: Lab a and b / 110 of each colour, and its share times the strength."""
        shares = np.array(self.shares)[:, None] * self.strength
        return np.hstack([np.array(self.chroma) / CHROMA_SCALE, shares]).astype(np.float32)


def _chroma(rgb: np.ndarray) -> np.ndarray:
    """Lab a and b (N, 2) of pixels (h, w, 3) uint8."""
    _, chroma = rgb_to_lab(np.moveaxis(rgb.reshape(1, -1, 1, 3) / np.float32(255), -1, 1))
    return chroma[0, :, :, 0].T * CHROMA_SCALE


__all__ = ["MOST_COLORS", "REFERENCE_SIDE", "Palette"]
