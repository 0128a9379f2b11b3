"""`Film`: the frames of a film as luminance, upright, with their time stamps; sound and all else stay in the file."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError, InvalidDataError
from av.stream import Disposition
from av.video.stream import VideoStream

from ..errors import FilmError
from ..imaging import Photo, read

_HIGH_DEFINITION = 720  # lines from which on films that do not say so have the colours of BT.709
_BT709, _BT601 = 1, 5  # numbers of colour matrices, ITU-T H.273
_SAME = {6: _BT601, 10: 9}  # other numbers of a matrix that swscale knows
_KNOWN = (1, 4, 5, 7, 9)  # by swscale


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
        stamp: When it is shown, in units of the film's `time_base`.
        photo: Its luminance, upright.
    """

    stamp: int
    photo: Photo


class Film:
    """A film to be read.

    Args:
        path: The file.

    Attributes:
        path: The file.
        time_base: Seconds that a unit of the time stamps lasts.
        rate: Frames a second, the mean where they vary.
        size: Width and height of the upright frames in pixels.
        deep: Whether it has more than 8 bits.
        interlaced: Whether its frames are woven of two half pictures each.
        aspect: Width of a pixel over its height, of the upright frames.
        colors: Numbers of its primaries, transfer and matrix (ITU-T H.273) as the file has them.
        matrix: The one that its colours are read and written by.
        seconds: How long it lasts; None where the file does not say so.
        broken: Packets that could not be decoded, or not to a whole picture, so far.

    Raises:
        FilmError: it cannot be read, or has no moving pictures.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.broken = 0
        with self._open() as (container, stream):
            context = stream.codec_context
            first = next(self._decoded(container, stream), None)
            if first is None:
                raise FilmError(f"{path}: none of its pictures can be decoded; copy or download it again")
            self.broken = 0
            self.time_base = stream.time_base or Fraction(1, 1000)
            self.rate = stream.average_rate or stream.guessed_rate or Fraction(25)
            turned = round(first.rotation / 90) % 2 == 1
            self.size = (first.height, first.width) if turned else (first.width, first.height)
            self.deep = any(part.bits > 8 for part in first.format.components)
            aspect = stream.sample_aspect_ratio or Fraction(1)
            self.aspect = 1 / aspect if turned else aspect
            self.colors = int(context.color_primaries), int(context.color_trc), int(context.colorspace)
            usual = _BT709 if first.height >= _HIGH_DEFINITION else _BT601
            matrix = _SAME.get(self.colors[2], self.colors[2])
            self.matrix = matrix if matrix in _KNOWN else usual
            self.seconds = self._seconds(container, stream)
            self.interlaced = bool(first.interlaced_frame)

    def frames(self, start: float | None = None, end: float | None = None, after: int | None = None) -> Iterator[Frame]:
        """The frames in their order, from a moment to before another one, both in seconds; only those past a stamp.

        Packets that cannot be decoded are left out and counted in `broken`.

        Raises:
            FilmError: the file cannot be read any longer.
        """
        first = after + 1 if after is not None else None if start is None else self.stamp_at(start)
        stop = None if end is None else self.stamp_at(end)
        last: int | None = None
        with self._open() as (container, stream):
            if first is not None and first > 0:
                with suppress(FFmpegError):  # where nothing can be sought the frames before are read as well
                    container.seek(first, stream=stream, backward=True)
            for decoded in self._decoded(container, stream):
                stamp = self._stamp(decoded, last)
                if last is not None and stamp <= last:  # time does not run backwards
                    continue
                last = stamp
                if stop is not None and stamp >= stop:
                    return
                if first is None or stamp >= first:
                    yield Frame(stamp, self._photo(decoded))

    def stamp_at(self, seconds: float) -> int:
        """The time stamp of a moment."""
        return round(Fraction(seconds) / self.time_base)

    def seconds_at(self, stamp: int) -> float:
        """The moment of a time stamp, in seconds."""
        return float(stamp * self.time_base)

    @contextmanager
    def _open(self) -> Generator[tuple[InputContainer, VideoStream]]:
        try:
            with av.open(str(self.path), metadata_errors="replace") as container:
                # Covers of albums are pictures, not films.
                streams = [
                    stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic
                ]
                if not streams:
                    raise FilmError(f"{self.path}: it has no moving pictures; name a film")
                streams[0].thread_type = "AUTO"
                yield container, streams[0]
        except FileNotFoundError as error:
            raise FilmError(f"{self.path}: there is no such file") from error
        except (FFmpegError, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FilmError(
                f"{self.path}: it cannot be read as a film ({reason}); is it a whole video file?"
            ) from error

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except InvalidDataError:
                self.broken += 1
                continue
            for frame in frames:
                if frame.is_corrupt:
                    self.broken += 1
                else:
                    yield frame

    def _stamp(self, frame: av.VideoFrame, last: int | None) -> int:
        if frame.pts is not None:
            return frame.pts
        return 0 if last is None else last + round(1 / (self.rate * self.time_base))

    def _photo(self, frame: av.VideoFrame) -> Photo:
        pixels = frame.to_ndarray(format="rgb48le" if self.deep else "rgb24", src_colorspace=self.matrix)
        upright = np.rot90(pixels, round(frame.rotation / 90))
        return read(np.ascontiguousarray(upright), levels="as-is")

    def _seconds(self, container: InputContainer, stream: VideoStream) -> float | None:
        if stream.duration is not None:
            return float(stream.duration * self.time_base)
        return None if container.duration is None else container.duration / av.time_base


__all__ = ["Film", "Frame"]
