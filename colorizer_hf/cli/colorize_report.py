"""What `colorizer colorize` says of each photograph, for people or as JSON."""

import json
import sys
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..errors import ColorizerError
from .photo_files import PhotoFile, kinds


@dataclass
class Report:
    """Says what became of each photograph: results on standard output, everything else on standard error."""

    as_json: bool
    debug: bool
    failures: int = 0
    kept: list[Path] = field(default_factory=list)  # results that existed
    left_out: list[Path] = field(default_factory=list)  # files that are no photographs

    def wrote(self, photo: PhotoFile, target: Path | None, notes: Sequence[str]) -> None:
        if self.as_json:
            self._print_json(photo, "written", output=target, notes=notes)
            return
        if target is not None:
            print(target)
        for note in notes:
            print(f"{photo}: {note}", file=sys.stderr)

    def failed(self, argument: str, error: Exception) -> None:
        self.failures += 1
        if self.debug:
            traceback.print_exception(error)
        sentence = " ".join(str(error).split())  # one line, whatever a library says
        if not isinstance(error, ColorizerError):
            sentence = f"{type(error).__name__}: {sentence}; add --debug for the traceback"
        if argument not in sentence:
            sentence = f"{argument}: {sentence}"
        print(sentence, file=sys.stderr)
        if self.as_json:
            self._print_json(argument, "failed", error=sentence)

    def keeps(self, photo: PhotoFile, output: Path) -> None:
        """There is a result already."""
        self.kept.append(output)
        if self.as_json:
            self._print_json(photo, "exists", output=output)

    def leaves_out(self, files: Iterable[Path]) -> None:
        """They are no photographs."""
        for file in files:
            self.left_out.append(file)
            if self.as_json:
                self._print_json(file, "left out")

    def end(self) -> None:
        """Say of what was not worked on how much there is: one line each."""
        if self.kept:
            many = len(self.kept) > 1
            count = f"{len(self.kept)} results exist" if many else "1 result exists"
            print(f"{count} already; add --overwrite to make {'them' if many else 'it'} anew", file=sys.stderr)
        if self.left_out:
            many = len(self.left_out) > 1
            count = f"{len(self.left_out)} files of other kinds were" if many else "1 file of another kind was"
            print(f"{count} left out: {kinds(self.left_out)}", file=sys.stderr)

    @staticmethod
    def _print_json(
        argument: object,
        status: Literal["written", "failed", "exists", "left out"],
        *,
        output: Path | None = None,
        notes: Sequence[str] = (),
        error: str | None = None,
    ) -> None:
        line = {"input": str(argument), "status": status, "output": output and str(output)}
        print(json.dumps(line | {"notes": list(notes), "error": error}), flush=True)


__all__ = ["Report"]
