"""What a run leaves in its folder: `model/` with a manifest, `result.json` to be kept in `train/results/`, curves."""

import hashlib
import json
import platform
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from colorizer_hf.errors import HubError
from colorizer_hf.hub.publishing import push_checkpoint

from .config import RunConfig
from .loop import HISTORY, Trainer


def save_run(trainer: Trainer, *, recipe: str, name: str, mean_chroma: tuple[float, float]) -> dict[str, Any]:
    """Write what a run has come to into its folder, `model/` and `result.json`, and return the record.

    Args:
        trainer: After any step.
        recipe: Name of the recipe.
        name: Name of the configuration.
        mean_chroma: Mean a and b of the training photographs, Lab units.

    Raises:
        TrainingError: it cannot be written.
    """
    config, folder = trainer.config, Path(trainer.config.output)
    images = trainer.done.step * trainer.samples_per_step
    record = {"recipe": recipe, "name": name, "images": images}
    record |= run_record(config, steps=trainer.done.step, seconds=trainer.done.seconds, metrics=trainer.metrics)
    trainer.save_model(folder / "model")
    facts = {"images": images, "metrics": record["metrics"]}
    write_manifest(
        folder / "model", recipe=f"{recipe}/{name}", mean_chroma=mean_chroma, weights=trainer.weights, **facts
    )
    (folder / "result.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return record


def push_run(config: RunConfig) -> None:
    """Publish what `save_run` wrote.

    Raises:
        HubError: the Hub cannot be reached or refuses; the message says how to push later.
    """
    model, repo = Path(config.output) / "model", config.hub.repo
    assert repo is not None  # the caller has looked
    try:
        push_checkpoint(model, repo, results=[Path(config.output) / "result.json"], private=config.hub.private)
    except HubError as error:
        raise HubError(f"{error}; nothing is lost: `colorizer push {model} --repo {repo}` pushes it later") from error


def read_history(folder: str | Path) -> list[dict[str, float]]:
    """What a run has logged, one entry a step; of a step that was run twice, after a kill, the second."""
    entries: dict[int, dict[str, float]] = {}
    for line in (Path(folder) / HISTORY).read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        entries.setdefault(entry["step"], {}).update(entry)
    return [entries[step] for step in sorted(entries)]


def write_manifest(
    folder: str | Path,
    *,
    recipe: str,
    mean_chroma: tuple[float, float],
    weights: str = "model.safetensors",
    **facts: Any,
) -> None:
    """Write `manifest.json` beside the weights: checksum, licence, recipe, date and what else is known.

    Args:
        folder: A folder written by `save_checkpoint`.
        recipe: Name of the recipe and configuration.
        mean_chroma: Mean a and b of the training photographs, Lab units.
        weights: The file whose checksum is kept.
        **facts: Further entries.
    """
    manifest = {
        "sha256": hashlib.sha256((Path(folder) / weights).read_bytes()).hexdigest(),
        "license": "apache-2.0",
        "recipe": recipe,
        "date": datetime.now(UTC).date().isoformat(),
        "mean_chroma": [round(value, 2) for value in mean_chroma],
        **facts,
    }
    (Path(folder) / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def run_record(config: RunConfig, *, steps: int, seconds: float, metrics: dict[str, float]) -> dict[str, Any]:
    """Everything needed to understand a run later: configuration, commit, hardware, time, result."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": git_commit(),
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


def git_commit() -> str | None:
    """The commit the code is at, or None outside a repository."""
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
