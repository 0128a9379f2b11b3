"""Folders that are written: whole or not at all, and over nobody's files."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from .errors import CheckpointError


def check_is_new(output: Path) -> None:
    """Look before the work begins.

    Raises:
        CheckpointError: something is there that is no empty folder.
    """
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise CheckpointError(f"{output} is there already; give a folder that is new or empty")


@contextmanager
def written_whole(output: Path) -> Generator[Path]:
    """A folder to fill; it takes the place of `output` when the block ends without an error, and else is gone."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as beside:
        folder = Path(beside, "folder")
        folder.mkdir()
        yield folder
        if output.exists():
            output.rmdir()
        folder.replace(output)


__all__ = ["check_is_new", "written_whole"]
