"""What is done to each photograph, and what became of it."""

import os
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import ColorizerError
from .addresses import Address, Place, readable
from .file_dates import take_dates
from .hint_options import read_hints
from .photo_files import PhotoFile, is_shard, make_folder
from .sample_options import draw_from, load_sampler
from .standard_streams import read_standard_input, standard_output
from .startup import heavy_imports

if TYPE_CHECKING:
    from ..boxes import Box
    from ..colorizer import Colorizer
    from ..engines.runtimes import Runtime
    from ..hints import Hint, Reach
    from ..imaging import Photo
    from ..imaging.levels import Levels
    from ..palette import Palette
    from ..pipeline import ColorizationPipeline
    from ..result import ColorizationResult

    Painter = Callable[[Photo, Sequence[Hint], Sequence[Box] | None], list[ColorizationResult]]

_WORTH_A_PROCESS = 16  # photographs, each process takes seconds to start
_ONLY_READ = "files of its kind are only read, so its result is a PNG"


class Job(NamedTuple):
    """A photograph to be coloured.

    Attributes:
        photo: The photograph.
        targets: Where its colourings go, by their numbers from 0; None is standard output.
        boxes: Around things in it, if any were given.
    """

    photo: PhotoFile
    targets: dict[int, Place | None]
    boxes: "Sequence[Box] | None" = None


@dataclass(frozen=True)
class Failure:
    """Why there is no result.

    Attributes:
        sentence: What a person should know, in one line.
        trace: Where it happened, for who looks for the fault.
    """

    sentence: str
    trace: str

    @classmethod
    def of(cls, error: Exception, name: str | None = None) -> "Failure":
        """Of an exception, with what it is about; one that nobody foresaw says of which kind it is."""
        sentence = " ".join(str(error).split())  # one line, whatever a library says
        if not isinstance(error, ColorizerError):
            sentence = f"{type(error).__name__}: {sentence}; add --debug for the traceback"
        sentence = f"{name}: {sentence}" if name else sentence
        return cls(sentence, "".join(traceback.format_exception(error)))


class Written(NamedTuple):
    """A result.

    Attributes:
        target: Where it is; None is standard output.
        notes: On how the photograph was read, coloured and written.
    """

    target: Place | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a photograph.

    Attributes:
        seconds: That it took.
        written: Its results.
        failures: Why there are no more: of the photograph, or of those in a shard.
    """

    seconds: float
    written: tuple[Written, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class Work:
    """What is done to every photograph; the fields are those of the command's options."""

    model: str | None
    nir: bool
    samples: int | None
    seed: int
    device: str | None
    engine: str
    detector: str | None
    hints: Path | None
    dabs: "Sequence[Hint]"
    reach: "Reach"
    palette: "Palette | None"
    vividness: float
    size: int | None
    levels: "Levels"
    band: int | None
    contrast: tuple[float, float] | None
    quality: int
    note: bool
    gps: bool
    keep_dates: bool

    @property
    def checkpoint(self) -> str | None:
        """The network; None is the default one."""
        from ..bundled import NIR_CHECKPOINT

        return self.model or (NIR_CHECKPOINT if self.nir else None)

    def load(self) -> "Painter":
        """What colours a picture, with its hints and boxes.

        Raises:
            CheckpointError: there is no such network.
        """
        if self.samples:
            draw = draw_from(load_sampler(self.model, self.device), self.samples, self.seed, size=self.size)
            return lambda picture, hints, boxes: draw(picture, hints)
        return self.paint_with(self.load_network())

    def load_network(self) -> "ColorizationPipeline | Colorizer":
        """The network, by the engine that was asked for.

        Raises:
            CheckpointError: there is no such network, or it has no graphs for the engine.
            ColorizerError: the engine is not installed.
        """
        from ..loading import load_colorizer

        with heavy_imports():
            return load_colorizer(self.checkpoint, engine=self.engine, device=self.device, detector=self.detector)

    def find_graphs(self) -> "tuple[Path, Runtime] | None":
        """What shall run without torch, and by what; None if torch is to run the network."""
        from ..engines.choice import beside, graphs_for

        options: dict[str, Any] = {"device": self.device, "detector": self.detector, "samples": self.samples}
        return graphs_for(self.checkpoint, beside(self.engine, **options))

    def paint_with(self, pipeline: "ColorizationPipeline | Colorizer") -> "Painter":
        """The same with a pipeline that is there."""
        options: dict[str, Any] = {"vividness": self.vividness, "palette": self.palette, "size": self.size}
        options["contrast"] = self.contrast
        return lambda picture, hints, boxes: [pipeline(picture, hints=hints, boxes=boxes, **options)]

    def do(self, paint: "Painter", job: Job) -> Outcome:
        """Colorize a photograph; one that cannot be must not stop the others."""
        began, written, failures = time.monotonic(), list[Written](), list[Failure]()
        try:
            if job.photo.path and is_shard(job.photo.path):
                failures.extend(self._colorize_shard(paint, job))
                written.extend(Written(target, ()) for target in job.targets.values())
            else:
                written.extend(self._colorize(paint, job))
        except Exception as error:
            failures.append(Failure.of(error))
        return Outcome(time.monotonic() - began, tuple(written), tuple(failures))

    def _colorize_shard(self, paint: "Painter", job: Job) -> Iterator[Failure]:
        from ..imaging import read
        from .shards import colorize_shard

        (target,) = job.targets.values()
        assert job.photo.path is not None
        assert target is not None
        make_folder(target.parent)

        def colorize(content: bytes) -> "ColorizationResult":
            return paint(read(content, levels=self.levels, band=self.band), (), None)[0]

        options = {"quality": self.quality, "note": self.note, "gps": self.gps}
        for name, error in colorize_shard(job.photo.path, target, colorize, **options):
            yield Failure.of(error, name)

    def _colorize(self, paint: "Painter", job: Job) -> Iterator[Written]:
        from ..imaging import read

        picture = read(
            readable(job.photo.path) if job.photo.path else read_standard_input(), levels=self.levels, band=self.band
        )
        known = [*(read_hints(self.hints, picture.size, self.reach) if self.hints else ()), *self.dabs]
        results = paint(picture, known, job.boxes)
        for number, target in job.targets.items():
            notes = self._save(results[number], job.photo, target)
            if self.keep_dates and job.photo.path and target:
                notes += take_dates(job.photo.path, target)
            yield Written(target, notes)

    def _save(self, result: "ColorizationResult", photo: PhotoFile, target: Place | None) -> tuple[str, ...]:
        """Write a result, and give the notes on it."""
        from ..imaging import WRITTEN

        options: dict[str, Any] = {"quality": self.quality, "note": self.note, "gps": self.gps}
        own = result.photo.format
        if target is None:
            format = own if own in WRITTEN else "PNG"
            with standard_output() as file:
                lost = result.save(file, format=format, **options)
            is_other = format != own
        else:
            make_folder(target.parent)
            lost = result.save(target.text if isinstance(target, Address) else target, **options)
            is_other = photo.name.suffix.lower() != target.suffix.lower()
        return (*result.notes, *lost, *((_ONLY_READ,) if is_other else ()))


def keep_to_one_thread() -> None:
    """Let what this process imports from now on, and the processes that it starts, work with one thread each."""
    os.environ["OMP_NUM_THREADS"] = "1"  # read by numpy and torch when they are imported


def default_processes(photos: int, work: Work) -> int:
    """How many processes suit so many photographs: one a core, but on an accelerator, and for few, a single one."""
    device = work.device
    many = min(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        photos // _WORTH_A_PROCESS,
    )
    if many < 2 or device not in (None, "cpu"):
        return 1
    if work.find_graphs():
        return many
    import torch

    return 1 if device is None and torch.accelerator.is_available() else many


def do_all(
    work: Work, jobs: Iterable[Job], *, processes: int, paint: "Painter | None" = None
) -> Iterator[tuple[Job, Outcome]]:
    """Colorize photographs; the outcomes come in the order of the photographs, however many processes there are.

    Args:
        work: What is done to each.
        jobs: The photographs; taken when they are needed, so there may be any number of them.
        processes: How many work at once; 1 is this one.
        paint: Of this process, if it is loaded already.

    Raises:
        CheckpointError: there is no such network.
    """
    if processes > 1:
        from .processes import do_side_by_side

        yield from do_side_by_side(work, jobs, processes)
        return
    paint = paint or work.load()
    for job in jobs:
        yield job, work.do(paint, job)


__all__ = ["Failure", "Job", "Outcome", "Work", "default_processes", "do_all", "keep_to_one_thread"]
