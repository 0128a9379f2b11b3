"""`graphs.json`: what a folder of exported graphs says about itself."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..bundled import CHECKPOINTS, DEFAULT_CHECKPOINT, GRAPHS, is_hub_id
from ..errors import CheckpointError, ColorizerError
from ..traits import Traits

MANIFEST = "graphs.json"
VERSION = 1  # of the graphs' inputs and outputs; others are exported again


@dataclass(frozen=True)
class Manifest:
    """Of exported graphs.

    Attributes:
        traits: Of the network.
        weights: SHA-256 of the weights that they were made from.
        graphs: SHA-256 of each, by the names of the steps.
        difference: From torch in chroma, ab / 110, the largest and the mean, as measured when they were made.
    """

    traits: Traits
    weights: str
    graphs: dict[str, str]
    difference: dict[str, float]

    def write(self, folder: Path) -> None:
        """Into the folder of the graphs."""
        content = {
            "version": VERSION,
            "weights": self.weights,
            "graphs": self.graphs,
            "difference": self.difference,
            "traits": self.traits.to_json(),
        }
        (folder / MANIFEST).write_text(json.dumps(content) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """From the folder of the graphs.

        Raises:
            CheckpointError: there is none, it is damaged or of another version, or a graph is missing.
        """
        try:
            content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if content["version"] != VERSION:
                raise CheckpointError(f"the graphs in {folder} are of another version; export them again")
            bins = tuple((a, b) for a, b in content["traits"].pop("bins"))
            found = cls(
                Traits(**content["traits"], bins=bins), content["weights"], content["graphs"], content["difference"]
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(
                f"{folder} has no {MANIFEST} that can be read; export the checkpoint again"
            ) from error
        for name in found.files:
            if not (folder / name).is_file():
                raise CheckpointError(f"{folder} has no {name}; export the checkpoint again")
        return found

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the manifest's own file and of those of the graphs."""
        return MANIFEST, *(f"{step}.onnx" for step in self.graphs)


def find_graphs(name_or_path: str | Path | None) -> Path | None:
    """The folder with the graphs of a checkpoint, None if it has none, or those of other weights.

    Args:
        name_or_path: A bundled name; a folder that `colorizer export` wrote, or a checkpoint with such a folder inside;
            or the Hub id of such a checkpoint, which is downloaded.

    Raises:
        CheckpointError: it cannot be downloaded, or what its graphs say about themselves cannot be read.
        ColorizerError: what downloads it is not installed.
    """
    name = str(name_or_path or DEFAULT_CHECKPOINT)
    if (CHECKPOINTS / name / "config.json").is_file():
        checkpoint = CHECKPOINTS / name
    else:
        checkpoint = _fetch(name) if is_hub_id(name) else Path(name)
    if (checkpoint / MANIFEST).is_file():
        return checkpoint
    graphs = checkpoint / GRAPHS
    if not (graphs / MANIFEST).is_file():
        return None
    weights = checkpoint / "model.safetensors"
    if weights.is_file() and Manifest.read(graphs).weights != checksum(weights):
        return None
    return graphs


def _fetch(name: str) -> Path:
    """A checkpoint of the Hub; its weights too, because they say whether graphs are theirs."""
    try:
        from ..models.fetching import MODEL_FILES, fetch_checkpoint
    except ModuleNotFoundError as error:
        problem = f"{name} is no folder here, and the Hub needs {error.name}, which is not installed"
        raise ColorizerError(f"{problem}: pip install {error.name}") from error
    return fetch_checkpoint(name, MODEL_FILES, graphs=True)


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


__all__ = ["MANIFEST", "Manifest", "checksum", "find_graphs"]
