"""Loading by name: what is bundled, and every way in which a checkpoint can be wrong."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel

from colorizer_hf.errors import CheckpointError
from colorizer_hf.models.auto import ARCHITECTURES, bundled_checkpoints, load_model
from tests.tiny_networks import SMALL_CHROMAFORMER


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    architecture = ARCHITECTURES["chromaformer"]
    architecture.model(architecture.config(**SMALL_CHROMAFORMER)).save_pretrained(folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(saved, tmp_path / "checkpoint"))


class TestBundled:
    @pytest.mark.parametrize("checkpoint", bundled_checkpoints(), ids=lambda checkpoint: checkpoint.name)
    def test_loads_strictly_is_small_and_is_what_its_manifest_says(self, checkpoint) -> None:
        assert load_model(checkpoint.name).config.modality == checkpoint.modality
        assert checkpoint.megabytes <= 20
        weights = (checkpoint.folder / "model.safetensors").read_bytes()
        assert hashlib.sha256(weights).hexdigest() == checkpoint.manifest["sha256"]
        assert {"license", "recipe", "date", "mean_chroma"} <= set(checkpoint.manifest)

    def test_the_default_is_the_flagship(self) -> None:
        assert load_model().config.model_type == "chromaformer"


class TestOptions:
    def test_networks_load_in_full_precision_unless_something_else_is_asked_for(self, saved: Path) -> None:
        assert load_model(saved).dtype == torch.float32
        assert load_model(saved, dtype="float16").dtype == torch.float16

    def test_auto_is_what_the_checkpoint_says(self, saved: Path) -> None:
        assert load_model(dtype="auto").dtype == torch.float32  # stored in halves, to be used in full
        load_model(saved, dtype=torch.bfloat16).save_pretrained(folder := saved / "half")
        assert load_model(folder, dtype="auto").dtype == torch.bfloat16
        assert load_model(folder).dtype == torch.float32

    @pytest.mark.parametrize("dtype", ["float99", torch.float64, torch.int8], ids=str)
    def test_a_precision_that_networks_are_not_kept_in_is_refused(self, saved: Path, dtype: Any) -> None:
        for load in (load_model, ARCHITECTURES["chromaformer"].model.from_pretrained):
            with pytest.raises(ValueError, match="dtype must be auto, float32, float16 or bfloat16, got"):
                load(saved, dtype=dtype)

    @pytest.mark.parametrize("device_map", ["auto", "cpu", {"": "cpu"}], ids=str)
    def test_a_device_map_places_the_network(self, saved: Path, device_map: Any) -> None:
        model = load_model(saved, device_map=device_map)
        assert model(torch.rand(1, 1, 64, 64)).chroma.device == torch.device("cpu")

    def test_an_unknown_option_is_named(self, saved: Path) -> None:
        with pytest.raises(TypeError, match=r"load_model has no option dtipe; did you mean dtype\?"):
            load_model(saved, dtipe="float16")
        for load in (ARCHITECTURES["chromaformer"].model.from_pretrained, AutoModel.from_pretrained):
            with pytest.raises(TypeError, match="unexpected keyword argument 'dtipe'"):
                load(saved, dtipe="float16")


class TestAutoClasses:
    def test_know_our_networks_once_the_registry_is_imported(self, saved: Path) -> None:
        assert isinstance(AutoConfig.from_pretrained(saved), ARCHITECTURES["chromaformer"].config)
        assert isinstance(AutoModel.from_pretrained(saved), ARCHITECTURES["chromaformer"].model)


class TestWrongCheckpoints:
    def refused(self, folder: Path, message: str) -> None:
        with pytest.raises(CheckpointError, match=message):
            load_model(folder)

    def test_a_folder_without_configuration(self, folder: Path) -> None:
        (folder / "config.json").unlink()
        self.refused(folder, r"has no config\.json; give a folder that save_pretrained wrote")

    def test_a_configuration_that_is_no_json(self, folder: Path) -> None:
        (folder / "config.json").write_text("{")
        self.refused(folder, "the configuration of .* cannot be used")

    def test_a_checkpoint_of_another_kind(self, folder: Path) -> None:
        (folder / "config.json").write_text(json.dumps({"model_type": "resnet"}))
        self.refused(folder, "is a resnet, not a colorizer; known architectures are chromaformer")

    def test_no_weights(self, folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        self.refused(folder, "the weights of .* cannot be loaded")

    def test_pickled_weights_only(self, folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
        self.refused(folder, "the weights of .* cannot be loaded")

    def test_weights_cut_off(self, folder: Path) -> None:
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])
        self.refused(folder, "the weights of .* cannot be loaded")

    def test_a_weight_missing(self, folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        del weights["bin_head.bias"]
        save_file(weights, folder / "model.safetensors")
        self.refused(folder, r"has 1 missing weights, such as bin_head\.bias")

    def test_a_weight_too_many(self, folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        weights["extra"] = weights["bin_head.bias"].clone()
        save_file(weights, folder / "model.safetensors")
        self.refused(folder, "has 1 unexpected weights, such as extra")

    def test_a_weight_of_another_shape(self, folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        weights["bin_head.bias"] = weights["bin_head.bias"][:7].clone()
        save_file(weights, folder / "model.safetensors")
        self.refused(folder, "the weights of .* cannot be loaded")
