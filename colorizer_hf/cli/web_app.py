"""`colorizer app`: the web page."""

import os
import tempfile
from typing import Annotated

import typer

from ..errors import ColorizerError
from .devices import Device
from .engine_options import Engine, refuse_for_torch_only
from .startup import heavy_imports


def web_app(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The first free from 7860 on if absent.")] = None,
    share: Annotated[bool, typer.Option("--share", help="Also make a public link by Gradio's servers.")] = False,
    max_size: Annotated[int, typer.Option(min=1, metavar="MB", help="Largest file that may be uploaded.")] = 200,
    queue: Annotated[int, typer.Option(min=1, help="How many calls may wait; further ones are refused.")] = 100,
    auth: Annotated[
        str | None, typer.Option(metavar="USER:PASSWORD", help="Ask for these; everybody may in if absent.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="Name, folder or Hub id to choose from; repeatable; all bundled if absent.")
    ] = None,
    detector: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Folder or Hub id of an object detector, for models that want boxes."),
    ] = None,
    device: Device = None,
    engine: Engine = "auto",
) -> None:
    """Serve the web page: upload a photo, sketch hints, see colour."""
    user, colon, password = (auth or "").partition(":")
    if auth is not None and not (user and colon and password):
        raise typer.BadParameter("it must be USER:PASSWORD", param_hint="--auth")
    refuse_for_torch_only(engine, device=device, detector=detector)
    with tempfile.TemporaryDirectory(prefix="colorizer-") as folder:
        os.environ.setdefault("GRADIO_TEMP_DIR", folder)  # photos go with the server at the latest
        try:
            with heavy_imports():
                from ..webui import build_app, serve
        except ModuleNotFoundError as error:
            if error.name != "gradio":
                raise
            raise ColorizerError("the web page needs Gradio; install colorizer_hf[ui]") from error
        with heavy_imports():
            app = build_app(model or (), device=device, detector=detector, engine=engine)
        login = (user, password) if auth else None
        try:
            serve(app, host=host, port=port, share=share, max_megabytes=max_size, queue=queue, auth=login)
        except OSError as error:  # Gradio's own words name variables and arguments that nobody here knows
            problem = f"there is no listening on {host}, port {port or '7860 to 7959'}; choose another --host or --port"
            raise ColorizerError(problem) from error
