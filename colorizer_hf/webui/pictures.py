"""The pictures that the page shows: no larger than they are seen, and zoomed in only the part that is seen."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ..chroma_upsampling import render
from ..color import rgb_to_lab
from ..imaging import Photo, write
from ..result import ColorizationResult
from .workspace import Workspace

FITTED = 1280  # pixels at most of the longer side of the whole photo; a screen's own pixels count
SOFT = 1.25  # pixels of the screen per pixel of a picture: beyond, one sees that it has too few
_LEAST = 256  # pixels of the longer side: whatever a page says, there is something to see
_STEP = 64  # the page may change its layout by a little without another size being made
_LARGEST = 100_000  # the same: a photo that is zoomed in is larger than any screen
_MOST_SEEN = 9_000_000  # pixels of a part, about: a screen of 4k
_ALIGNED = 8  # pixels on which parts begin
_QUALITY = 80  # of WebP
_LOWER_QUALITY, _LOWEST_QUALITY = 60, 40  # where that makes no small file; the more pixels, the less it is seen
_SMALL = 80_000  # bytes
_THUMBNAIL_QUALITY = 50

Box = tuple[int, int, int, int]
"""left, top, right, bottom in pixels"""


@dataclass(frozen=True)
class View:
    """How the page shows the photo.

    Attributes:
        fitted: Pixels of the screen along the photo's longer side when it is fitted to its place.
        shown: The same as it is now.
        seen: Left, top, right and bottom of what is seen of it, in shares of its width and height.
    """

    fitted: int = FITTED
    shown: int = FITTED
    seen: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

    @classmethod
    def parse(cls, words: Mapping[str, Any] | None) -> "View":
        """Read what a browser says, which may be anything; None is for one that says nothing.

        Raises:
            AttributeError, KeyError, OverflowError, TypeError, ValueError: it is no view.
        """
        if words is None:
            return cls()
        fitted, shown = (int(min(max(_LEAST, float(words[name])), _LARGEST)) for name in ("fitted", "shown"))
        left, top, right, bottom = (min(max(0.0, float(share)), 1.0) for share in words["seen"])
        return cls(fitted, shown, (min(left, right), min(top, bottom), max(left, right), max(top, bottom)))

    def longer_side(self, photo: Photo) -> int:
        """Of a picture of the whole photo, in pixels."""
        wanted = min(-(-self.fitted // _STEP) * _STEP, FITTED)
        # A photo of hardly more pixels would only become softer.
        return max(photo.size) if max(photo.size) <= wanted * SOFT else wanted

    def needs_part(self, photo: Photo) -> bool:
        """Whether a picture of the whole photo has too few pixels for what is seen, and the photo has more."""
        whole = self.longer_side(photo)
        return whole < max(photo.size) and whole * SOFT < self.shown

    def part(self, photo: Photo) -> "Part":
        """What is seen of the photo, at a scale at which it has as many pixels as the screen or all that there are."""
        longer = max(photo.size)
        left, top, right, bottom = self.seen
        seen = (right - left) * (bottom - top) * min(photo.size) / longer  # in squares of the longer side
        wanted = min(self.shown, longer, math.sqrt(_MOST_SEEN / max(seen, 1e-6)))
        # A few fixed scales, so that not every turn of a wheel has the photo reduced anew.
        scale = 2 ** -(math.floor(4 * math.log2(longer / wanted)) / 4)
        longer_side = math.ceil(longer * scale)
        width, height = size = photo.reduced(longer_side).size
        starts = [int(edge * (side - 1)) // _ALIGNED * _ALIGNED for edge, side in ((left, width), (top, height))]
        ends = [min(math.ceil(edge * side) + 1, side) for edge, side in ((right, width), (bottom, height))]
        return Part(longer_side, (*starts, *ends), size)  # ty: ignore[invalid-argument-type]


@dataclass(frozen=True)
class Part:
    """A part of the photo at some scale.

    Attributes:
        longer_side: Of the whole photo at this scale, in pixels.
        box: Where the part is at this scale.
        size: Width and height of the whole photo at this scale.
    """

    longer_side: int
    box: Box
    size: tuple[int, int]

    @property
    def shares(self) -> list[float]:
        """The box in shares of the photo's width and height."""
        return [edge / side for edge, side in zip(self.box, self.size * 2, strict=True)]


def show_original(workspace: Workspace, photo: Photo, view: View) -> str:
    """Write a picture of the whole photo as it came, and return its path."""
    return _show(workspace, "before", original(photo, view.longer_side(photo)))


def show_result(workspace: Workspace, result: ColorizationResult, view: View) -> str:
    """Write a picture of the whole photo in colour, and return its path."""
    return _show(workspace, "after", np.asarray(result.preview(view.longer_side(result.photo))))


def show_part(workspace: Workspace, result: ColorizationResult, view: View) -> dict[str, Any]:
    """Write pictures of the part that is seen.

    Returns:
        `box` in shares, `scale` in pixels of the longer side, and the paths `before` and `after`.
    """
    part = view.part(result.photo)
    before = workspace.once(
        "before-part",
        part,
        lambda: _show(workspace, "before-part", original(result.photo, part.longer_side, part.box)),
    )
    after = _show(workspace, "after-part", np.asarray(result.preview(part.longer_side, part=part.box)))
    return {"box": part.shares, "scale": part.longer_side, "before": before, "after": after}


def show_small(workspace: Workspace, kind: str, images: Sequence[Image.Image]) -> list[str]:
    """Write small pictures and return their paths."""
    folder = workspace.new_folder(kind)
    paths = [folder / f"{number}.webp" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        write(np.asarray(image), path, quality=_THUMBNAIL_QUALITY)
    return [str(path) for path in paths]


def original(photo: Photo, longer_side: int, box: Box | None = None) -> np.ndarray:
    """The photo as it came, in colours of its own if it had some: (h, w, 3)."""
    reduced = photo.reduced(longer_side)
    left, top, right, bottom = box or (0, 0, *reduced.size)
    if photo.colors is None:
        return np.repeat(reduced.luminance[top:bottom, left:right, None], 3, axis=2)
    _, chroma = rgb_to_lab(np.moveaxis(photo.colors, -1, 0)[None] / np.float32(255))
    return render(reduced.luminance, chroma[0], rows=slice(top, bottom), columns=slice(left, right))


def _show(workspace: Workspace, kind: str, pixels: np.ndarray) -> str:
    path = workspace.new_folder(kind) / f"{kind}.webp"
    known = workspace.qualities.get((kind, pixels.shape))
    write(pixels, path, quality=known or _QUALITY)
    if known is None:
        workspace.qualities[kind, pixels.shape] = quality = _small_enough(path.stat().st_size)
        if quality < _QUALITY:
            write(pixels, path, quality=quality)
    return str(path)


def _small_enough(size: int) -> int:
    """The quality for pictures like one that has so many bytes at the usual quality."""
    if size <= _SMALL:
        return _QUALITY
    return _LOWER_QUALITY if size < 1.5 * _SMALL else _LOWEST_QUALITY


__all__ = ["FITTED", "Part", "View", "original", "show_original", "show_part", "show_result", "show_small"]
