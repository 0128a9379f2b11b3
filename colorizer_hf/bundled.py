"""The checkpoints inside the package: where they are, which is taken where none is named; and names of others."""

from pathlib import Path

CHECKPOINTS = Path(__file__).parent / "checkpoints"
DEFAULT_CHECKPOINT = "chromaformer"
NIR_CHECKPOINT = "chromaformer_nir"  # the default for near-infrared frames
GRAPHS = "onnx"  # the folder inside a checkpoint's own that has its exported graphs


def bundled_names() -> list[str]:
    """Of the checkpoints inside the package."""
    return sorted(path.parent.name for path in CHECKPOINTS.glob("*/manifest.json"))


def is_hub_id(name: str) -> bool:
    """Whether a name, which is none of a bundled checkpoint, is an id of the Hub: `owner/name`, and no folder here."""
    return name.count("/") == 1 and not Path(name).is_absolute() and not Path(name).is_dir()


__all__ = ["CHECKPOINTS", "DEFAULT_CHECKPOINT", "GRAPHS", "NIR_CHECKPOINT", "bundled_names", "is_hub_id"]
