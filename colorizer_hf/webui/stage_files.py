"""The files of the stage (stage/): modules that a browser loads as they are, and what Gradio wants of them."""

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

FOLDER = Path(__file__).parent / "stage"
STYLES = ("base", "buttons", "messages", "start", "editor", "photo", "side", "sizes")  # as they count


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
    digest = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.js")):
        digest.update(path.read_bytes())
    return f"stage-{digest.hexdigest()[:16]}"


def route() -> Route:
    """What serves the modules there."""
    modules = {path.name: path for path in FOLDER.glob("*.js")}

    def serve(request: Request) -> Response:
        path = modules.get(request.path_params["module"])
        if path is None:
            return Response(status_code=404)
        # Said outright: a system may have another idea of .js, and browsers then refuse it.
        return FileResponse(
            path, media_type="text/javascript", headers={"Cache-Control": "max-age=31536000, immutable"}
        )

    return Route(f"/{address()}/{{module}}", serve)


def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


__all__ = ["address", "loader", "route", "style", "template"]
