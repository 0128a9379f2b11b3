"""The checkpoints inside the package: where they are, and which is taken where none is named."""

from pathlib import Path

CHECKPOINTS = Path(__file__).parent / "checkpoints"
DEFAULT_CHECKPOINT = "chromaformer"
NIR_CHECKPOINT = "chromaformer_nir"  # the default for near-infrared frames

__all__ = ["CHECKPOINTS", "DEFAULT_CHECKPOINT", "NIR_CHECKPOINT"]
