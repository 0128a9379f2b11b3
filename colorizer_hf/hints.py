"""Colour hints in a photo's own pixels: from points, strokes, painted layers and JSON."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from numbers import Integral, Real
from typing import Any, NamedTuple, NotRequired, TypedDict

import numpy as np
from PIL import Image

from .color import hex_to_rgb, rgb_to_hex, rgb_to_lab
from .errors import HintError
from .models.reaches import REACHES, Reach

HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
MAX_PAINTED_HINTS = 300  # of one painted layer, or of all strokes
MAX_STROKES = 1_000
MAX_STROKE_POINTS = 20_000  # of all strokes together: minutes of painting without a pause
DEFAULT_RADIUS = 0.01  # share of the photo's longer side
DEFAULT_REACH: Reach = "object"  # what a person means by a dab; the evaluation protocols use "alike"


@dataclass(frozen=True)
class Hint:
    """A dab of colour.

    Attributes:
        x: Column of its centre in pixels of the upright photo.
        y: Row of its centre.
        color: "#rrggbb", or red, green and blue in any form that `parse_color` reads. Only its chroma counts, the
            luminance is the photo's own. None keeps what the network makes of the place, and so holds back other hints
            there.
        radius: In pixels; None means a small dab, 1 % of the photo's longer side.
        reach: "alike" carries to everything that looks alike, "object" over the thing that the dab lies on, "spot" no
            farther than the dab's own disc.

    Raises:
        HintError: the colour cannot be understood, place or radius are no numbers, the radius is negative, or there is
            no such reach.
    """

    x: float
    y: float
    color: str | tuple[float, float, float] | None
    radius: float | None = None
    reach: Reach = DEFAULT_REACH

    def __post_init__(self) -> None:
        object.__setattr__(self, "color", None if self.color is None else parse_color(self.color))
        check_reach(self.reach)
        if not (_is_number(self.x) and _is_number(self.y)):
            raise HintError(f"the place of a hint must be two numbers in pixels, got {self.x!r:.40}, {self.y!r:.40}")
        if self.radius is not None and not (_is_number(self.radius) and self.radius >= 0):
            raise HintError(f"the radius of a hint must be 0 or more pixels, got {self.radius!r:.40}")


Hints = Iterable[Hint | Image.Image | np.ndarray] | Image.Image | np.ndarray | None
"""What callers give as the hints of a photo; see `collect_hints`."""


class HintArrays(NamedTuple):
    """Hints of one photo as numbers, which do not depend on its size.

    Attributes:
        points: (K, 2), x and y in [-1, 1]; -1 is the photo's left or top edge, 1 the other.
        chroma: (K, 2), Lab a and b / 110.
        radius: (K,), as a share of the photo's longer side.
        reach: (K,) int64, places in `reaches.REACHES`.
        keep: (K,) bool, hints that hold the network's own colour.
    """

    points: np.ndarray
    chroma: np.ndarray
    radius: np.ndarray
    reach: np.ndarray
    keep: np.ndarray


class Stroke(TypedDict):
    """A line painted over a photo, as it travels in JSON; independent of the photo's size.

    Attributes:
        color: "#rrggbb"; None keeps what the network makes of the place.
        radius: Half the width of the line as a share of the photo's longer side, 0 to 1.
        points: The corners [x, y] of the line, 0 to 1 of the photo's width and height; a single one is a dab.
        reach: See `Hint`; left out, it is the default.
    """

    color: str | None
    radius: float
    points: list[list[float]]
    reach: NotRequired[Reach]


def parse_color(color: str | Sequence[float]) -> str:
    """Bring a colour into the form "#rrggbb".

    Args:
        color: "#rrggbb", or red, green and blue: whole numbers in 0..255, such as those of a pixel; numbers with a
            point in 0..255, such as those of a mean, if one is above 1; or shares in 0..1, if one lies between.

    Raises:
        HintError: it is none of these, or (1.0, 0.0, 0.0), which could be either.
    """
    if isinstance(color, str):
        if HEX_COLOR.fullmatch(color):
            return color.lower()
    else:
        with suppress(TypeError, ValueError):  # no sequence, or not of numbers
            channels = np.asarray(color).tolist()
            if len(channels) == 3 and all(0 <= channel <= 255 for channel in channels):
                return rgb_to_hex(_codes(channels))
    raise HintError(f"a hint's colour must be #rrggbb or three numbers in 0..255, got {color!r:.40}")


def _codes(channels: Sequence[float]) -> Sequence[float]:
    """Red, green and blue in 0..255, whichever way they are given; see `parse_color`."""
    if max(channels) > 1 or all(isinstance(channel, Integral) for channel in channels) or not any(channels):
        return channels
    if all(channel in (0, 1) for channel in channels):
        raise HintError(
            f"a hint's colour {tuple(channels)} could be shares or codes; write #rrggbb or whole numbers in 0..255"
        )
    return [255 * channel for channel in channels]


def check_reach(reach: str) -> None:
    """Raises HintError if it is none."""
    if reach not in REACHES:
        raise HintError(f"the reach of a hint must be {', '.join(REACHES[:-1])} or {REACHES[-1]}, got {reach!r:.40}")


def check_inside(hints: Sequence[Hint], size: tuple[int, int]) -> None:
    """Raises HintError if a hint lies outside the photo of that width and height."""
    width, height = size
    for hint in hints:
        if not (0 <= hint.x < width and 0 <= hint.y < height):
            raise HintError(f"the hint at ({hint.x:g}, {hint.y:g}) lies outside the photo of {width} x {height} pixels")


def hints_to_arrays(hints: Sequence[Hint], size: tuple[int, int]) -> HintArrays:
    """Hints of one photo as numbers.

    Args:
        hints: In pixels of the photo.
        size: The photo's width and height in pixels.

    Raises:
        HintError: a hint lies outside the photo.
    """
    check_inside(hints, size)
    width, height = size
    longer = max(size)
    rgb = np.array([hex_to_rgb(str(hint.color or "#808080")) for hint in hints]).reshape(-1, 3) / 255
    _, chroma = rgb_to_lab(rgb[:, :, None, None])
    points = [((hint.x + 0.5) / width * 2 - 1, (hint.y + 0.5) / height * 2 - 1) for hint in hints]
    radius = [DEFAULT_RADIUS if hint.radius is None else hint.radius / longer for hint in hints]
    return HintArrays(
        points=np.array(points, np.float32).reshape(-1, 2),
        chroma=chroma[:, :, 0, 0],
        radius=np.array(radius, np.float32),
        reach=np.array([REACHES.index(hint.reach) for hint in hints], np.int64),
        keep=np.array([hint.color is None for hint in hints], bool),
    )


def layer_to_hints(
    layer: Image.Image | np.ndarray, size: tuple[int, int], *, reach: Reach = DEFAULT_REACH
) -> list[Hint]:
    """Turn a painted RGBA layer into hints: one for every small square in which there is paint.

    Args:
        layer: (h, w, 4) uint8, transparent where nothing was painted; laid over the whole photo whatever its size.
        size: The photo's width and height in pixels.
        reach: Of all the hints.

    Raises:
        HintError: the layer is not RGBA.
    """
    rgba = np.asarray(layer)
    if rgba.ndim != 3 or rgba.shape[2] != 4 or rgba.dtype != np.uint8 or rgba.size == 0:
        raise HintError(
            f"a hint layer must be an RGBA picture with 8 bits a channel, got {rgba.dtype} of shape {rgba.shape}"
        )
    cell = max(1, round(max(rgba.shape[:2]) / 128))
    while len(hints := _hints_on_grid(rgba, cell, size, reach)) > MAX_PAINTED_HINTS:
        cell *= 2
    return hints


def strokes_to_hints(strokes: Sequence[Mapping[str, object]], size: tuple[int, int]) -> list[Hint]:
    """Turn painted strokes into hints along them, about a radius apart.

    Paint covers paint: where a later stroke of another colour or reach passes, the hints of earlier ones go. Where
    there would be more than `MAX_PAINTED_HINTS`, hints of one kind that lie near each other become one.

    Args:
        strokes: What should be `Stroke`s, in painting order. They may come from anywhere: what is wrong with them is
            found here. Points outside the photo are moved to its edge.
        size: The photo's width and height in pixels.

    Raises:
        HintError: the strokes are malformed, or too many.
    """
    lines = [_Line.of_stroke(stroke, size) for stroke in _checked_strokes(strokes)]
    # No finer than needed, so that the work stays bounded however long and thin the strokes are.
    spacing = max(1.0, sum(line.length for line in lines) / (4 * MAX_PAINTED_HINTS))
    hints: list[Hint] = []
    for line in lines:
        covered = line.covers(np.array([(hint.x, hint.y) for hint in hints]).reshape(-1, 2))
        kind = (line.color, line.reach)
        hints = [hint for hint, hidden in zip(hints, covered, strict=True) if not hidden or _kind(hint) == kind]
        places = line.sample(max(spacing, line.radius)).tolist()
        hints += [Hint(x, y, line.color, line.radius, line.reach) for x, y in places]
    return _thinned(hints, size)


def hints_to_strokes(hints: Sequence[Hint], size: tuple[int, int]) -> list[Stroke]:
    """Hints as dabs: strokes of one point each, which `strokes_to_hints` turns into the same hints.

    Args:
        hints: In pixels of the photo.
        size: The photo's width and height in pixels.

    Raises:
        HintError: a hint lies outside the photo.
    """
    check_inside(hints, size)
    width, height = size
    return [
        Stroke(
            color=None if hint.color is None else str(hint.color),
            radius=DEFAULT_RADIUS if hint.radius is None else min(float(hint.radius / max(size)), 1.0),
            points=[[min(float((hint.x + 0.5) / width), 1.0), min(float((hint.y + 0.5) / height), 1.0)]],
            reach=hint.reach,
        )
        for hint in hints
    ]


def collect_hints(
    hints: "Iterable[Hint | Image.Image | np.ndarray] | Image.Image | np.ndarray | None", size: tuple[int, int]
) -> list[Hint]:
    """Bring everything a caller may give as hints into one list: hints, an RGBA layer, or a list that mixes them.

    Args:
        hints: None means none.
        size: The photo's width and height in pixels.

    Raises:
        HintError: something else is among them.
    """
    if hints is None:
        return []
    if isinstance(hints, Hint):
        raise HintError("hints must be a list; put the single hint into [ ]")
    items = [hints] if isinstance(hints, Image.Image | np.ndarray) else list(hints)
    collected: list[Hint] = []
    for item in items:
        if isinstance(item, Hint):
            collected.append(item)
        elif isinstance(item, Image.Image | np.ndarray):
            collected += layer_to_hints(item, size)
        else:
            raise HintError(f"hints must be Hint objects or RGBA layers, got {type(item).__name__}")
    return collected


def hints_to_json(hints: Sequence[Hint], size: tuple[int, int]) -> str:
    """Hints as JSON, with the size of the photo they belong to."""
    width, height = size
    data = {"width": width, "height": height, "hints": [asdict(hint) for hint in hints]}
    return json.dumps(data, indent=2, default=float)  # numpy's numbers


def hints_from_json(text: str, size: tuple[int, int]) -> list[Hint]:
    """Read what `hints_to_json` wrote, scaled to a photo of another size if need be.

    Raises:
        HintError: the text is not such JSON.
    """
    try:
        data = json.loads(text)
        scale_x, scale_y = size[0] / data["width"], size[1] / data["height"]
        return [
            Hint(
                x=entry["x"] * scale_x + (scale_x - 1) / 2,  # pixel centres lie at halves
                y=entry["y"] * scale_y + (scale_y - 1) / 2,
                color=entry["color"],
                radius=None if entry.get("radius") is None else entry["radius"] * max(scale_x, scale_y),
                reach=entry.get("reach", DEFAULT_REACH),
            )
            for entry in data["hints"]
        ]
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise HintError("the hints are not valid JSON of width, height and hints with x, y, color, radius") from error


def _hints_on_grid(rgba: np.ndarray, cell: int, size: tuple[int, int], reach: Reach) -> list[Hint]:
    """One hint for every cell x cell square that is at least a quarter painted, at its paint's centre of mass."""
    height, width = rgba.shape[:2]
    painted = rgba[..., 3] > 127
    ys, xs = np.nonzero(painted)
    squares, square = np.unique((ys // cell) * (width // cell + 1) + xs // cell, return_inverse=True)
    counts = np.bincount(square, minlength=len(squares))
    sums = [np.bincount(square, weights=values, minlength=len(squares)) for values in (xs, ys, *rgba[ys, xs, :3].T)]
    scale_x, scale_y = size[0] / width, size[1] / height
    hints = []
    for index in np.flatnonzero(counts >= cell * cell / 4):
        x, y, *rgb = (float(total[index] / counts[index]) for total in sums)
        red, green, blue = (round(channel) for channel in rgb)
        place = ((x + 0.5) * scale_x - 0.5, (y + 0.5) * scale_y - 0.5)
        x, y = (min(max(value, 0), side - 1) for value, side in zip(place, size, strict=True))
        hints.append(Hint(x, y, (red, green, blue), cell / 2 * max(scale_x, scale_y), reach))
    return hints


@dataclass(frozen=True)
class _Line:
    """A stroke in pixels of its photo.

    Attributes:
        color: "#rrggbb", or None to keep.
        radius: In pixels.
        corners: (N, 2), x and y; N is at least 1.
        reach: See `Hint`.
    """

    color: str | None
    radius: float
    corners: np.ndarray
    reach: Reach

    @classmethod
    def of_stroke(cls, stroke: Stroke, size: tuple[int, int]) -> "_Line":
        corners = np.array(stroke["points"], dtype=float) * size - 0.5  # pixel centres lie at halves
        color = None if stroke["color"] is None else parse_color(stroke["color"])
        corners = corners.clip(0, np.array(size) - 1.0)
        return cls(color, stroke["radius"] * max(size), corners, stroke.get("reach", DEFAULT_REACH))

    @property
    def length(self) -> float:
        return float(self._distances()[-1])

    def sample(self, spacing: float) -> np.ndarray:
        """Points (M, 2) at equal distances of about `spacing` from the line's start to its end; one if it is short."""
        distances = self._distances()
        at = np.linspace(0, distances[-1], round(distances[-1] / spacing) + 1)
        return np.stack([np.interp(at, distances, self.corners[:, axis]) for axis in range(2)], axis=1)

    def covers(self, points: np.ndarray) -> np.ndarray:
        """Which of the points (M, 2) lie within the radius of the line: (M,) bool."""
        low, high = self.corners.min(axis=0) - self.radius, self.corners.max(axis=0) + self.radius
        covered = ((low <= points) & (points <= high)).all(axis=1)  # most strokes are small: few points are left
        points = points[covered]
        starts = self.corners[: max(1, len(self.corners) - 1)]
        steps = self.corners[-len(starts) :] - starts
        lengths = np.maximum((steps**2).sum(axis=1), 1e-12)
        near = np.zeros(len(points), bool)
        for few in (slice(first, first + 256) for first in range(0, len(starts), 256)):  # memory stays small
            offsets = points[:, None] - starts[few]  # (M, segments, 2)
            along = ((offsets * steps[few]).sum(axis=2) / lengths[few]).clip(0, 1)
            offsets -= along[..., None] * steps[few]
            near |= ((offsets**2).sum(axis=2) <= self.radius**2).any(axis=1)
        covered[covered] = near
        return covered

    def _distances(self) -> np.ndarray:
        """Of each corner from the start, along the line."""
        return np.concatenate([[0.0], np.hypot(*np.diff(self.corners, axis=0).T).cumsum()])


def _checked_strokes(strokes: Any) -> Sequence[Stroke]:
    """The same, if they are what they should be.

    Raises:
        HintError: they are not.
    """
    if not isinstance(strokes, list | tuple):
        raise HintError(f"the strokes must be a list, got {type(strokes).__name__}")
    if len(strokes) > MAX_STROKES:
        raise HintError(f"a photo can take {MAX_STROKES} strokes, got {len(strokes)}; undo some")
    left = MAX_STROKE_POINTS
    for stroke in strokes:
        if not isinstance(stroke, dict) or not {"color", "radius", "points"} <= stroke.keys():
            raise HintError("a stroke must have color, radius and points")
        if stroke["color"] is not None:
            parse_color(stroke["color"])
        check_reach(stroke.get("reach", DEFAULT_REACH))
        if not _is_number(stroke["radius"]) or not 0 <= stroke["radius"] <= 1:
            raise HintError(
                f"the radius of a stroke must be 0 to 1 of the photo's longer side, got {stroke['radius']!r:.40}"
            )
        points = stroke["points"]
        if not isinstance(points, list | tuple) or not points:
            raise HintError("the points of a stroke must be a list of at least one [x, y]")
        left -= len(points)
        if left < 0:
            raise HintError(f"the strokes of a photo can have {MAX_STROKE_POINTS} points together; undo some strokes")
        for point in points:
            if not (isinstance(point, list | tuple) and len(point) == 2 and all(map(_is_number, point))):
                raise HintError(f"a point of a stroke must be two numbers [x, y], got {point!r:.40}")
    return strokes


def _kind(hint: Hint) -> tuple[object, Reach]:
    return hint.color, hint.reach


def _is_number(value: Any) -> bool:
    """Whether it is a finite number, numpy's included, and none so large that geometry would overflow."""
    return isinstance(value, Real) and not isinstance(value, bool) and -1e9 < value < 1e9


def _thinned(hints: list[Hint], size: tuple[int, int]) -> list[Hint]:
    """At most `MAX_PAINTED_HINTS` of them: one of each kind in every square of a grid, as fine as it can be."""
    cell, few = max(size) / 256, hints
    while len(few) > MAX_PAINTED_HINTS:
        if cell > max(size):
            raise HintError(f"a photo can take hints of {MAX_PAINTED_HINTS} colours, got {len(few)}; use fewer")
        few = list({(_kind(hint), hint.x // cell, hint.y // cell): hint for hint in hints}.values())
        cell *= 1.25
    return few


__all__ = [
    "DEFAULT_REACH",
    "Hint",
    "HintArrays",
    "Hints",
    "Reach",
    "Stroke",
    "check_inside",
    "collect_hints",
    "hints_from_json",
    "hints_to_arrays",
    "hints_to_json",
    "hints_to_strokes",
    "layer_to_hints",
    "strokes_to_hints",
]
