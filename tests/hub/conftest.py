"""A Hub for the tests, and small checkpoints to push and pull."""

from pathlib import Path

import pytest

from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.models.chromaformer import ChromaFormerConfig, ChromaFormerModel
from tests.hub_server import hub, hub_client, hub_waits

__all__ = ["hub", "hub_client", "hub_waits"]  # fixtures


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small checkpoint, as a training run leaves it."""
    folder = tmp_path_factory.mktemp("checkpoint") / "small"
    config = ChromaFormerConfig(hidden_size=32, num_layers=1, num_heads=2, decoder_channels=[16, 16], working_size=64)
    ChromaFormerModel(config).save_pretrained(folder)
    ColorizerImageProcessor(working_size=64).save_pretrained(folder)
    (folder / "manifest.json").write_text('{"license": "apache-2.0", "recipe": "pretrain/small", "date": "2026-01-01"}')
    return folder


@pytest.fixture(scope="session")
def files(checkpoint: Path) -> dict[str, bytes]:
    """The files of `checkpoint`, as a repository holds them."""
    return {path.name: path.read_bytes() for path in checkpoint.iterdir()}
