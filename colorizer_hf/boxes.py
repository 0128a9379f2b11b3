"""Boxes around things in a photo's own pixels, as people, files and detectors give them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np

from .arrays import is_tensor
from .errors import BoxError

MAX_BOXES = 100  # of one photograph
NOTHING_BOXED = "there are no boxes around things, so the photograph was coloured as a whole"

_EDGES = ("xmin", "ymin", "xmax", "ymax")  # as transformers' object-detection pipeline calls them


@dataclass(frozen=True)
class Box:
    """A rectangle around a thing.

    Attributes:
        left: Its left edge in pixels of the upright photo; the photo's own is 0.
        top: Its top edge.
        right: Its right edge; the photo's own is its width.
        bottom: Its bottom edge.
        score: How sure it is that there is a thing, in [0, 1]; where there are too many boxes the highest count.

    Raises:
        BoxError: the edges are no numbers or enclose nothing, or there is no such score.
    """

    left: float
    top: float
    right: float
    bottom: float
    score: float = 1.0

    def __post_init__(self) -> None:
        edges = (self.left, self.top, self.right, self.bottom)
        if not all(map(_is_number, edges)):
            raise BoxError(f"a box must be four numbers in pixels: left, top, right, bottom; got {edges!r:.80}")
        if not (self.left < self.right and self.top < self.bottom):
            raise BoxError(f"the box {_shown(edges)} encloses nothing; give left, top, right, bottom")
        if not (_is_number(self.score) and 0 <= self.score <= 1):
            raise BoxError(f"the score of a box must be 0 to 1, got {self.score!r:.40}")

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        return self.left, self.top, self.right, self.bottom


def collect_boxes(boxes: Any, size: tuple[int, int]) -> list[Box]:
    """Bring everything a caller may give as the boxes of one photo into one list.

    Args:
        boxes: None, or a list, array or tensor. Each item is a `Box`, or left, top, right and bottom in pixels, or a
            dictionary of such a `box` and, if wanted, its `score`, as transformers' object-detection pipeline gives it.
        size: The photo's width and height in pixels; what sticks out of it is cut off.

    Raises:
        BoxError: one of them is no box, or lies outside the photo; or there are too many.
    """
    if boxes is None:
        return []
    if isinstance(boxes, Box | str | Mapping) or not isinstance(boxes, Iterable):
        raise BoxError(f"boxes must be a list of boxes, got {type(boxes).__name__}; put a single one into [ ]")
    items = list(boxes)
    if len(items) > MAX_BOXES:
        raise BoxError(f"a photo can take {MAX_BOXES} boxes, got {len(items)}; leave some out")
    return [_inside(_parse_box(item), size) for item in items]


def are_boxes_for_each(boxes: Any) -> bool:
    """Whether these are the boxes of several photographs: a list of lists of boxes, with None where there are none."""
    if not isinstance(boxes, list | tuple) or not boxes:
        return False
    return all(one is None or (isinstance(one, list | tuple) and not any(map(_is_number, one))) for one in boxes)


def boxes_from_json(text: str) -> list[Any] | dict[str, Any]:
    """Read boxes of a photo, or of several by their names.

    Returns:
        A list for `collect_boxes`; or a dictionary of such lists by the photos' file names.

    Raises:
        BoxError: the text is neither.
    """
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BoxError("the boxes are not valid JSON") from error
    lists = given.values() if isinstance(given, dict) else [given]
    if not all(isinstance(each, list) for each in lists):
        raise BoxError("the boxes must be a JSON list, or an object with a list for each photo's file name")
    return given


def _parse_box(given: Any) -> Box:
    if isinstance(given, Box):
        return given
    item, score = given, 1.0
    if isinstance(given, Mapping):
        item, score = given.get("box"), given.get("score", 1.0)
        if isinstance(item, Mapping):
            item = [item.get(edge) for edge in _EDGES]
    if isinstance(item, np.ndarray) or is_tensor(item):
        item = item.tolist()
    if not isinstance(item, list | tuple) or len(item) != 4:
        raise BoxError(f"a box must be four numbers in pixels: left, top, right, bottom; got {item!r:.80}")
    return Box(*item, score=score)


def _inside(box: Box, size: tuple[int, int]) -> Box:
    """The part of a box that lies on a photo.

    Raises:
        BoxError: none does.
    """
    width, height = size
    left, top, right, bottom = max(box.left, 0), max(box.top, 0), min(box.right, width), min(box.bottom, height)
    if left >= right or top >= bottom:
        raise BoxError(f"the box {_shown(box.edges)} lies outside the photo of {width} x {height} pixels")
    return Box(left, top, right, bottom, box.score)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)


def _shown(edges: Iterable[float]) -> str:
    return f"({', '.join(f'{edge:g}' for edge in edges)})"


__all__ = ["Box", "are_boxes_for_each", "boxes_from_json", "collect_boxes"]
