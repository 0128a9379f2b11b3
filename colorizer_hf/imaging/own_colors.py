"""The colours that a photograph came with: kept small to show them, at full size to compare with them."""

import sys
from functools import cached_property

import numpy as np
from PIL import Image

from .photo import eight_bit

FULL_SIZE = sys.maxsize
"""As a longer side: all pixels are kept, whatever they look like."""

PUT_ASIDE = "it came with colours or a tint of its own, which were put aside for new ones"
"""The note on a picture that is not gray."""

_TINTED = 12  # of 255, between the channels of a pixel; less is noise of a gray picture stored in colour
_SHARE = 99  # per cent of the pixels that may be tinted less


class ColorSketch:
    """Gathers a picture's colours, reduced, from bands of its rows.

    Args:
        size: The picture's width and height.
        longer_side: Of what is gathered, in pixels.
    """

    def __init__(self, size: tuple[int, int], longer_side: int) -> None:
        self._size = size
        self._longer_side = longer_side
        self._step = max(1, max(size) // (2 * longer_side))  # what is left is still averaged from several pixels
        self._seen = 0  # rows
        self._rows: list[np.ndarray] = []

    def add(self, rows: np.ndarray) -> None:
        """Take the next rows: (n, W, 3) sRGB, uint8 or uint16."""
        first = -self._seen % self._step
        few = rows[first :: self._step, :: self._step]
        self._rows.append(few.copy() if few.dtype == np.uint8 else eight_bit(few))  # a view would keep all of them
        self._seen += len(rows)

    @property
    def colors(self) -> np.ndarray | None:
        """(h, w, 3) uint8 of the picture; None if it is gray, with `FULL_SIZE` only if it is stored so."""
        return self._reduced if self._longer_side == FULL_SIZE or self._is_tinted else None

    @property
    def notes(self) -> tuple[str, ...]:
        """That there are colours, if there are."""
        return (PUT_ASIDE,) if self._is_tinted else ()

    @cached_property
    def _is_tinted(self) -> bool:
        return self._reduced is not None and bool(np.percentile(np.ptp(self._reduced, axis=2), _SHARE) > _TINTED)

    @cached_property
    def _reduced(self) -> np.ndarray | None:
        if not self._rows:
            return None
        scale = min(1.0, self._longer_side / max(self._size))
        width, height = (max(1, round(side * scale)) for side in self._size)
        return np.asarray(Image.fromarray(np.concatenate(self._rows)).resize((width, height), Image.Resampling.BOX))


__all__ = ["FULL_SIZE", "PUT_ASIDE", "ColorSketch"]
