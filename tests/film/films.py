"""Films for tests: made of arrays, read back as arrays."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import skimage.data

TICKS = Fraction(1, 12800)


def write_film(
    path: Path,
    frames: Iterable[np.ndarray],
    *,
    stamps: Sequence[int] | None = None,
    sound: bool = False,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    rotation: int = 0,
    aspect: Fraction | None = None,
    colors: tuple[int, int, int] | None = None,
    subtitles: Path | None = None,
    metadata: dict[str, str] | None = None,
) -> Path:
    """A film of frames (H, W, 3) uint8 or uint16; time stamps are in `TICKS`, 25 frames a second if not given."""
    frames = list(frames)
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as film:
        film.metadata.update(metadata or {})
        pictures: Any = film.add_stream(codec, rate=25, options={"crf": "10"})
        pictures.width, pictures.height, pictures.pix_fmt = width, height, pixel_format
        pictures.codec_context.time_base = TICKS
        if aspect:
            pictures.codec_context.sample_aspect_ratio = aspect
        if colors:
            context = pictures.codec_context
            context.color_primaries, context.color_trc, context.colorspace = colors
        if rotation:
            pictures.set_display_rotation(rotation)
        tone: Any = film.add_stream("aac", rate=16000, layout="mono") if sound else None
        words: Any = av.open(str(subtitles)) if subtitles else None
        text = film.add_stream_from_template(words.streams.subtitles[0]) if words else None
        for number, pixels in enumerate(frames):
            name = "rgb48le" if pixels.dtype == np.uint16 else "rgb24"
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=name)
            frame.pts, frame.time_base = (stamps[number] if stamps else 512 * number), TICKS
            film.mux(pictures.encode(frame))
        film.mux(pictures.encode(None))
        if tone:
            samples = (8000 * np.sin(np.arange(640 * len(frames)) / 10)).astype(np.int16)
            for start in range(0, len(samples), 1024):
                part = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="s16", layout="mono")
                part.sample_rate, part.pts, part.time_base = 16000, start, Fraction(1, 16000)
                film.mux(tone.encode(part))
            film.mux(tone.encode(None))
        if words:
            for packet in words.demux():
                if packet.dts is not None:
                    packet.stream = text
                    film.mux(packet)
            words.close()
    return path


def read_film(path: Path) -> tuple[list[float], list[np.ndarray]]:
    """The moments of all frames in seconds, and the frames, (H, W, 3) uint8."""
    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
        return [float(frame.time) for frame in frames], [frame.to_ndarray(format="rgb24") for frame in frames]


def packets(path: Path, kind: str) -> list[tuple[Any, bytes]]:
    """The packets of its pictures, its sound or its subtitles: when each begins, in seconds, and its bytes."""
    with av.open(str(path)) as film:
        streams = getattr(film.streams, kind)
        return [
            (round(float(packet.pts * packet.time_base), 3), bytes(packet))
            for packet in film.demux(streams)
            if packet.pts is not None
        ]


def photo(name: str, side: int) -> np.ndarray:
    """A colour photograph, its shorter side reduced to `side`."""
    picture = getattr(skimage.data, name)()
    scale = side / min(picture.shape[:2])
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


class Pan:
    """A camera that moves over a photograph: frames whose true motion is known.

    Args:
        picture: (H, W, 3) uint8.
        side: Of the frames.
        zooms: Whether it comes nearer meanwhile.
        count: How many frames.
    """

    def __init__(self, picture: np.ndarray, side: int, *, zooms: bool, count: int) -> None:
        self.side = side
        height, width = picture.shape[:2]
        self._views = []
        for number in range(count):
            scale = 1.1 + (0.01 * number if zooms else 0)
            x = width / 2 - 15 + (1 if zooms else 2) * number
            y = height / 2 - 8 + 0.5 * number
            self._views.append(np.array([[1 / scale, 0, x - side / 2 / scale], [0, 1 / scale, y - side / 2 / scale]]))
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        self.frames = [
            cv2.warpAffine(picture, view, (side, side), flags=how, borderMode=cv2.BORDER_REFLECT)
            for view in self._views
        ]

    def gray(self, grain: float = 3) -> list[np.ndarray]:
        """The frames (side, side, 3) without colour, as a film with grain has them."""
        noise = np.random.default_rng(0)
        gray = (frame @ np.array([0.299, 0.587, 0.114]) for frame in self.frames)
        grainy = (frame + noise.normal(0, grain, frame.shape) for frame in gray)
        return [np.rint(frame).clip(0, 255).astype(np.uint8)[..., None].repeat(3, axis=2) for frame in grainy]

    def brought(self, number: int, picture: np.ndarray) -> np.ndarray:
        """A picture of frame `number` - 1 as frame `number` sees it."""
        now, before = self._views[number], self._views[number - 1]
        y, x = np.mgrid[: self.side, : self.side].astype(np.float32)
        maps = (
            (now[0, 0] * x + now[0, 2] - before[0, 2]) / before[0, 0],
            (now[1, 1] * y + now[1, 2] - before[1, 2]) / before[1, 1],
        )
        return cv2.remap(picture, *(part.astype(np.float32) for part in maps), cv2.INTER_LINEAR)
