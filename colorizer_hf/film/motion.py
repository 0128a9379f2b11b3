"""Where things move between two frames: dense optical flow, and how far it can be trusted.

Flow is that of Kroeger et al. 2016, "Fast Optical Flow using Dense Inverse Search", as OpenCV has it.
"""

from dataclasses import dataclass

import cv2
import numpy as np

_NOISE = 0.05  # luminance (0..1) that a frame may differ from where it should come from: grain, exposure
_BLUR = 5  # pixels over which that is averaged, so that grain counts little
_BREATH, _DRIFT = 1.3, 40  # factor of contrast and codes of brightness by which exposure may change within a scene
_LEAST_SIDE = 16  # pixels: what is smaller has no flow


@dataclass(frozen=True)
class Motion:
    """Where each pixel of a frame was in another one.

    Attributes:
        flow: (h, w, 2) float32, pixels to the right and down from a pixel to its place in the other frame.
        trust: (h, w) float32 in 0..1, how much the two places look alike.
    """

    flow: np.ndarray
    trust: np.ndarray

    @classmethod
    def between(cls, frame: np.ndarray, other: np.ndarray) -> "Motion":
        """From each pixel of a frame (h, w) uint8 to the same thing in another one; both have one size."""
        other = _as_exposed(other, frame)
        if min(frame.shape) < _LEAST_SIDE:
            flow = np.zeros((*frame.shape, 2), np.float32)
        else:
            search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
            flow = search.calc(frame, other, np.zeros((*frame.shape, 2), np.float32))
        difference = cv2.absdiff(carry(other, flow), frame).astype(np.float32) / 255
        difference = cv2.blur(difference, (_BLUR, _BLUR))
        return cls(flow, np.exp(-np.square(difference / _NOISE)))

    def at(self, places: np.ndarray) -> np.ndarray:
        """Where places (n, 2), x and y in pixels of the frame, lie in the other one: (n, 2)."""
        maps = np.asarray(places, np.float32)[None]
        moved = cv2.remap(self.flow, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return places + moved[0]


def carry(picture: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """A picture (h, w) or (h, w, C) as it would be if each of its pixels had come along a flow (h, w, 2)."""
    h, w = flow.shape[:2]
    columns, rows = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    places = (columns + flow[..., 0], rows + flow[..., 1])
    return cv2.remap(picture, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _as_exposed(other: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """One frame as bright and as contrasty as another one: old film breathes.

    Where a new scene begins the two have nothing in common, and are not made alike.
    """
    gain, shift = (frame.std() + 1) / (other.std() + 1), float(frame.mean()) - float(other.mean())
    if not (1 / _BREATH < gain < _BREATH and abs(shift) < _DRIFT):
        return other
    moved = (other.astype(np.float32) - other.mean()) * gain + frame.mean()
    return np.rint(moved).clip(0, 255).astype(np.uint8)


__all__ = ["Motion", "carry"]
