"""How the example photos are offered: small, gray, or half before and half after."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from ..result import ColorizationResult

_SIDE = 384  # pixels of the longer side
_OFFERED = 192  # the same, as it is offered


def offered_example(path: Path, colorize: Callable[[Image.Image], ColorizationResult] | None = None) -> dict[str, str]:
    """An example as the stage offers it: name, label, and the pictures `image` and `gray`.

    Args:
        path: The photo.
        colorize: What gives it colours; None leaves it gray.
    """
    shown, gray = (as_data_url(picture, _OFFERED) for picture in _pictures(path, colorize))
    label = path.stem.replace("_", " ").capitalize()
    return {"name": path.name, "label": label, "image": shown, "gray": gray}


def as_data_url(picture: Image.Image, longer_side: int) -> str:
    """A small copy that travels within words."""
    file = io.BytesIO()
    small = picture.convert("RGB")
    small.thumbnail((longer_side, longer_side))
    small.save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def _pictures(
    path: Path, colorize: Callable[[Image.Image], ColorizationResult] | None
) -> tuple[Image.Image, Image.Image]:
    """Half before and half after, so that one sees what this is about; and gray."""
    with Image.open(path) as photo:
        photo.thumbnail((_SIDE, _SIDE))
        gray = photo.convert("L").convert("RGB")
    shown = gray.copy()
    if colorize is not None:
        middle = gray.width // 2
        shown.paste(colorize(gray).preview(_SIDE).convert("RGB").crop((middle, 0, *gray.size)), (middle, 0))
        shown.paste("white", (middle - 1, 0, middle + 1, gray.height))
    return shown, gray


__all__ = ["as_data_url", "offered_example"]
