"""Colour hints in a photo's own pixels: from points, from painted layers, from JSON, to tensors."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

import numpy as np
import torch
from PIL import Image

from .color import rgb_to_lab
from .errors import HintError
from .models.hint_batch import HintBatch

HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
MAX_LAYER_HINTS = 300  # of one painted layer


@dataclass(frozen=True)
class Hint:
    """A dab of colour.

    Attributes:
        x: Column of its centre in pixels of the upright photo.
        y: Row of its centre.
        color: "#rrggbb", or red, green, blue in 0..255. Only its chroma counts, the luminance is the photo's own.
        radius: In pixels; None means a small dab, 1 % of the photo's longer side.

    Raises:
        HintError: the colour cannot be understood, or the radius is negative.
    """

    x: float
    y: float
    color: str | tuple[int, int, int]
    radius: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "color", parse_color(self.color))
        if self.radius is not None and not self.radius >= 0:
            raise HintError(f"the radius of a hint must be 0 or more pixels, got {self.radius}")


def parse_color(color: str | Sequence[int]) -> str:
    """Bring a colour into the form "#rrggbb".

    Raises:
        HintError: it is neither "#rrggbb" nor three numbers in 0..255.
    """
    if isinstance(color, str):
        if HEX_COLOR.fullmatch(color):
            return color.lower()
    else:
        with suppress(TypeError):  # no sequence, or not of numbers
            if len(color) == 3 and all(0 <= channel <= 255 for channel in color):
                return "#" + "".join(f"{round(channel):02x}" for channel in color)
    raise HintError(f"a hint's colour must be #rrggbb or three numbers in 0..255, got {color!r}")


def hints_to_batch(hints: Sequence[Hint], size: tuple[int, int]) -> HintBatch:
    """Hints of one photo as a batch of one.

    Args:
        hints: In pixels of the photo.
        size: The photo's width and height in pixels.

    Raises:
        HintError: a hint lies outside the photo.
    """
    width, height = size
    for hint in hints:
        if not (0 <= hint.x < width and 0 <= hint.y < height):
            raise HintError(f"the hint at ({hint.x:g}, {hint.y:g}) lies outside the photo of {width} x {height} pixels")
    if not hints:
        return HintBatch.empty(1)
    longer = max(width, height)
    rgb = torch.tensor([[int(str(hint.color)[i : i + 2], 16) / 255 for i in (1, 3, 5)] for hint in hints])  # (K, 3)
    _, chroma = rgb_to_lab(rgb[:, :, None, None])
    points = [[(hint.x + 0.5) / width * 2 - 1, (hint.y + 0.5) / height * 2 - 1] for hint in hints]
    radius = [0.01 if hint.radius is None else hint.radius / longer for hint in hints]
    return HintBatch(
        points=torch.tensor([points], dtype=torch.float32),
        chroma=chroma[None, :, :, 0, 0],
        radius=torch.tensor([radius], dtype=torch.float32),
        mask=torch.ones(1, len(hints), dtype=torch.bool),
    )


def layer_to_hints(layer: Image.Image | np.ndarray, size: tuple[int, int]) -> list[Hint]:
    """Turn a painted RGBA layer into hints: one for every small square in which there is paint.

    Args:
        layer: (h, w, 4) uint8, transparent where nothing was painted; laid over the whole photo whatever its size.
        size: The photo's width and height in pixels.

    Raises:
        HintError: the layer is not RGBA.
    """
    rgba = np.asarray(layer)
    if rgba.ndim != 3 or rgba.shape[2] != 4 or rgba.dtype != np.uint8 or rgba.size == 0:
        raise HintError(
            f"a hint layer must be an RGBA picture with 8 bits a channel, got {rgba.dtype} of shape {rgba.shape}"
        )
    cell = max(1, round(max(rgba.shape[:2]) / 128))
    while len(hints := _hints_on_grid(rgba, cell, size)) > MAX_LAYER_HINTS:
        cell *= 2
    return hints


def collect_hints(
    hints: "Sequence[Hint | Image.Image | np.ndarray] | Image.Image | np.ndarray | None", size: tuple[int, int]
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
            )
            for entry in data["hints"]
        ]
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise HintError("the hints are not valid JSON of width, height and hints with x, y, color, radius") from error


def _hints_on_grid(rgba: np.ndarray, cell: int, size: tuple[int, int]) -> list[Hint]:
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
        hints.append(Hint(x, y, (red, green, blue), radius=cell / 2 * max(scale_x, scale_y)))
    return hints


__all__ = ["Hint", "HintBatch", "collect_hints", "hints_from_json", "hints_to_batch", "hints_to_json", "layer_to_hints"]
