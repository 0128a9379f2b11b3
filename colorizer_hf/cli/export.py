"""`colorizer export`: a checkpoint as graphs that run without torch."""

from pathlib import Path
from typing import Annotated

import typer

from .startup import heavy_imports


def export(
    checkpoint: Annotated[str, typer.Argument(metavar="CHECKPOINT", help="Bundled name, folder or Hub id.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="For the graphs; new or empty.")],
    int8: Annotated[
        bool, typer.Option("--int8", help="Store weights in 8 bits: half as large, colours a little off from torch's.")
    ] = False,
) -> None:
    """Export a checkpoint to ONNX graphs, which run without torch.

    They are compared with torch first. `colorizer colorize --engine onnx --model FOLDER` runs them.
    """
    with heavy_imports():
        from ..engines.exporting import export_checkpoint

    off = export_checkpoint(checkpoint, output, int8=int8).difference
    print(f"{output}: off from torch by {110 * off['largest']:.2f} at most, {110 * off['mean']:.3f} on average (Lab)")
