"""Colours given for single frames of a film, as hints that go along with what moves until the scene ends."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from ..color import rgb_to_hex
from ..errors import HintError
from ..hints import Hint
from .motion import Motion
from .steadying import is_cut

_GRID = 20  # hints along each side that a frame coloured by hand gives
_ASTRAY = 1.0  # pixels between a place and where it comes back to: a greater distance ends its track
_BACKWARDS = 240  # frames before a key frame that still take hints from it


@dataclass(frozen=True)
class KeyFrame:
    """A moment of a film and colours in it.

    Attributes:
        time: In seconds; the frame that is shown then.
        hints: Their places and radii in pixels of the film's upright frames.
    """

    time: float
    hints: tuple[Hint, ...]

    @classmethod
    def of_picture(cls, time: float, picture: str | Path, size: tuple[int, int]) -> "KeyFrame":
        """A frame that somebody has coloured: its colours on a grid.

        Args:
            time: In seconds.
            picture: A colour picture of that frame, of any size.
            size: The film's width and height in pixels.

        Raises:
            HintError: the picture cannot be read.
        """
        try:
            with Image.open(picture) as image:
                small = np.asarray(image.convert("RGB").resize((_GRID, _GRID), Image.Resampling.BOX))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise HintError(f"{picture}: it is no picture of a frame; give a PNG or JPEG of it in colour") from error
        width, height = size
        radius = max(width, height) / _GRID / 4
        hints = (
            Hint((x + 0.5) / _GRID * (width - 1), (y + 0.5) / _GRID * (height - 1), rgb_to_hex(color), radius, "alike")
            for y, row in enumerate(small.tolist())
            for x, color in enumerate(row)
        )
        return cls(time, tuple(hints))


@dataclass(frozen=True)
class Track:
    """Hints on their way through the frames.

    Attributes:
        hints: What they were in the key frame.
        places: (n, 2) float32, x and y of each in pixels of the frames that motion is found in.
    """

    hints: tuple[Hint, ...]
    places: np.ndarray

    def follow(self, motion: Motion, back: Motion) -> "Track":
        """The track one frame on, without what got lost.

        Args:
            motion: From the track's frame to the next.
            back: From the next frame to the track's.
        """
        if not self.hints:
            return self
        moved = motion.at(self.places)
        height, width = motion.trust.shape
        inside = ((moved >= 0) & (moved <= [width - 1, height - 1])).all(axis=1)
        kept = inside & (np.linalg.norm(back.at(moved) - self.places, axis=1) < _ASTRAY)
        return Track(tuple(np.array(self.hints, object)[kept]), moved[kept].astype(np.float32))

    def to_hints(self, scale: tuple[float, float]) -> list[Hint]:
        """The hints in pixels of the film; `scale` is how many of them a pixel has here, in width and height."""
        return [
            replace(hint, x=float(x) * scale[0], y=float(y) * scale[1])
            for hint, (x, y) in zip(self.hints, self.places, strict=True)
        ]


def follow_key_frames(
    key_frames: Sequence[KeyFrame], frames: Iterable[tuple[int, float, np.ndarray]], size: tuple[int, int]
) -> dict[int, Track]:
    """Which hints hold in which frame.

    The hints of a key frame hold until the next one or the end of its scene, and in the frames before it if no other
    key frame of the scene comes first.

    Args:
        key_frames: In any order.
        frames: Of the film: time stamp, seconds, and (h, w) uint8.
        size: Width and height that the hints are given for.

    Returns:
        By time stamp; frames without hints are left out.
    """
    waiting = deque(sorted(key_frames, key=lambda key: key.time))
    tracks: dict[int, Track] = {}
    scene: deque[tuple[int, np.ndarray]] = deque(maxlen=_BACKWARDS)  # frames of it that have no hints yet
    track: Track | None = None
    for (stamp, _, gray), upcoming, motions in _with_motion(frames):
        if motions is None:  # the first frame of a scene
            track = None
            scene.clear()
        elif track is not None:
            track = track.follow(*motions)
        while waiting and waiting[0].time < upcoming:
            track = _begin(waiting.popleft(), gray.shape, size)
            _go_back(track, gray, scene, tracks)
            scene.clear()
        if track is None:
            scene.append((stamp, gray))
        else:
            tracks[stamp] = track
    return tracks


_Frame = tuple[int, float, np.ndarray]


def _with_motion(frames: Iterable[_Frame]) -> Iterator[tuple[_Frame, float, tuple[Motion, Motion] | None]]:
    """Each frame, the seconds at which the next one begins, and the motion from the one before and back to it."""
    before: np.ndarray | None = None
    held: tuple[_Frame, tuple[Motion, Motion] | None] | None = None
    for frame in frames:
        if held is not None:
            yield held[0], frame[1], held[1]
        motions = None
        if before is not None:
            back = Motion.between(frame[2], before)
            motions = None if is_cut(back) else (Motion.between(before, frame[2]), back)
        held, before = (frame, motions), frame[2]
    if held is not None:
        yield held[0], float("inf"), held[1]


def _begin(key: KeyFrame, shape: tuple[int, ...], size: tuple[int, int]) -> Track:
    scale = np.array([shape[1] / size[0], shape[0] / size[1]], np.float32)
    places = np.array([(hint.x, hint.y) for hint in key.hints], np.float32).reshape(-1, 2)
    return Track(key.hints, places * scale)


def _go_back(track: Track, gray: np.ndarray, scene: Iterable[tuple[int, np.ndarray]], tracks: dict[int, Track]) -> None:
    """Follow a track from the key frame it begins in to the frames of its scene before."""
    for stamp, earlier in reversed(list(scene)):
        track = track.follow(Motion.between(gray, earlier), Motion.between(earlier, gray))
        tracks[stamp], gray = track, earlier


__all__ = ["KeyFrame", "Track", "follow_key_frames"]
