"""What a run leaves behind."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from colorizer_hf.hub.publishing import save_checkpoint
from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.chromaformer import ChromaFormerConfig, ChromaFormerModel
from tests.tiny_networks import SMALL_CHROMAFORMER
from train.parts.results import write_manifest
from train.parts.samples import draw_samples

ROOT = Path(__file__).parents[2]


@pytest.fixture
def model() -> ChromaFormerModel:
    torch.manual_seed(0)
    config = ChromaFormerConfig(**SMALL_CHROMAFORMER, working_size=64)
    return ChromaFormerModel(config).eval()


class TestSaveCheckpoint:
    def test_stores_half_and_loads_full_precision(self, model: ChromaFormerModel, tmp_path: Path) -> None:
        save_checkpoint(model, ColorizerImageProcessor(working_size=64), tmp_path)
        stored = load_file(tmp_path / "model.safetensors")
        assert {value.dtype for value in stored.values() if value.is_floating_point()} == {torch.float16}
        loaded = load_model(tmp_path)
        assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
        for key, value in loaded.state_dict().items():
            torch.testing.assert_close(value, model.state_dict()[key], atol=1e-3, rtol=1e-3)

    def test_brings_the_image_processor_along(self, model: ChromaFormerModel, tmp_path: Path) -> None:
        save_checkpoint(model, ColorizerImageProcessor(working_size=64), tmp_path)
        assert ColorizerImageProcessor.from_pretrained(tmp_path).working_size == 64


def test_the_manifest_has_the_checksum_of_the_weights(model: ChromaFormerModel, tmp_path: Path) -> None:
    save_checkpoint(model, ColorizerImageProcessor(working_size=64), tmp_path)
    write_manifest(tmp_path, recipe="pretrain/x", mean_chroma=(1.234, 5.678), images=7)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["sha256"] == hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
    assert manifest["mean_chroma"] == [1.23, 5.68]
    assert manifest["images"] == 7


def test_samples_show_a_row_of_five_pictures_a_photo(model: ChromaFormerModel) -> None:
    photos = [np.full((64, 64, 3), value, np.uint8) for value in (40, 90, 200)]
    grid = draw_samples(model, photos)
    assert grid.size == (5 * 64, 3 * 64)
    truth = np.asarray(grid)[64:128, :64]
    assert (truth == 90).all()


@pytest.mark.parametrize("path", sorted((ROOT / "train" / "results").rglob("*.json")), ids=lambda path: path.stem)
def test_every_kept_result_says_how_it_came_about(path: Path) -> None:
    record = json.loads(path.read_text())
    run = {"config", "commit", "hardware", "minutes", "metrics"}
    evaluation = {"protocol", "model", "images", "rows"}
    measures = {"model", "images", "worn", "vividness", "consistency", "edges"}
    reach = {"model", "alike", "object"}
    costs = {"commit", "hardware", "threads", "systems"}
    assert any(kind <= set(record) for kind in (run, evaluation, measures, reach, costs))
