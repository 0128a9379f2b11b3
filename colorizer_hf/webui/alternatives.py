"""Other colourings of the photo in hand, as small pictures to choose from.

Two kinds: less and more vivid, and the photo as it would be if the network's second guess were true where it is least
sure. The second kind is an ordinary hint, so a person who takes it can move on from there.
"""

import base64
import colorsys
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F

from ..hints import Hint
from ..pipeline import ColorizationResult
from ..session import EditSession
from ..vividness import DEFAULT_VIVIDNESS

VIVIDNESS = {"Calm": 0.0, "Natural": DEFAULT_VIVIDNESS, "Vivid": 1.0}
GUESSES = 2  # of the second kind
THUMBNAIL = 176  # pixels of the longer side
_HUES = ((15, "red"), (45, "orange"), (70, "yellow"), (165, "green"), (255, "blue"), (330, "purple"), (361, "red"))
_NEIGHBOURHOOD = 9  # cells: a place is a region of the photo, not a speck
_DIFFERENT = 60  # of 255, in some channel: a guess that looks like what is there already is no alternative


@dataclass(frozen=True)
class Alternative:
    """Another colouring.

    Attributes:
        label: A word for it.
        image: Small picture, as a `data:` URL.
        vividness: Take this vividness instead; None keeps it.
        hint: Add this hint; None adds none.
        current: Whether this is what is shown now.
    """

    label: str
    image: str
    vividness: float | None = None
    hint: Hint | None = None
    current: bool = False


def alternatives(session: EditSession, hints: Sequence[Hint], vividness: float) -> list[Alternative]:
    """Other colourings of a session's photo, given what holds now."""
    shown = session.update(hints, vividness=vividness)
    offers = []
    for label, value in VIVIDNESS.items():
        result = shown if value == vividness else session.update(hints, vividness=value)
        offers.append(Alternative(label, thumbnail(result), vividness=value, current=value == vividness))
    for hint in second_guesses(shown, hints):
        result = session.update([*hints, hint], vividness=vividness)
        offers.append(Alternative(f"Perhaps {hue_name(str(hint.color))}", thumbnail(result), hint=hint))
    return offers


def second_guesses(result: ColorizationResult, hints: Sequence[Hint]) -> list[Hint]:
    """Other likely colours where the network is least sure and nobody has said anything yet; at most `GUESSES`."""
    if result.logits is None or result.bin_centers is None:
        return []
    x, y = least_certain_point(result, hints)
    radius = 0.02 * max(result.photo.size)
    pixels = np.asarray(result.preview(THUMBNAIL).convert("RGB"))
    height, width = result.photo.luminance.shape
    shown = pixels[int(y / height * len(pixels)), int(x / width * pixels.shape[1])].astype(int)
    colors = [suggestion.color for suggestion in result.suggestions(x, y)]
    others = [color for color in colors if np.abs(shown - _channels(color)).max() > _DIFFERENT]
    return [Hint(x, y, color, radius=radius) for color in others[:GUESSES]]


def least_certain_point(result: ColorizationResult, hints: Sequence[Hint]) -> tuple[float, float]:
    """Where, over a neighbourhood, the predicted distribution is widest, away from hints; x and y in pixels."""
    assert result.logits is not None  # the caller has looked
    assert result.bin_centers is not None
    probabilities = result.logits.softmax(dim=0)
    mean = (probabilities[:, None] * result.bin_centers[:, :, None, None]).sum(dim=0)
    squares = result.bin_centers.square().sum(dim=1)
    variance = (probabilities * squares[:, None, None]).sum(dim=0) - mean.square().sum(dim=0)  # (h, w)
    variance = F.avg_pool2d(variance[None], _NEIGHBOURHOOD, stride=1, padding=_NEIGHBOURHOOD // 2)[0]
    (h, w), (width, height) = variance.shape, result.photo.size
    for hint in hints:
        row, column = int(hint.y / height * h), int(hint.x / width * w)
        near = slice(max(row - _NEIGHBOURHOOD, 0), row + _NEIGHBOURHOOD + 1)
        variance[near, max(column - _NEIGHBOURHOOD, 0) : column + _NEIGHBOURHOOD + 1] = 0
    row, column = divmod(int(variance.argmax()), w)
    return (column + 0.5) / w * width, (row + 0.5) / h * height


def thumbnail(result: ColorizationResult) -> str:
    """The result as a small JPEG in a `data:` URL."""
    file = io.BytesIO()
    result.preview(THUMBNAIL).convert("RGB").save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def hue_name(color: str) -> str:
    """The plain word for the hue of "#rrggbb"."""
    hue, _, saturation = colorsys.rgb_to_hls(*_channels(color) / 255)
    if saturation < 0.12:
        return "gray"
    return next(name for limit, name in _HUES if hue * 360 < limit)


def _channels(color: str) -> np.ndarray:
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])


__all__ = ["Alternative", "alternatives", "hue_name", "least_certain_point", "second_guesses", "thumbnail"]
