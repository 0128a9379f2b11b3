"""The option `--engine`, and what goes with torch alone."""

from typing import Annotated, Any, Literal

import typer

Engine = Annotated[
    Literal["auto", "torch", "onnx", "openvino"],
    typer.Option(help="What runs the network; auto is ONNX Runtime where it can be, which starts fastest, else torch."),
]


def refuse_for_torch_only(engine: str, **options: Any) -> None:
    """Do nothing unless an engine of graphs is asked for together with what only torch can do.

    Args:
        engine: As it was asked for.
        **options: By their names; None where they were not given.

    Raises:
        typer.BadParameter: they do not go together.
    """
    if engine in ("auto", "torch"):
        return
    from ..engines.choice import torch_alone

    for name in torch_alone(**options):
        raise typer.BadParameter(f"--{name} needs the engine torch, not {engine}", param_hint="--engine")


__all__ = ["Engine", "refuse_for_torch_only"]
