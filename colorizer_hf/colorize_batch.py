"""`ColorizeBatch`: photographs by their paths, a batch at a time, for engines that spread work over many machines.

Ray Data is such an engine: each of its actors makes one of these and calls it with batches (docs/archives.md). What is
there already is left as it is, and a result takes its name when it is whole, so that work which is done twice, because
an actor was killed, does no harm.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import ColorizerError
from .imaging.remote import exists_remote, is_remote, read_remote
from .pipeline import ColorizationPipeline


class ColorizeBatch:
    """Colorize batches of photographs into a folder.

    Args:
        output: Folder, or address of one that fsspec knows.
        model: A bundled checkpoint, a folder or a Hub id; None takes the default.
        overwrite: Make results that exist anew.
        **options: Of `ColorizationPipeline.from_pretrained`, those of a call included.

    Raises:
        CheckpointError: the checkpoint is missing, damaged or of another kind.
    """

    def __init__(self, output: str, model: str | None = None, *, overwrite: bool = False, **options: Any) -> None:
        self._output = output
        self._overwrite = overwrite
        self._pipeline = ColorizationPipeline.from_pretrained(model, **options)

    def __call__(self, batch: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """What became of each photograph of a batch.

        Args:
            batch: `path` has the photographs; `name`, if there, what their results are called below the folder.

        Returns:
            `path`; `output`, where the result is; `status`: "written", "exists" or "failed"; `error`, why there is no
            result, or "".
        """
        paths = [str(path) for path in batch["path"]]
        names = [str(name) for name in batch["name"]] if "name" in batch else [Path(path).name for path in paths]
        rows = [self._colorize(path, self._place(name)) for path, name in zip(paths, names, strict=True)]
        columns = ("path", "output", "status", "error")
        return {column: [row[number] for row in rows] for number, column in enumerate(columns)}

    def _place(self, name: str) -> str:
        return f"{self._output.rstrip('/')}/{name}" if is_remote(self._output) else str(Path(self._output, name))

    def _colorize(self, path: str, output: str) -> tuple[str, str, str, str]:
        try:
            if not self._overwrite and _exists(output):
                return path, output, "exists", ""
            if not is_remote(output):
                Path(output).parent.mkdir(parents=True, exist_ok=True)
            self._pipeline(read_remote(path) if is_remote(path) else path).save(output)
        except (ColorizerError, OSError) as error:
            return path, output, "failed", str(error)
        return path, output, "written", ""


def _exists(place: str) -> bool:
    return exists_remote(place) if is_remote(place) else os.path.lexists(place)


__all__ = ["ColorizeBatch"]
