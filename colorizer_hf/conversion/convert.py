"""From files of published weights to the folder of a checkpoint."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from huggingface_hub.errors import StrictDataclassError

from ..errors import CheckpointError
from ..image_processing import ColorizerImageProcessor
from ..models.auto import ARCHITECTURES, no_progress_bar
from ..models.base import ColorizerModel
from ..new_folders import check_is_new, written_whole
from .systems import SYSTEMS, Layout, Settings, Weights
from .weights import read_weights


def convert(
    name: str, paths: Sequence[str | Path], output: str | Path, *, settings: Mapping[str, Any] | None = None
) -> list[str]:
    """Convert published weights to a checkpoint, as `save_pretrained` writes it, with a manifest.

    Args:
        name: Of the system, a key of `SYSTEMS`.
        paths: Its files of weights, in the order of `System.files`.
        output: Folder for the checkpoint; there must be nothing in it.
        settings: Of the configuration, over those that are found in the weights.

    Returns:
        What a person should know about what was found, as phrases.

    Raises:
        CheckpointError: there is no such system or setting; a file is missing, damaged, of another network, or could
            only be read by running code; or the folder is taken. Nothing is written then.
    """
    if name not in SYSTEMS:
        raise CheckpointError(f"there is no system {name} to convert; there are {', '.join(SYSTEMS)}")
    system, files, output = SYSTEMS[name], [Path(path) for path in paths], Path(output)
    if len(files) != len(system.files):
        wanted = f"{len(system.files)} file{'s' * (len(system.files) > 1)} ({', '.join(system.files)})"
        raise CheckpointError(f"the weights of {name} are in {wanted}, got {len(files)}")
    check_is_new(output)

    parts = [_read(file, name, layouts) for file, layouts in zip(files, system.files.values(), strict=True)]
    weights = {key: value for _, part in parts for key, value in part.items()}
    found = system.settings(weights)
    for layout, _ in parts:
        found |= layout.settings
    model = _network(name, system.architecture, found | dict(settings or {}))
    for file, (layout, part) in zip(files, parts, strict=True):
        _check(file, name, layout, part, model)
    model.load_state_dict(weights, strict=False)  # what a file must have has been checked; our buffers are in none
    manifest = {
        "license": system.license,
        "source": system.source,
        "system": name,
        "originals": [{"file": file.name, "sha256": _sha256(file)} for file in files],
    }
    _write(model.eval(), manifest, output)
    return [] if settings else system.notes(found)


def _read(path: Path, system: str, layouts: Iterable[Layout]) -> tuple[Layout, Weights]:
    """A file's layout, and its weights under our names."""
    theirs = read_weights(path)
    layout = max(layouts, key=lambda one: sum(_renamed(key, one.modules) is not None for key in theirs))
    ours = {}
    for key, value in layout.adapt(theirs).items():
        name = _renamed(key, layout.modules)
        if name is not None:
            ours[name] = value
        elif _renamed(key, dict.fromkeys(layout.unused, "")) is None:
            raise CheckpointError(f"{path} has weights {key}, which no {system} has; it is of another network")
    return layout, ours


def _renamed(key: str, names: Mapping[str, str]) -> str | None:
    """A weight's other name, from those of modules; None if it is in none of them."""
    for before, after in names.items():
        if key == before or key.startswith(f"{before}."):
            return after + key.removeprefix(before)
    return None


def _network(name: str, architecture: str, settings: Settings) -> ColorizerModel:
    kind = ARCHITECTURES[architecture]
    for setting in settings:
        if not hasattr(kind.config, setting):
            raise CheckpointError(f"{name} has no {setting} to set; leave it out")
    try:
        return kind.model(kind.config(**settings))
    except (ValueError, StrictDataclassError) as error:
        raise CheckpointError(f"no {name} is like that: {error.__cause__ or error}") from error


def _check(path: Path, system: str, layout: Layout, weights: Weights, model: ColorizerModel) -> None:
    """Raises CheckpointError unless a file has exactly what the network has in its modules, in the same shapes."""
    theirs = {ours: name for name, ours in layout.modules.items()}
    expected = {key: value for key, value in model.state_dict().items() if _renamed(key, theirs) is not None}
    missing = [key for key in expected if key not in weights and not key.endswith(".num_batches_tracked")]
    if missing:  # old versions of PyTorch did not count batches
        count = f"{len(missing)} of the {len(expected)} weights of {system}"
        first = _renamed(missing[0], theirs)
        raise CheckpointError(f"{path} lacks {count}, such as {first}; it is incomplete or of another network")
    for key, value in weights.items():
        name = _renamed(key, theirs)
        if key not in expected:
            raise CheckpointError(f"{path} has weights {name}, which no {system} has; it is of another network")
        if value.shape != expected[key].shape:
            shapes = f"{tuple(value.shape)} where {system} has {tuple(expected[key].shape)}"
            raise CheckpointError(f"{path} has {name} of shape {shapes}; it is of another network")


def _write(model: ColorizerModel, manifest: Mapping[str, Any], output: Path) -> None:
    """The folder of the checkpoint, whole or not at all."""
    config = model.config
    with written_whole(output) as folder:
        with no_progress_bar():
            model.save_pretrained(folder)
        processor = ColorizerImageProcessor(working_size=config.working_size, size_multiple=config.size_multiple)
        processor.save_pretrained(folder)
        whole = {"sha256": _sha256(folder / "model.safetensors"), **manifest, "date": f"{datetime.now(UTC):%Y-%m-%d}"}
        (folder / "manifest.json").write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


__all__ = ["convert"]
