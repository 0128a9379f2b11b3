"""`colorizer export-web`: the web page as files that need no Python."""

from pathlib import Path
from typing import Annotated

import typer


def export_web(
    output: Annotated[Path, typer.Argument(metavar="FOLDER", help="For the page; new or empty.")],
    npm: Annotated[
        Path, typer.Option("--npm", metavar="FOLDER", help="Where npm has installed what docs/browser.md names.")
    ],
) -> None:
    """Write the web page that works without a server.

    Photographs are coloured in the browser and never leave it. Any server of files can serve it. The bundled
    checkpoints need their graphs: `make graphs`, or `colorizer export`.
    """
    from ..webui.tab_files import export_page

    weights = export_page(output, npm)
    for weight in weights:
        print(f"{weight.part:40} {weight.size / 1e6:6.1f} MB {weight.packed / 1e6:6.1f} MB over the wire")
    print(output)


__all__ = ["export_web"]
