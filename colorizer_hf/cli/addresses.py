"""Photographs and results that lie behind addresses: of object stores, as fsspec knows them, and of the web.

What is heavy is imported inside: whoever asks for one thread asks before numpy is there.
"""

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from ..errors import ImageError
from ..folders import is_passed_over

_FILE = "file://"  # before the path of a file of this machine


@dataclass(frozen=True)
class Address:
    """Where something lies that is no file of this machine. It has of a path what photographs and results need.

    Attributes:
        text: "s3://bucket/scans/a.tif", "https://host/a.jpg" and the like.
    """

    text: str

    @classmethod
    def of(cls, text: str) -> "Address | None":
        """The address that a text is, None if it is the path of a file."""
        from ..imaging.names import is_address

        is_meant = is_address(text) and not text.lower().startswith(("data:", _FILE))
        return cls(text.rstrip("/")) if is_meant else None

    def __str__(self) -> str:
        return self.text

    def __truediv__(self, name: PurePath | str) -> "Address":
        return Address(f"{self.text}/{PurePath(name).as_posix()}")

    @property
    def is_store(self) -> bool:
        """Whether results can be written there; the web is only read."""
        from ..imaging.remote import is_remote

        return is_remote(self.text)

    @property
    def name(self) -> str:
        """What the last part is called."""
        path = self.text.partition("://")[2] if self.is_store else unquote(urlsplit(self.text).path)
        return PurePosixPath(path).name

    @property
    def suffix(self) -> str:
        """Of the name."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> "Address":
        """What lies above the last part."""
        return Address(self.text.rpartition("/")[0])

    def as_path(self) -> Path:
        """A path from the root that has the same parts, to compare names."""
        return Path("/", *self.text.split("://", 1))

    def read(self) -> IO[bytes]:
        """All that lies there, as a file of its name.

        Raises:
            ImageError: it cannot be had.
        """
        from ..imaging.addresses import fetch
        from ..imaging.remote import read_remote

        # Who types an address may mean any host, one of their own network as well.
        content = read_remote(self.text) if self.is_store else fetch(self.text, public_only=False)
        return _Fetched(content, self.text)

    def below(self, *, recursive: bool = True) -> "Iterator[tuple[Address, Path]] | None":
        """The files that a folder or a pattern of a store means, with their names below it; None if it is neither.

        Raises:
            ImageError: nobody answers.
        """
        from ..imaging.remote import find_remote

        found = find_remote(self.text, recursive=recursive) if self.is_store else None
        if found is None:
            return None
        base, names = found
        return (
            (Address(base) / name, Path(name))
            for name in names
            if not any(map(is_passed_over, PurePosixPath(name).parents[:-1]))
        )


Place = Path | Address


def to_place(text: str) -> Place:
    """The address or the path that a text is."""
    return Address.of(text) or Path(text[len(_FILE) :] if text.lower().startswith(_FILE) else text)


def readable(place: Place) -> Path | IO[bytes]:
    """What `imaging.read` takes for a place.

    Raises:
        ImageError: it is an address and cannot be had.
    """
    return place.read() if isinstance(place, Address) else place


def opened(place: Place) -> AbstractContextManager[IO[bytes]]:
    """A place to be read piece by piece, as far as it allows that.

    Raises:
        ImageError: it is an address and cannot be had.
    """
    from ..imaging.remote import open_remote

    if isinstance(place, Address):
        return open_remote(place.text) if place.is_store else place.read()
    return place.open("rb")


def new_file_at(place: Place) -> AbstractContextManager[IO[bytes]]:
    """A file that takes its name when all is written.

    Raises:
        ImageError: it cannot be written; nothing is left behind.
    """
    from ..imaging.remote import new_remote
    from ..imaging.writing import new_file

    return new_remote(place.text) if isinstance(place, Address) else new_file(place, overwrite=True)


def check_writable(place: Place) -> None:
    """Raise ImageError if nothing can be written there."""
    if isinstance(place, Address) and not place.is_store:
        raise ImageError(f"{place}: the web is only read; name a folder, or an address such as s3://bucket/folder")


class _Fetched(io.BytesIO):
    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name  # in messages


__all__ = ["Address", "Place", "check_writable", "new_file_at", "opened", "readable", "to_place"]
