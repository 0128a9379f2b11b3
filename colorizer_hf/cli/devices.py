"""The option `--device` of all commands, checked before anything long begins."""

from typing import Annotated

import typer


def _check(device: str | None) -> str | None:
    if device is not None:
        import torch

        try:
            torch.zeros(1, device=device).item()  # that it holds a number also rules out "meta"
        except (AssertionError, ImportError, RuntimeError) as error:  # unknown to torch, absent, or not built in
            raise typer.BadParameter(f"there is no device {device!r} here") from error
    return device


Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, mps; the best one if absent.", callback=_check)]

__all__ = ["Device"]
