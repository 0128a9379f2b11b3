"""`Photo`: what reading gives and the rest of the path works on."""

from dataclasses import dataclass, field

import numpy as np

from .metadata import Metadata


@dataclass(frozen=True, eq=False)
class Photo:
    """A photograph without its colours, upright, at full size.

    Attributes:
        luminance: (H, W) uint8, or uint16 for sources of more than 8 bits: per pixel the code of the sRGB gray that
            has its CIE luminance. The pixels of a gray sRGB picture are their own codes, bit for bit.
        alpha: (H, W) of the same type, 0 transparent; None where the source has no transparency.
        metadata: what a written file should keep.
        format: format of the source file ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIC"); None if it was no file.
        notes: what a user should know, as phrases: "page 1 of 3 was read".
    """

    luminance: np.ndarray
    alpha: np.ndarray | None = None
    metadata: Metadata = field(default_factory=Metadata)
    format: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.luminance.shape
        return width, height
