"""A coloured film: segments that are each whole, and the file that they and the sound of the source are joined to."""

import heapq
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from ..errors import FilmError
from ..version import __version__
from .reading import Film

_LEAD = 10  # seconds by which segments are moved: some containers allow no times below 0
_OF_THE_FILE = {"major_brand", "minor_version", "compatible_brands", "encoder"}  # not of what it shows
_EVEN = 2  # widths and heights are multiples of it where colours have half the resolution
_NOTE = f"colorizer_hf {__version__}: colours added by a model, plausible, not historical"
DEFAULT_CODECS = {".webm": "libvpx-vp9"}  # others take H.264, which everything plays
_QUALITIES = {"libvpx-vp9": "33"}  # of which equal numbers mean other things


@dataclass(frozen=True)
class Encoding:
    """How the pictures of a film are kept.

    Attributes:
        codec: An encoder of FFmpeg's.
        quality: Its `crf`; None takes a good one.
    """

    codec: str
    quality: int | None = None

    @classmethod
    def for_file(cls, path: Path, codec: str | None, quality: int | None) -> "Encoding":
        """What suits a file.

        Raises:
            FilmError: there is no such encoder.
        """
        name = codec or DEFAULT_CODECS.get(path.suffix.lower(), "libx264")
        try:
            av.Codec(name, "w")
        except (av.codec.codec.UnknownCodecError, ValueError) as error:
            raise FilmError(f"there is no video encoder {name}; try libx264, libx265, libvpx-vp9 or ffv1") from error
        return cls(name, quality)

    @property
    def options(self) -> dict[str, str]:
        """For the encoder."""
        quality = str(self.quality) if self.quality is not None else _QUALITIES.get(self.codec, "18")
        return {"crf": quality, "b": "0"} if self.codec.startswith("libvpx") else {"crf": quality}

    def pixel_format(self, deep: bool) -> str:
        """The one that frames are written in: 4:2:0 and as many bits as it has."""
        known = {format.name for format in av.Codec(self.codec, "w").video_formats or ()}
        wanted = ("yuv420p10le", "yuv420p") if deep else ("yuv420p",)
        found = next((name for name in wanted if name in known), None)
        if found is None:
            raise FilmError(f"the encoder {self.codec} takes no 4:2:0 pictures; try libx264")
        return found


@contextmanager
def new_segment(path: Path, film: Film, encoding: Encoding) -> Generator["SegmentWriter"]:
    """A segment to be written, which takes its name when all of it is there.

    Raises:
        FilmError: it cannot be written.
    """
    unfinished = path.with_suffix(".part")
    try:
        with closing(av.open(str(unfinished), "w", format="nut")) as container:
            writer = SegmentWriter(container, film, encoding)
            yield writer
            writer.finish()
        unfinished.replace(path)
    except (FFmpegError, OSError) as error:
        raise FilmError(
            f"{path.parent}: the film cannot be written there ({_reason(error)}); check the disk"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


class SegmentWriter:
    """Frames in, packets out."""

    def __init__(self, container: Any, film: Film, encoding: Encoding) -> None:
        self._container, self._film = container, film
        self._format = encoding.pixel_format(film.deep)
        self._lead = film.stamp_at(_LEAD)
        width, height = (-(-side // _EVEN) * _EVEN for side in film.size)
        self._stream = stream = container.add_stream(encoding.codec, rate=film.rate, options=encoding.options)
        stream.width, stream.height, stream.pix_fmt = width, height, self._format
        context = stream.codec_context
        context.time_base = film.time_base
        context.sample_aspect_ratio = film.aspect
        context.color_primaries, context.color_trc, context.colorspace = film.colors
        context.color_range = 1  # "MPEG": black is 16

    def write(self, pixels: np.ndarray, stamp: int) -> None:
        """One frame more.

        Args:
            pixels: (H, W, 3) uint8 or uint16, sRGB.
            stamp: When it is shown.
        """
        height, width = pixels.shape[:2]
        pixels = np.pad(pixels, ((0, height % _EVEN), (0, width % _EVEN), (0, 0)), mode="edge")
        name = "rgb48le" if pixels.dtype == np.uint16 else "rgb24"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=name)
        frame = frame.reformat(format=self._format, dst_colorspace=self._film.matrix, dst_color_range=1)
        frame.pts, frame.time_base = stamp + self._lead, self._film.time_base
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the encoder still holds back."""
        self._container.mux(self._stream.encode(None))


def join(
    segments: Sequence[Path], film: Film, target: Path, *, start: float | None, end: float | None, note: bool
) -> list[str]:
    """One file of all segments, with sound, subtitles and what else the source says.

    Args:
        segments: In their order.
        film: The source.
        target: The file. It is not there until it is whole.
        start: Seconds at which the film begins, which become 0; None takes it from its beginning, with its own times.
        end: Seconds at which it ends; None is the source's end.
        note: Say in the metadata that a model added the colours.

    Returns:
        What found no place in the file, as phrases.

    Raises:
        FilmError: it cannot be written.
    """
    unfinished = target.with_name(f".{target.stem}.part{target.suffix}")
    try:
        with ExitStack() as files:
            output: Any = files.enter_context(closing(av.open(str(unfinished), "w")))
            source: Any = files.enter_context(av.open(str(film.path), metadata_errors="replace"))
            said = {name.lower(): value for name, value in source.metadata.items() if name.lower() not in _OF_THE_FILE}
            if note:
                said["comment"] = "; ".join(filter(None, (said.get("comment"), _NOTE)))
            output.metadata.update(said)
            pictures = files.enter_context(av.open(str(segments[0]))).streams.video[0]
            stream = output.add_stream_from_template(pictures)
            stream.metadata.update(_metadata(source.streams.video[0]))
            others, lost = _copied_streams(source, output)
            packets = [_pictures(segments, stream, start or 0), _copied(film, others, start, end)]
            for packet in heapq.merge(*packets, key=lambda packet: packet.dts * packet.time_base):
                output.mux_one(packet)
        unfinished.replace(target)
    except (FFmpegError, OSError) as error:
        raise FilmError(f"{target}: the film cannot be written ({_reason(error)}); check the disk") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return lost


def _pictures(segments: Sequence[Path], stream: Any, start: float) -> Iterator[Any]:
    """The packets of all segments, with times to decode them at that follow from their order."""
    stamps = [packet.pts for packet in _packets(segments)]
    ordered = sorted(stamps)
    place = {stamp: index for index, stamp in enumerate(ordered)}
    delay = max((index - place[stamp] for index, stamp in enumerate(stamps)), default=0)
    step = min((later - earlier for earlier, later in pairwise(ordered)), default=1)
    times = [ordered[0] - step * (delay - index) for index in range(delay)] + ordered
    for packet, time in zip(_packets(segments), times, strict=False):
        shift = round((_LEAD + Fraction(start)) / packet.time_base)
        packet.pts, packet.dts, packet.stream = packet.pts - shift, time - shift, stream
        yield packet


def _packets(segments: Sequence[Path]) -> Iterator[Any]:
    for segment in segments:
        with av.open(str(segment)) as container:
            yield from (packet for packet in container.demux(video=0) if packet.pts is not None)


def _copied_streams(source: Any, output: Any) -> tuple[dict[int, Any], list[str]]:
    """Streams of the output for sound and subtitles, by their numbers in the source; and what finds no place."""
    copies, lost = {}, []
    for stream in (*source.streams.audio, *source.streams.subtitles):
        name = getattr(stream.codec_context, "name", None) or "unknown"
        if name in output.supported_codecs:
            copies[stream.index] = output.add_stream_from_template(stream)
            copies[stream.index].metadata.update(_metadata(stream))
        else:
            lost.append(f"{stream.type} ({name}) has no place in this kind of file and was left out")
    return copies, lost


def _copied(film: Film, copies: dict[int, Any], start: float | None, end: float | None) -> Iterator[Any]:
    """The packets of sound and subtitles between two moments, as they are."""
    if not copies:
        return
    with av.open(str(film.path), metadata_errors="replace") as source:
        streams = [stream for stream in source.streams if stream.index in copies]
        for packet in source.demux(streams):
            if packet.dts is None or packet.pts is None:
                continue
            time = float(packet.pts * packet.time_base)
            if (start is not None and time < start) or (end is not None and time >= end):
                continue
            shift = round(Fraction(start or 0) / packet.time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = copies[packet.stream.index]
            yield packet


def _metadata(stream: Any) -> dict[str, str]:
    return {name: value for name, value in stream.metadata.items() if name in ("language", "title")}


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


__all__ = ["Encoding", "SegmentWriter", "join", "new_segment"]
