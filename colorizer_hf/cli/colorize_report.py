"""What `colorizer colorize` says of each photograph, for people or as JSON."""

import json
import sys
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from ..errors import ImageError
from .addresses import Place
from .photo_files import PhotoFile, kinds
from .work import Failure, Job, Outcome

_MANY = 10  # photographs from which on a summary says more than the lines do


@dataclass
class Report:
    """Says what became of each photograph: results on standard output, everything else on standard error."""

    as_json: bool
    debug: bool
    file: IO[str] | None = None  # gets the same objects as standard output does with `as_json`
    written: int = 0
    failures: int = 0
    kept: list[Place] = field(default_factory=list)  # results that existed
    left_out: list[Place] = field(default_factory=list)  # files that are no photographs
    began: float = field(default_factory=time.monotonic)

    @classmethod
    @contextmanager
    def opened(cls, *, as_json: bool, debug: bool, path: Path | None) -> Generator["Report"]:
        """A report, with a file of it at `path` that is open meanwhile.

        Raises:
            ImageError: the file cannot be written.
        """
        try:
            file = path.open("w", encoding="utf-8") if path else None
        except OSError as error:
            raise ImageError(
                f"{path}: the report cannot be written ({error.strerror}); choose another place"
            ) from error
        with file or nullcontext():
            yield cls(as_json, debug, file)

    def tells(self, job: Job, outcome: Outcome) -> None:
        """What became of a photograph."""
        for target, notes in outcome.written:
            self.written += 1
            self._record(job.photo, "written", output=target, notes=notes, seconds=outcome.seconds)
            if not self.as_json:
                if target is not None:
                    print(target)
                for note in notes:
                    print(f"{job.photo}: {note}", file=sys.stderr)
        for failure in outcome.failures:
            self.failed(str(job.photo), failure, seconds=outcome.seconds)

    def failed(self, argument: str, failure: Failure, *, seconds: float | None = None) -> None:
        """There is no result."""
        self.failures += 1
        if self.debug:
            print(failure.trace, end="", file=sys.stderr)
        sentence = failure.sentence if argument in failure.sentence else f"{argument}: {failure.sentence}"
        print(sentence, file=sys.stderr)
        self._record(argument, "failed", error=sentence, seconds=seconds)

    def keeps(self, photo: PhotoFile, output: Place) -> None:
        """There is a result already."""
        self.kept.append(output)
        self._record(photo, "exists", output=output)

    def leaves_out(self, files: Iterable[Place]) -> None:
        """They are no photographs."""
        for file in files:
            self.left_out.append(file)
            self._record(file, "left out")

    def end(self) -> None:
        """Say how much was done, if it was much, and of what was not worked on how much there is: one line each."""
        if (done := self.written + self.failures) >= _MANY:
            seconds = time.monotonic() - self.began
            failed = f", {self.failures} of them failed" if self.failures else ""
            print(f"{done} photographs in {seconds:.1f} s ({done / seconds:.1f}/s){failed}", file=sys.stderr)
        if self.kept:
            many = len(self.kept) > 1
            count = f"{len(self.kept)} results exist" if many else "1 result exists"
            print(f"{count} already; add --overwrite to make {'them' if many else 'it'} anew", file=sys.stderr)
        if self.left_out:
            many = len(self.left_out) > 1
            count = f"{len(self.left_out)} files of other kinds were" if many else "1 file of another kind was"
            print(f"{count} left out: {kinds(self.left_out)}", file=sys.stderr)

    def _record(
        self,
        argument: object,
        status: Literal["written", "failed", "exists", "left out"],
        *,
        output: Place | None = None,
        notes: Sequence[str] = (),
        error: str | None = None,
        seconds: float | None = None,
    ) -> None:
        line = {"input": str(argument), "status": status, "output": output and str(output), "notes": list(notes)}
        text = json.dumps(line | {"error": error, "seconds": seconds and round(seconds, 3)})
        if self.as_json:
            print(text, flush=True)
        if self.file:
            print(text, file=self.file, flush=True)


__all__ = ["Report"]
