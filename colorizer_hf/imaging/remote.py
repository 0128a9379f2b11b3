"""Files of object stores and the like, by addresses that fsspec knows: s3://, gs://, memory:// and many more."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from glob import has_magic
from importlib import import_module
from importlib.util import find_spec
from typing import IO, Any, TypeGuard

from ..errors import ImageError
from .names import is_address, shown

_OF_THE_WEB = ("http", "https", "data")  # which `addresses.fetch` reads, more carefully


def is_remote(source: Any) -> TypeGuard[str]:
    """Whether it is an address, but neither of the web nor a data address."""
    return is_address(source) and source.partition(":")[0].lower() not in _OF_THE_WEB


def read_remote(address: str) -> bytes:
    """What lies there.

    Raises:
        ImageError: it cannot be had.
    """
    with _system(address) as (system, path):
        return system.cat_file(path)


def write_remote(address: str, content: bytes | memoryview) -> None:
    """Put a whole file there.

    Raises:
        ImageError: it cannot be written.
    """
    with _system(address) as (system, path), _whole(system, path):
        system.pipe_file(path, bytes(content))


@contextmanager
def open_remote(address: str) -> Generator[IO[bytes]]:
    """What lies there, as a file that is read piece by piece.

    Raises:
        ImageError: it cannot be had.
    """
    with _system(address) as (system, path), system.open(path, "rb") as file:
        yield file


@contextmanager
def new_remote(address: str) -> Generator[IO[bytes]]:
    """A file that takes its name there when all is written.

    Raises:
        ImageError: it cannot be written; nothing is left behind.
    """
    with _system(address) as (system, path), _whole(system, path), system.open(path, "wb") as file:
        yield file


def exists_remote(address: str) -> bool:
    """Whether something lies there.

    Raises:
        ImageError: nobody answers.
    """
    with _system(address) as (system, path):
        return system.exists(path)


def find_remote(address: str, *, recursive: bool) -> tuple[str, list[str]] | None:
    """What a folder or a pattern means.

    Args:
        address: Of the folder, or with wildcards.
        recursive: All below a folder, or what lies directly in it.

    Returns:
        The address of the folder above all, and the names of the files below it, in order; None if it is neither.

    Raises:
        ImageError: nobody answers.
    """
    with _system(address) as (system, path):
        if has_magic(path):
            found = [name for name, about in system.glob(path, detail=True).items() if about["type"] == "file"]
            while has_magic(path):
                path, address = path.rpartition("/")[0], address.rpartition("/")[0]
        elif system.isdir(path):
            found = system.find(path, maxdepth=None if recursive else 1)
        else:
            return None
        return address, sorted(name.removeprefix(path).lstrip("/") for name in found)


@contextmanager
def _whole(system: Any, path: str) -> Generator[None]:
    """What is written in this takes its names at the end, or does not come to be."""
    if not system.async_impl:  # those are object stores, which know no folders
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
    with system.transaction:
        yield


@contextmanager
def _system(address: str) -> Generator[tuple[Any, str]]:
    if not find_spec("fsspec"):
        raise ImageError(f"{shown(address)}: such addresses need fsspec: pip install 'colorizer_hf[remote]'")
    core = import_module("fsspec.core")  # by name: code that is published must not seem to need it
    try:
        yield core.url_to_fs(address)
    except (ImportError, OSError, ValueError) as error:  # no driver for it, no such file, no such kind of address
        reason = " ".join(str(error).split()) or os.strerror(getattr(error, "errno", None) or 0)
        raise ImageError(
            f"{shown(address)}: it cannot be reached ({reason}); check the address and your rights"
        ) from error


__all__ = [
    "exists_remote",
    "find_remote",
    "is_remote",
    "new_remote",
    "open_remote",
    "read_remote",
    "write_remote",
]
