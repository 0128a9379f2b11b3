"""A photograph piped in, and its result piped out."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO
from typing import IO

import typer

from ..errors import ImageError

STANDARD = "-"


class _StandardInput(BytesIO):
    name = "standard input"  # in messages


def check_standard_streams(*, reads: bool, writes: bool, as_json: bool) -> None:
    """Refuse what makes no sense before anything is done.

    Raises:
        BadParameter: standard input or output is a terminal, or the picture would be mixed with JSON.
    """
    if reads and sys.stdin.isatty():
        raise typer.BadParameter(
            "standard input is a terminal; pipe a photograph in: ... < old.jpg", param_hint="INPUT"
        )
    if writes and sys.stdout.isatty():
        problem = "standard output is a terminal, which shows no pictures; send it to a file: ... > new.jpg"
        raise typer.BadParameter(problem, param_hint="--output")
    if writes and as_json:
        raise typer.BadParameter("standard output cannot take a picture and JSON; name a file", param_hint="--json")


def read_standard_input() -> IO[bytes]:
    """All that is piped in."""
    return _StandardInput(sys.stdin.buffer.read())


@contextmanager
def standard_output() -> Generator[IO[bytes]]:
    """A file that goes to standard output when it is whole.

    Raises:
        ImageError: nobody reads it.
    """
    picture = BytesIO()
    yield picture
    try:
        sys.stdout.buffer.write(picture.getbuffer())
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would complain again at its end
        raise ImageError("standard output was closed before the picture had passed; try again") from error


__all__ = ["STANDARD", "check_standard_streams", "read_standard_input", "standard_output"]
