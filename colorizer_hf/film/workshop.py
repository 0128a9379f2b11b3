"""The folder beside a film in which it is made: finished segments, and what the next one goes on from."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FilmError
from .steadying import Steadier

_MADE_OF = "made_of.json"


@dataclass(frozen=True)
class Workshop:
    """Segments of one film, which a killed run leaves to the next one.

    Attributes:
        folder: Where they lie.
    """

    folder: Path

    @classmethod
    def for_film(cls, target: Path, made_of: dict[str, Any]) -> "Workshop":
        """The folder for a film; segments that were made otherwise are thrown away.

        Args:
            target: The film's file.
            made_of: All that decides what the segments are, as JSON.

        Raises:
            FilmError: it cannot be made.
        """
        workshop = cls(target.with_name(f".{target.name}.segments"))
        record = json.dumps(made_of, sort_keys=True)
        try:
            known = workshop.folder / _MADE_OF
            if not known.is_file() or known.read_text(encoding="utf-8") != record:
                workshop.clear()
                workshop.folder.mkdir(parents=True)
                known.write_text(record, encoding="utf-8")
        except OSError as error:
            raise FilmError(f"{target}: the film cannot be written there ({error.strerror}); check the disk") from error
        return workshop

    def clear(self) -> None:
        """Throw the folder away."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    @property
    def finished(self) -> list[Path]:
        """The segments that are whole, in their order."""
        found = []
        while (segment := self.segment(len(found))).exists() and segment.with_suffix(".npz").exists():
            found.append(segment)
        return found

    def segment(self, number: int) -> Path:
        """The file of a segment, whether it is there or not."""
        return self.folder / f"{number:06}.nut"

    def keep(self, number: int, last: tuple[np.ndarray, np.ndarray], stamp: int) -> None:
        """Keep what the segment after this one goes on from; it counts as finished from then on.

        Args:
            number: Of the segment.
            last: Of the `Steadier` after it.
            stamp: Of its last frame.
        """
        place = self.segment(number).with_suffix(".npz")
        unfinished = place.with_suffix(".part")
        with unfinished.open("wb") as file:
            np.savez(file, allow_pickle=False, gray=last[0], chroma=last[1], stamp=stamp)
        unfinished.replace(place)

    def state(self) -> tuple[Steadier, int | None]:
        """What to go on from: the colours of the last frame and its time stamp."""
        segments = self.finished
        if not segments:
            return Steadier(), None
        with np.load(segments[-1].with_suffix(".npz")) as kept:
            return Steadier((kept["gray"], kept["chroma"])), int(kept["stamp"])


__all__ = ["Workshop"]
