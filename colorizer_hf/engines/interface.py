"""What an engine is: the steps of a network with arrays in and arrays out."""

from typing import Any, NamedTuple, Protocol

import numpy as np

from ..hints import HintArrays
from ..traits import Traits


class Colors(NamedTuple):
    """What a network makes of one photo, as arrays.

    Attributes:
        chroma: (2, h, w), Lab a and b / 110.
        logits: (Q, h, w) over the chroma bins; None for networks without a distribution.
        luminance: (1, h, w), L / 100; None where the photo's own is kept.
    """

    chroma: np.ndarray
    logits: np.ndarray | None = None
    luminance: np.ndarray | None = None


class Engine(Protocol):
    """Runs one network."""

    traits: Traits

    def encode(self, luminance: np.ndarray, contrast: tuple[float, float] | None = None) -> Any:
        """Compute what no edit changes, once per photo.

        Args:
            luminance: (1, 1, h, w), L / 100 in [0, 1]; both sides are multiples of `traits.size_multiple`.
            contrast: Of near-infrared frames, which luminance counts as black and which as white; None takes the
                frame's own.

        Returns:
            Features in a form of the engine's own.
        """
        ...

    def decode(
        self, features: Any, hints: HintArrays, palette: np.ndarray | None = None, *, vividness: float = 0.0
    ) -> Colors:
        """Predict the colours, once per edit; of a network that takes neither hints nor palettes none are given.

        Args:
            features: What `encode` returned; an engine may remember in it what later edits need again.
            hints: All that hold, none at all maybe.
            palette: (P, 3), see `Palette.as_array`.
            vividness: 0 to 1.
        """
        ...


__all__ = ["Colors", "Engine"]
