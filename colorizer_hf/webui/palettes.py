"""The colours that a picture should be made of, in the words of the page and from its uploads."""

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from PIL import Image

from ..amounts import DEFAULT_STRENGTH, bounded_amount
from ..errors import HintError
from ..palette import MOST_COLORS, REFERENCE_SIDE, Palette
from .examples_shown import as_data_url
from .files import read_upload, take_upload

MOST_NAMED = 8
_FARTHEST = 128.0  # Lab units from gray
_THUMBNAIL = 96


def parse_palette(words: Mapping[str, Any] | None) -> Palette | None:
    """Read what a browser or a program says.

    Args:
        words: {"colors": ["#rrggbb", ...]}, or {"chroma", "shares"} as `read_reference` gives them; and "strength".

    Raises:
        HintError: one of the colours is none, or there are too many.
        AttributeError, KeyError, OverflowError, TypeError, ValueError: it is no palette.
    """
    if not words:
        return None
    strength = bounded_amount(words.get("strength", DEFAULT_STRENGTH), DEFAULT_STRENGTH)
    if "colors" in words:
        return Palette.of_colors(_at_most(MOST_NAMED, words["colors"]), strength=strength)
    chroma = tuple((_bounded(a), _bounded(b)) for a, b in _at_most(MOST_COLORS, words["chroma"]))
    shares = [max(_bounded(share), 0.0) for share in words["shares"]]
    if len(shares) != len(chroma) or not sum(shares):
        raise ValueError("each colour of a palette must have its share")
    return Palette(chroma, tuple(share / sum(shares) for share in shares), strength)


def read_reference(path: Path, place: Path, *, upload: str) -> dict[str, Any]:
    """The colours of an uploaded photograph, for the page to keep; of the file nothing stays.

    Args:
        path: Where it is.
        place: Under the person's own name for it, where it is moved before it is read.
        upload: What the page calls it.

    Raises:
        ImageError: it cannot be read, or is gray.
    """
    take_upload(path, place)
    try:
        photo = read_upload(place, own_colors=REFERENCE_SIDE)
    finally:
        place.unlink()
    palette = Palette.of_photo(photo)
    assert photo.colors is not None  # else it were gray
    chroma = [[round(a, 1), round(b, 1)] for a, b in palette.chroma]
    shares = [round(share, 4) for share in palette.shares]
    thumbnail = as_data_url(Image.fromarray(photo.colors), _THUMBNAIL)
    described = {"name": place.name, "thumbnail": thumbnail, "strength": palette.strength}
    return {"path": upload, "chroma": chroma, "shares": shares, **described}


def _at_most(number: int, values: Any) -> list[Any]:
    if len(values) > number:
        raise HintError(f"a palette has {number} colours at most; leave some out")
    return list(values)


def _bounded(value: Any) -> float:
    number = float(value)
    if not isfinite(number):
        raise ValueError("a palette must be of finite numbers")
    return min(max(number, -_FARTHEST), _FARTHEST)


__all__ = ["MOST_NAMED", "parse_palette", "read_reference"]
