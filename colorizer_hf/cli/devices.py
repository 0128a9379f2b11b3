"""The option `--device` of all commands, checked before anything long begins."""

from typing import Annotated

import typer

from ..devices import check_device


def _check(device: str | None) -> str | None:
    if device is not None:
        try:
            check_device(device)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    return device


Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, mps; the best one if absent.", callback=_check)]

__all__ = ["Device"]
