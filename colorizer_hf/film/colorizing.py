"""From film to film: read, colour, steady, write, segment by segment."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..amounts import DEFAULT_VIVIDNESS, check_amount
from ..errors import FilmError
from ..hints import Hint
from ..palette import Palette
from ..pipeline import ColorizationPipeline
from ..version import __version__
from .key_frames import KeyFrame, Track, follow_key_frames
from .reading import Film, Frame
from .steadying import Steadier
from .workshop import Workshop
from .writing import Encoding, join, new_segment

_SEGMENT = 250  # frames: what a killed run loses at most


@dataclass(frozen=True)
class FilmOptions:
    """How a film is coloured and kept.

    Attributes:
        vividness: See `ColorizationPipeline`, as for `palette` and `size`.
        palette: Colours that the film should be made of.
        size: Working resolution, shorter side in pixels.
        start: Seconds at which to begin.
        end: Seconds at which to end.
        codec: An encoder of FFmpeg's; None takes what suits the file.
        quality: Its `crf`.
        note: Say in the metadata that a model added the colours.
    """

    vividness: float = DEFAULT_VIVIDNESS
    palette: Palette | None = None
    size: int | None = None
    start: float | None = None
    end: float | None = None
    codec: str | None = None
    quality: int | None = None
    note: bool = True


def colorize_film(
    pipeline: ColorizationPipeline,
    source: str | Path,
    target: str | Path,
    *,
    key_frames: Sequence[KeyFrame] = (),
    options: FilmOptions | None = None,
    overwrite: bool = False,
    on_frame: Callable[[float], None] | None = None,
) -> tuple[str, ...]:
    """Colorize a film. A run that is cut off goes on at its last finished segment when it is asked for again.

    Args:
        pipeline: With a network for gray photographs.
        source: The film.
        target: The file to write; its suffix says the kind of file.
        key_frames: Colours given for single frames.
        options: See `FilmOptions`.
        overwrite: Whether an existing file may be replaced.
        on_frame: Told of each frame's moment, in seconds.

    Returns:
        What a person should know, as phrases.

    Raises:
        FilmError: the film cannot be read or written, or the network is of another kind.
        HintError: a hint lies outside the frames, or the network takes none.
        ValueError: an option is outside its range.
    """
    source, target, options = Path(source), Path(target), options or FilmOptions()
    check_amount("vividness", options.vividness)
    if pipeline.model.config.modality != "gray":
        raise FilmError(
            f"{pipeline.model.config.model_type} is for near-infrared frames; films take a model for gray ones"
        )
    if target.exists() and not overwrite:
        raise FilmError(f"{target} exists already; choose another name or allow overwriting")
    encoding = Encoding.for_file(target, options.codec, options.quality)
    film = Film(source)
    job = _Job(pipeline, film, options, encoding, key_frames)
    workshop = Workshop.for_film(target, job.made_of())
    job.run(workshop, on_frame or (lambda seconds: None))
    segments = workshop.finished
    if not segments:
        raise FilmError(f"{source}: there is no frame between the moments that were asked for")
    lost = join(segments, film, target, start=options.start, end=options.end, note=options.note)
    workshop.clear()
    return (*job.notes(), *lost)


@dataclass(frozen=True)
class _Job:
    pipeline: ColorizationPipeline
    film: Film
    options: FilmOptions
    encoding: Encoding
    key_frames: Sequence[KeyFrame]

    def made_of(self) -> dict[str, Any]:
        """All that decides what the segments are."""
        about = self.film.path.stat()
        options = asdict(self.options) | {
            "palette": None if self.options.palette is None else repr(self.options.palette)
        }
        model = {"path": self.pipeline.model.config.name_or_path, "parameters": self.pipeline.model.num_parameters()}
        source = {"path": str(self.film.path.resolve()), "bytes": about.st_size, "changed": about.st_mtime_ns}
        keys = [asdict(key) for key in self.key_frames]
        return {
            "version": __version__,
            "source": source,
            "options": options,
            "encoding": asdict(self.encoding),
            "model": model,
            "keys": keys,
        }

    def run(self, workshop: Workshop, on_frame: Callable[[float], None]) -> None:
        """Make the segments that are missing."""
        tracks = self._tracks()
        steadier, last = workshop.state()
        frames = self._frames(after=last)
        number = len(workshop.finished)
        while (first := next(frames, None)) is not None:
            with new_segment(workshop.segment(number), self.film, self.encoding) as segment:
                for frame in chain([first], islice(frames, _SEGMENT - 1)):
                    segment.write(self._colored(frame, tracks.get(frame.stamp), steadier), frame.stamp)
                    last = frame.stamp
                    on_frame(self.film.seconds_at(last))
            assert steadier.last is not None  # there was a frame
            assert last is not None
            workshop.keep(number, steadier.last, last)
            number += 1

    def notes(self) -> Iterator[str]:
        if self.film.broken:
            yield f"{self.film.broken} damaged packets were left out"
        if self.film.interlaced:
            yield "its frames are interlaced, which shows as combs in what moves; deinterlace it first"

    def _frames(self, after: int | None = None) -> Iterator[Frame]:
        return self.film.frames(self.options.start, self.options.end, after)

    def _tracks(self) -> dict[int, Track]:
        """The hints of all frames; the film is read once for them alone."""
        if not self.key_frames:
            return {}
        photo = next(self.film.frames()).photo
        for key in self.key_frames:
            self.pipeline.prepare_hints(key.hints, photo)  # they make sense
        seen = ((frame.stamp, self.film.seconds_at(frame.stamp), self._gray(frame)) for frame in self._frames())
        return follow_key_frames(self.key_frames, seen, self.film.size)

    def _gray(self, frame: Frame) -> np.ndarray:
        return _to_gray(self.pipeline.image_processor.shrink(frame.photo, size=self.options.size))

    def _colored(self, frame: Frame, track: Track | None, steadier: Steadier) -> np.ndarray:
        """(H, W, 3), sRGB."""
        pipeline, options = self.pipeline, self.options
        inputs = pipeline.prepare(frame.photo, size=options.size)
        gray = _to_gray(inputs["luminance"])
        hints = [] if track is None else _hints_of(track, gray.shape, self.film.size)
        batch, _ = pipeline.prepare_hints(hints, frame.photo)
        with torch.inference_mode():
            features = pipeline.encode(inputs["luminance"].to(pipeline.device), inputs["boxes"])
            colors = pipeline.prepare_palette(options.palette)
            output = pipeline.model.decode(features, batch, colors, vividness=options.vividness)
        chroma = steadier.steady(gray, output.chroma[0].float().cpu().numpy())
        output.chroma = torch.from_numpy(chroma)[None]
        return pipeline.postprocess((frame.photo, output, ())).pixels


def _to_gray(luminance: torch.Tensor) -> np.ndarray:
    """What the network sees (1, 1, h, w) as (h, w) uint8."""
    return (luminance[0, 0] * 255).round().to(torch.uint8).cpu().numpy()


def _hints_of(track: Track, shape: tuple[int, ...], size: tuple[int, int]) -> list[Hint]:
    return track.to_hints((size[0] / shape[1], size[1] / shape[0]))


__all__ = ["FilmOptions", "colorize_film"]
