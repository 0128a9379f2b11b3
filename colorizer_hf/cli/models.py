"""`colorizer models`: what there is to colorize with."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .startup import heavy_imports

if TYPE_CHECKING:
    from ..models.auto import CheckpointInfo


def models(
    folders: Annotated[list[Path] | None, typer.Argument(metavar="FOLDER", help="Checkpoints to list as well.")] = None,
    delete: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Remove this downloaded checkpoint from the cache.")
    ] = None,
) -> None:
    """List the checkpoints that are bundled, downloaded or in given folders, and the networks."""
    with heavy_imports():
        from ..hub.cache import cached_checkpoints, delete_cached
        from ..models.auto import bundled_checkpoints, describe_checkpoint

    if delete is not None:
        print(f"{delete}: removed, {delete_cached(delete) / 1e6:.1f} MB")
        return
    local = [describe_checkpoint(folder, str(folder)) for folder in folders or ()]
    _print({"bundled": bundled_checkpoints(), "downloaded": cached_checkpoints(), "local": local})


def _print(groups: "dict[str, list[CheckpointInfo]]") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from ..models.auto import ARCHITECTURES

    checkpoints = Table("checkpoint", "where", "for", "size", "licence", "gain", box=box.SIMPLE)
    for where, group in groups.items():
        for one in group:
            licence, size = str(one.manifest.get("license", "?")), f"{one.megabytes:.1f} MB"
            checkpoints.add_row(one.name, where, one.modality, size, licence, _gains(one))
    networks = Table("network", "published in", "licence of the code", box=box.SIMPLE)
    for name, architecture in ARCHITECTURES.items():
        networks.add_row(name, architecture.paper, architecture.license)
    console = Console()
    console.print(checkpoints)
    console.print(
        "gain: PSNR over gray (nir: over the frame) in dB with 0 and 10 hints, on photographs of their own", style="dim"
    )
    console.print(networks)


def _gains(checkpoint: "CheckpointInfo") -> str:
    metrics = checkpoint.manifest.get("metrics", {})
    return " ".join(f"{metrics[key]:+.1f}" for key in ("gain_0", "gain_10") if key in metrics) or "?"
