"""`Photo`: what reading gives and the rest of the path works on."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from PIL import Image

from .metadata import Metadata

_KEPT_REDUCTIONS = 4  # a page shows a photo fitted, as a small picture, and zoomed in


@dataclass(frozen=True, eq=False)
class Photo:
    """A photograph without its colours, upright, at full size.

    Attributes:
        luminance: (H, W) uint8, or uint16 for sources of more than 8 bits: per pixel the code of the sRGB gray that
            has its CIE luminance. The pixels of a gray sRGB picture are their own codes, bit for bit.
        alpha: (H, W) of the same type, 0 transparent; None where the source has no transparency.
        metadata: what a written file should keep.
        format: format of the source file, one of `formats.FORMATS`; None if it was no file.
        notes: what a user should know, as phrases: "page 1 of 3 was read".
        colors: (h, w, 3) uint8, sRGB, reduced: the colours that it came with; None if it was gray or nobody asked.
        levels: the numbers of the source that became black and white; None where its codes were taken as they are.
    """

    luminance: np.ndarray
    alpha: np.ndarray | None = None
    metadata: Metadata = field(default_factory=Metadata)
    format: str | None = None
    notes: tuple[str, ...] = ()
    colors: np.ndarray | None = None
    levels: tuple[float, float] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.luminance.shape
        return width, height

    def reduced(self, longer_side: int) -> "Photo":
        """The photo for a screen: 8 bits, its longer side at most so many pixels; itself if it is so already.

        Asking again gives the same object, as long as not many other sizes were asked for.
        """
        if max(self.size) <= longer_side and self.luminance.dtype == np.uint8:
            return self
        if longer_side not in self._reductions:
            scale = min(longer_side / max(self.size), 1.0)
            width, height = (max(1, round(side * scale)) for side in self.size)
            luminance, alpha = (
                None if codes is None else _resized(codes, (width, height)) for codes in (self.luminance, self.alpha)
            )
            while len(self._reductions) >= _KEPT_REDUCTIONS:
                del self._reductions[next(iter(self._reductions))]
            self._reductions[longer_side] = replace(self, luminance=luminance, alpha=alpha)
        return self._reductions[longer_side]

    @cached_property
    def _reductions(self) -> "dict[int, Photo]":
        return {}


def eight_bit(codes: np.ndarray) -> np.ndarray:
    """uint16 codes rounded to uint8, by table: no wider copy on the way; uint8 as they are."""
    if codes.dtype == np.uint8:
        return codes
    table = ((np.arange(65536, dtype=np.uint32) + 128) // 257).astype(np.uint8)
    return table[codes]


def _resized(codes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Codes (H, W) averaged to width and height, as uint8."""
    # Hamming: as fast as an area average, without its uneven steps where a picture shrinks only a little.
    return np.asarray(Image.fromarray(eight_bit(codes)).resize(size, Image.Resampling.HAMMING, reducing_gap=2.0))
