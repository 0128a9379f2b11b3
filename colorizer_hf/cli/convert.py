"""`colorizer convert`: weights as their authors publish them, made into a checkpoint."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .startup import heavy_imports


def convert(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SYSTEM", help="siggraph17, siggraph17_global, eccv16 or instance_fusion.", show_default=False
        ),
    ],
    weights: Annotated[
        list[Path], typer.Argument(metavar="WEIGHTS...", help="Its authors' files: .pth, .safetensors, .caffemodel.")
    ],
    output: Annotated[Path, typer.Option(metavar="FOLDER", help="For the checkpoint; new or empty.")],
    mask_center: Annotated[
        float | None,
        typer.Option(help="Of siggraph17: 0 for weights that came from Caffe, 0.5 for others; found out if absent."),
    ] = None,
) -> None:
    """Convert published weights to a checkpoint; what they are is in docs/published_models.md."""
    with heavy_imports():
        from ..conversion.convert import convert as convert_weights

    settings: dict[str, Any] = {} if mask_center is None else {"mask_center": mask_center}
    for note in convert_weights(name, weights, output, settings=settings):
        print(f"{name}: {note}", file=sys.stderr)
    print(output)
