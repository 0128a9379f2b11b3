"""`Encoded`: a picture of which only the header was read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from .samples import Samples


@dataclass(frozen=True)
class Encoded:
    """A picture of which only the header was read.

    Attributes:
        size: width and height as stored, before any turning.
        notes: what a user should know, as phrases.
        info: as Pillow's `info`, complete once decoded: icc_profile, xmp, dpi.
        exif: reads the EXIF tags; to be called after `decode`, since some stand behind the pixels.
        decode: decodes the pixels.
    """

    size: tuple[int, int]
    notes: tuple[str, ...]
    info: Mapping[Any, Any]
    exif: Callable[[], Image.Exif]
    decode: Callable[[], Samples]


def which_of(part: str, count: int, number: int = 1) -> tuple[str, ...]:
    """The note that of several parts of a file one was read; none if there is but one."""
    return (f"{part} {number} of {count} was read",) if count > 1 else ()
