"""`colorizer models`: what there is to colorize with."""

from .startup import heavy_imports


def models() -> None:
    """List the bundled checkpoints and the networks."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    with heavy_imports():
        from ..models.auto import ARCHITECTURES, bundled_checkpoints

    checkpoints = Table("checkpoint", "network", "for", "size", "licence", "date", box=box.SIMPLE)
    for checkpoint in bundled_checkpoints():
        licence, date = (checkpoint.manifest[key] for key in ("license", "date"))
        size = f"{checkpoint.megabytes:.1f} MB"
        checkpoints.add_row(checkpoint.name, checkpoint.architecture, checkpoint.modality, size, licence, date)
    networks = Table("network", "published in", "licence of the code", box=box.SIMPLE)
    for name, architecture in ARCHITECTURES.items():
        networks.add_row(name, architecture.paper, architecture.license)
    console = Console()
    console.print(checkpoints)
    console.print(networks)
