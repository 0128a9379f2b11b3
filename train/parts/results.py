"""What a run leaves beside its weights: a manifest, and one JSON in `train/results/`."""

import hashlib
import json
import platform
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from .config import TrainConfig


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
