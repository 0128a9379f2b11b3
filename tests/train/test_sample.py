"""The recipe `sample`: a sampler around a frozen flagship."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from safetensors.torch import load_file

from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.models.chromaformer import ChromaFormerConfig, ChromaFormerModel
from tests.tiny_networks import TINY_CHROMAFORMER, save_instance_fusion
from tests.train.conftest import WriteRun
from train.parts.config import ConfigError, load_config
from train.parts.results import read_history
from train.recipes.sample import SampleConfig, train


@pytest.fixture
def tiny_sampler(write_run: WriteRun, tmp_path: Path) -> Path:
    torch.manual_seed(0)
    ChromaFormerModel(ChromaFormerConfig(**TINY_CHROMAFORMER)).save_pretrained(tmp_path / "encoder")
    ColorizerImageProcessor(working_size=64).save_pretrained(tmp_path / "encoder")
    return write_run(
        "tiny_sampler",
        encoder=str(tmp_path / "encoder"),
        model={
            "block_out_channels": [8, 16],
            "layers_per_block": 1,
            "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
            "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
            "norm_num_groups": 4,
            "attention_head_dim": 8,
        },
        degradation={"share": 0.5, "strength": 0.5},
        optimizer={"lr": 0.003, "warmup_steps": 2, "unfreeze_at": 0, "ema_decay": 0.9},
        steps=8,
        checkpoint_every=4,
        log_every=8,
    )


def weights_of(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "model" / "unet" / "diffusion_pytorch_model.safetensors")


def test_learns_beside_a_flagship_that_stays_as_it_is(tiny_sampler: Path, tmp_path: Path, photo_tar: Path) -> None:
    overrides: dict[str, Any] = {"steps": 120, "evaluation.photos": str(photo_tar), "log_every": 20}
    record = train(load_config(tiny_sampler, SampleConfig, overrides), name="tiny")
    losses = [entry["flow"] for entry in read_history(tmp_path / "run")][:-1]
    assert losses[-1] < 0.7 * losses[0]
    assert record["images"] == 240
    assert record["metrics"]["best_error"] < record["metrics"]["mean_error"]
    manifest = json.loads((tmp_path / "run" / "model" / "manifest.json").read_text())
    assert manifest["recipe"] == "sample/tiny"
    assert {value.dtype for value in weights_of(tmp_path / "run").values()} == {torch.float16}
    UNet2DModel.from_pretrained(tmp_path / "run" / "model" / "unet")


def test_a_run_that_was_cut_off_ends_with_the_weights_of_one_that_was_not(tiny_sampler: Path, tmp_path: Path) -> None:
    whole = {"output": str(tmp_path / "whole"), "optimizer.schedule": "constant"}
    cut = {"output": str(tmp_path / "cut"), "optimizer.schedule": "constant"}
    train(load_config(tiny_sampler, SampleConfig, whole), name="tiny")
    train(load_config(tiny_sampler, SampleConfig, cut | {"steps": 4}), name="tiny")
    train(load_config(tiny_sampler, SampleConfig, cut), name="tiny")
    expected = weights_of(tmp_path / "whole")
    assert all(torch.equal(value, expected[key]) for key, value in weights_of(tmp_path / "cut").items())


def test_goes_on_from_an_earlier_run(tiny_sampler: Path, tmp_path: Path) -> None:
    train(load_config(tiny_sampler, SampleConfig), name="tiny")
    again = {"init": str(tmp_path / "run" / "model" / "unet"), "steps": 1, "output": str(tmp_path / "second")}
    train(load_config(tiny_sampler, SampleConfig, again), name="tiny")
    before, after = weights_of(tmp_path / "run"), weights_of(tmp_path / "second")
    assert 0 < max((before[key].float() - after[key].float()).abs().max().item() for key in before) < 0.01


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"encoder": "OTHER"}, "encoder must be a ChromaFormer, got InstanceFusionModel"),
        ({"model.block_out_channels": [6, 12]}, "model does not describe a UNet2DModel"),
    ],
)
def test_says_what_is_wrong(tiny_sampler: Path, tmp_path: Path, overrides: dict[str, Any], sentence: str) -> None:
    if overrides.get("encoder"):
        overrides = {"encoder": str(save_instance_fusion(tmp_path / "other"))}
    with pytest.raises(ConfigError, match=sentence):
        train(load_config(tiny_sampler, SampleConfig, overrides), name="tiny")
