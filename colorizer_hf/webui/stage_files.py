"""The files of the stage (stage/): modules that a browser loads as they are, and what Gradio wants of them."""

import hashlib
import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..color_names import LIGHTNESS_COUNTS, known_colors

FOLDER = Path(__file__).parent / "stage"
STYLES = ("base", "buttons", "messages", "start", "editor", "photo", "side", "sizes")  # as they count
FOR_GRADIO = ("load.js", "gradio.js", "uploading.js", "connection.js")
"""Modules that other pages do without."""


def modules() -> dict[str, str]:
    """All modules by name, with that which is made here."""
    return {path.name: _text(path.name) for path in sorted(FOLDER.glob("*.js"))} | {"known_colors.js": _known_colors()}


def template() -> str:
    """The stage's HTML."""
    return _text("stage.html")


def style() -> str:
    """The style sheets in one."""
    return "\n".join(_text(f"{name}.css") for name in STYLES)


def loader() -> str:
    """The script that Gradio runs; it imports the modules."""
    return _text("load.js")


def address() -> str:
    """Where the modules are, relative to the page: another place for each version, so that no browser mixes two."""
    digest = hashlib.sha256("".join(modules().values()).encode())
    return f"stage-{digest.hexdigest()[:16]}"


def route() -> Route:
    """What serves the modules there."""
    served = modules()

    def serve(request: Request) -> Response:
        text = served.get(request.path_params["module"])
        if text is None:
            return Response(status_code=404)
        # The type is said outright: a system may have another idea of .js, and browsers then refuse it.
        headers = {"Cache-Control": "max-age=31536000, immutable"}
        return Response(text, media_type="text/javascript", headers=headers)

    return Route(f"/{address()}/{{module}}", serve)


def _known_colors() -> str:
    """The module that tells the page what colours are called: the same as in Python."""
    names, places = known_colors()
    known = [[name, [round(float(value), 2) for value in place]] for name, place in zip(names, places, strict=True)]
    return f"export const LIGHTNESS_COUNTS = {LIGHTNESS_COUNTS};\nexport const KNOWN = {json.dumps(known)};\n"


def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


__all__ = ["FOR_GRADIO", "address", "loader", "modules", "route", "style", "template"]
