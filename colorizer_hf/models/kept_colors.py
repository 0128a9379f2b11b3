"""Colours that a network gives without hints, kept for the edits that need them again. Plain Python."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

KEPT = 4  # a page shows other vividnesses beside the one in use


class OwnColors(NamedTuple):
    """What a network makes of photos without hints; arrays of numpy or tensors of torch.

    Attributes:
        logits: (B, Q, h, w) over the chroma bins.
        calm: (B, 2, h, w), ab / 110 at vividness 0.
        chroma: (B, 2, h, w), ab / 110.
    """

    logits: Any
    calm: Any
    chroma: Any


class KeptColors:
    """Those of one photo, or batch, by palettes and vividnesses last asked for: the first of many edits makes them."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, float], OwnColors] = {}

    def get(self, palette: np.ndarray | None, vividness: float, make: Callable[[], OwnColors]) -> OwnColors:
        """The colours with a palette (P, 3) or a batch of them, made now if they are not known."""
        key = (b"" if palette is None else palette.tobytes(), vividness)
        own = self._known.get(key)
        if own is None:
            own = make()
            while len(self._known) >= KEPT:
                del self._known[next(iter(self._known))]
            self._known[key] = own
        return own


__all__ = ["KeptColors", "OwnColors"]
