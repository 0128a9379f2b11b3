"""What a run leaves behind: averaged weights as a checkpoint, a manifest, and one JSON in `train/results/`."""

import hashlib
import json
import platform
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.models.base import ColorizerModel

from .config import TrainConfig


def save_checkpoint(model: ColorizerModel, folder: str | Path) -> None:
    """Save a network and its image processor as `from_pretrained` reads them.

    Weights are stored as fp16 while the configuration keeps asking for fp32, so that CPUs compute in fp32.
    """
    state = {key: value.half() if value.is_floating_point() else value for key, value in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=state)
    (Path(folder) / "model.safetensors").chmod(0o644)  # safetensors leaves it to its owner alone
    ColorizerImageProcessor(model.config.working_size, model.config.size_multiple).save_pretrained(folder)


def write_manifest(folder: str | Path, *, recipe: str, mean_chroma: tuple[float, float], **facts: Any) -> None:
    """Write `manifest.json` beside the weights: checksum, licence, recipe, date and what else is known.

    Args:
        folder: A folder written by `save_checkpoint`.
        recipe: Name of the recipe and configuration.
        mean_chroma: Mean a and b of the training photographs, Lab units.
        **facts: Further entries.
    """
    weights = Path(folder) / "model.safetensors"
    manifest = {
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "license": "apache-2.0",
        "recipe": recipe,
        "date": datetime.now(UTC).date().isoformat(),
        "mean_chroma": [round(value, 2) for value in mean_chroma],
        **facts,
    }
    (Path(folder) / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def run_record(config: TrainConfig, *, steps: int, seconds: float, metrics: dict[str, float]) -> dict[str, Any]:
    """Everything needed to understand a run later: configuration, commit, hardware, time, result."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": _git_commit(),
        "hardware": describe_hardware(),
        "steps": steps,
        "minutes": round(seconds / 60, 1),
        "metrics": {name: round(value, 4) for name, value in metrics.items()},
        "config": asdict(config),
    }


def describe_hardware() -> str:
    """The device that trained, in words."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"


def _git_commit() -> str | None:
    """The commit the code is at, or None outside a repository."""
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
