"""Which luminance of near-infrared frames counts as black and which as white. Plain numpy."""

from collections.abc import Iterable

import numpy as np

CONTRAST_ENDS = (0.005, 0.995)  # of a frame's pixels, what is beyond becomes black and white
_SAMPLES = 512  # of a frame's luminances say what it adds to the contrast of many
_LEAST_CONTRAST = 1e-3


def contrast_of(luminance: np.ndarray) -> np.ndarray:
    """The contrast of one frame of any shape, (2,) float32: its darkest and brightest luminance but for some pixels."""
    return np.quantile(luminance.astype(np.float32), CONTRAST_ENDS).astype(np.float32)


def common_contrast(frames: Iterable[np.ndarray]) -> tuple[float, float]:
    """The contrast of frames that were exposed alike; each counts as much as the others.

    Args:
        frames: Luminance of any shape, L / 100.

    Raises:
        ValueError: there is no frame.
    """
    places = np.linspace(0, 1, _SAMPLES)  # of a frame's luminances in order
    seen = [np.quantile(frame, places) for frame in frames]
    if not seen:
        raise ValueError("there is no frame to see the contrast of")
    darkest, brightest = np.quantile(seen, CONTRAST_ENDS).tolist()
    darkest = min(darkest, 1 - _LEAST_CONTRAST)
    return darkest, max(brightest, darkest + _LEAST_CONTRAST)


__all__ = ["CONTRAST_ENDS", "common_contrast", "contrast_of"]
