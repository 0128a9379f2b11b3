"""Other colourings of the photo in hand, as small pictures to choose from.

Two kinds: less and more vivid, and the photo as it would be if the network's second guess were true where it is least
sure. The second kind is an ordinary hint, so a person who takes it can move on from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..amounts import DEFAULT_VIVIDNESS
from ..arrays import to_numpy
from ..color import hex_to_rgb, rgb_to_hex
from ..color_names import color_name
from ..hints import Hint
from ..palette import Palette
from ..resampling import window_means
from ..result import ColorizationResult
from ..session import EditSession

VIVIDNESS = {"Calm": 0.0, "Natural": DEFAULT_VIVIDNESS, "Vivid": 1.0}
GUESSES = 2  # of the second kind
THUMBNAIL = 176  # pixels of the longer side
_SLENDER = 2  # of a picture longer than so many times its shorter side only the middle is shown
_NEIGHBOURHOOD = 9  # cells: a place is a region of the photo, not a speck
_DIFFERENT = 60  # of 255, in some channel: a guess that looks like what is there already is no alternative


@dataclass(frozen=True)
class Alternative:
    """Another colouring.

    Attributes:
        label: A word for it.
        image: Small picture.
        vividness: Take this vividness instead; None keeps it.
        hint: Add this hint; None adds none.
        current: Whether this is what is shown now.
    """

    label: str
    image: Image.Image
    vividness: float | None = None
    hint: Hint | None = None
    current: bool = False


def alternatives(
    session: EditSession, hints: Sequence[Hint], vividness: float, palette: Palette | None = None
) -> list[Alternative]:
    """Other colourings of a session's photo, given what holds now."""
    shown = session.update(hints, vividness=vividness, palette=palette)
    width, height = session.photo.size
    offers = []
    for label, value in VIVIDNESS.items():
        result = shown if value == vividness else session.update(hints, vividness=value, palette=palette)
        image = _middle(_small(result))
        offers.append(Alternative(label, image, vividness=value, current=value == vividness))
    for hint in second_guesses(shown, hints) if session.pipeline.traits.supports_hints else ():
        image = _small(session.update([*hints, hint], vividness=vividness, palette=palette))
        # What comes of a hint may look different from it: brightness is the photo's own.
        seen = color_name(color_at(image, hint.x / width, hint.y / height))
        offers.append(Alternative(f"Perhaps {seen}", _middle(image), hint=hint))
    return offers


def _small(result: ColorizationResult) -> Image.Image:
    width, height = result.photo.size
    slender = max(width, height) / min(width, height) / _SLENDER
    return result.preview(round(THUMBNAIL * max(slender, 1)))


def _middle(image: Image.Image) -> Image.Image:
    """What of a slender picture can be seen at the size of a thumbnail: else a panorama would be a blurred strip."""
    left, top = (max(side - THUMBNAIL, 0) // 2 for side in image.size)
    return image.crop((left, top, image.width - left, image.height - top))


def second_guesses(result: ColorizationResult, hints: Sequence[Hint]) -> list[Hint]:
    """Other likely colours where the network is least sure and nobody has said anything yet; at most `GUESSES`."""
    if result.logits is None or result.bin_centers is None:
        return []
    x, y = least_certain_point(result, hints)
    radius = 0.02 * max(result.photo.size)
    width, height = result.photo.size
    shown = np.array(hex_to_rgb(color_at(result.preview(THUMBNAIL), x / width, y / height)))
    colors = [suggestion.color for suggestion in result.suggestions(x, y)]
    others = [color for color in colors if np.abs(shown - hex_to_rgb(color)).max() > _DIFFERENT]
    return [Hint(x, y, color, radius=radius) for color in others[:GUESSES]]


def least_certain_point(result: ColorizationResult, hints: Sequence[Hint]) -> tuple[float, float]:
    """Where, over a neighbourhood, the predicted distribution is widest, away from hints; x and y in pixels."""
    assert result.logits is not None  # the caller has looked
    assert result.bin_centers is not None
    logits, centers = to_numpy(result.logits), to_numpy(result.bin_centers)
    shares = np.exp(logits - logits.max(axis=0))
    shares /= shares.sum(axis=0)
    mean = np.tensordot(centers, shares, axes=(0, 0))  # (2, h, w)
    variance = np.tensordot((centers**2).sum(axis=1), shares, axes=1) - (mean**2).sum(axis=0)  # (h, w)
    margin = _NEIGHBOURHOOD // 2  # of nothing: the edge of the photo is no place to be asked about
    padded = np.pad(variance, margin)[None, None]
    variance = window_means(padded, _NEIGHBOURHOOD)[0, 0, margin:-margin, margin:-margin]
    (h, w), (width, height) = variance.shape, result.photo.size
    for hint in hints:
        row, column = int(hint.y / height * h), int(hint.x / width * w)
        near = slice(max(row - _NEIGHBOURHOOD, 0), row + _NEIGHBOURHOOD + 1)
        variance[near, max(column - _NEIGHBOURHOOD, 0) : column + _NEIGHBOURHOOD + 1] = 0
    row, column = divmod(int(variance.argmax()), w)
    return (column + 0.5) / w * width, (row + 0.5) / h * height


def color_at(picture: Image.Image, x: float, y: float) -> str:
    """ "#rrggbb" of a picture around a place in shares of its width and height."""
    width, height = picture.size
    column, row = int(x * width), int(y * height)
    around = np.asarray(picture.convert("RGB"))[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
    return rgb_to_hex(around.mean(axis=(0, 1)))


__all__ = ["Alternative", "alternatives", "color_at", "least_certain_point", "second_guesses"]
