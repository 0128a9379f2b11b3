"""Folders that are written whole or not at all."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from colorizer_hf.errors import ColorizerError


class TrainingError(ColorizerError):
    """A run cannot go on; its last checkpoint is whole."""


@contextmanager
def replacing(final: Path, *, is_mine: bool = True) -> Generator[Path]:
    """A folder to write into, which takes the place of `final` when it is whole; a kill leaves none half written.

    Args:
        final: The folder to be.
        is_mine: Whether this process makes and renames folders; the others only write into it.

    Raises:
        TrainingError: something cannot be written, for example because the disk is full.
    """
    partial, old = (final.with_name(f".{final.name}{suffix}") for suffix in ("", "-old"))
    try:
        if is_mine:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
        yield partial
        if is_mine:
            if final.exists():
                final.replace(old)
            partial.replace(final)
            shutil.rmtree(old, ignore_errors=True)
    except (OSError, RuntimeError, SafetensorError) as error:  # torch and safetensors have their own for a full disk
        shutil.rmtree(partial, ignore_errors=True)
        reason = str(error).strip().splitlines()[0]
        raise TrainingError(f"{final} cannot be written ({reason}); make room on the disk") from error
