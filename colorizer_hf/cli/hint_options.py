"""Colour hints as the command line takes them: one by one, or a file of them."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..errors import HintError

if TYPE_CHECKING:
    from ..hints import Hint, Reach


def parse_hint(text: str, reach: "Reach") -> "Hint":
    """One hint, written X,Y,#RRGGBB or X,Y,#RRGGBB,R; `keep` in place of a colour keeps what is there.

    Raises:
        BadParameter: it is written otherwise.
    """
    from ..hints import Hint

    try:
        parts = text.split(",")
        if not 3 <= len(parts) <= 4:
            raise ValueError(f"it has {len(parts)} parts")
        x, y, color, *radius = parts
        own_radius = float(radius[0]) if radius else None
        return Hint(float(x), float(y), None if color == "keep" else color, own_radius, reach)
    except (HintError, ValueError) as error:
        problem = f"{text!r} is not X,Y,#RRGGBB or X,Y,#RRGGBB,R ({error})"
        raise typer.BadParameter(problem, param_hint="--hint") from error


def read_hints(file: Path, size: tuple[int, int], reach: "Reach") -> "list[Hint]":
    """The hints of a file: JSON as the web page saves it, or a painted layer.

    Args:
        file: Its content counts, not its name.
        size: Of the photograph in pixels.
        reach: Of a layer's hints; those of JSON say it themselves.

    Raises:
        HintError: there is no such file, or it is neither.
    """
    from PIL import Image, UnidentifiedImageError

    from ..hints import hints_from_json, layer_to_hints

    try:
        content = file.read_bytes()
        if content.lstrip()[:1] in (b"{", b"["):
            return hints_from_json(content.decode(), size)
        with Image.open(BytesIO(content), formats=["PNG", "WEBP", "TIFF"]) as layer:
            layer = layer.convert("RGBA") if layer.has_transparency_data else layer
            return layer_to_hints(layer, size, reach=reach)
    except UnidentifiedImageError as error:
        raise HintError(f"{file}: these are no hints; give JSON that the web page saved, or an RGBA layer") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged"
        raise HintError(f"{file}: the hints cannot be read ({reason}); save them again") from error
    except HintError as error:
        raise HintError(f"{file}: {error}") from error


__all__ = ["parse_hint", "read_hints"]
