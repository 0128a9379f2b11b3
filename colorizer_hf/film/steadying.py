"""Colours that do not flicker: each frame's are mixed with those of the frames before, carried along what moves.

A network that sees single frames guesses anew each time; along the motion its guesses are averaged. (Lai et al. 2018,
"Learning Blind Video Temporal Consistency", do so by a network of their own.) Where a new scene begins nothing is
carried on.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .motion import Motion, carry

_PAST = 0.9  # share of the past where the motion is trusted altogether
_CUT = 0.25  # mean trust below which a frame shows another scene


@dataclass
class Steadier:
    """The frames of a film in their order.

    Attributes:
        last: The last frame as the network saw it, (h, w) uint8, and what its colours became, (2, h', w') float32;
            None before the first one.
    """

    last: tuple[np.ndarray, np.ndarray] | None = None

    def steady(self, gray: np.ndarray, chroma: np.ndarray) -> np.ndarray:
        """The colours of the next frame.

        Args:
            gray: (h, w) uint8, as the network saw it.
            chroma: (2, h', w') float32, a and b / 110, as the network gave it.

        Returns:
            Like `chroma`.
        """
        if self.last is not None:
            motion = Motion.between(gray, self.last[0])
            if not is_cut(motion):
                chroma = _mixed(chroma, self.last[1], motion)
        self.last = gray, chroma
        return chroma


def is_cut(motion: Motion) -> bool:
    """Whether a frame and the one before show different scenes."""
    return float(motion.trust.mean()) < _CUT


def _mixed(chroma: np.ndarray, before: np.ndarray, motion: Motion) -> np.ndarray:
    height, width = motion.trust.shape
    h, w = chroma.shape[1:]
    cells = cv2.resize(motion.flow, (w, h), interpolation=cv2.INTER_AREA) * np.array(
        [w / width, h / height], np.float32
    )
    share = _PAST * cv2.resize(motion.trust, (w, h), interpolation=cv2.INTER_AREA)
    carried = carry(np.ascontiguousarray(before.transpose(1, 2, 0)), cells).transpose(2, 0, 1)
    return chroma + share * (carried - chroma)


__all__ = ["Steadier", "is_cut"]
