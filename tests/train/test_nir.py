"""The recipe `nir`: infrared made up, then registered pairs."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import yaml
from PIL import Image

from colorizer_hf.errors import CheckpointError, TrainingDataError
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.base import stretch
from colorizer_hf.models.unet import UNetConfig, UNetModel
from train.parts.config import load_config
from train.parts.networks import widen_for_nir
from train.parts.results import read_history
from train.recipes.nir import NirConfig, build_nir_network, train
from train.recipes.pretrain import PretrainConfig
from train.recipes.pretrain import train as pretrain


def write_pairs(folder: Path, seeds: range) -> Path:
    """Scenes of coloured patches whose infrared is the negative of their brightness."""
    folder.mkdir()
    for seed in seeds:
        patches = np.random.default_rng(seed).integers(20, 235, (5, 6, 3)).astype(np.uint8)
        photo = Image.fromarray(patches).resize((96, 80), Image.Resampling.NEAREST)
        photo.save(folder / f"scene{seed}_rgb.png")
        Image.fromarray(255 - np.asarray(photo.convert("L"))).save(folder / f"scene{seed}_nir.png")
    return folder


@pytest.fixture
def nir_run(tiny_run: Path, tmp_path: Path) -> Path:
    """The YAML of a run that starts from a tiny checkpoint for gray photographs and takes seconds."""
    pretrain(load_config(tiny_run, PretrainConfig, {"steps": 2, "output": str(tmp_path / "gray")}), name="gray")
    values = yaml.safe_load(tiny_run.read_text())
    del values["model"], values["backbone_weights"]
    pairs = {"sources": [str(write_pairs(tmp_path / "pairs", range(6)))], "crop_size": 64, "num_workers": 0}
    test = str(write_pairs(tmp_path / "test", range(20, 22)))
    path = tmp_path / "nir.yaml"
    fast = {"lr": 0.01, "warmup_steps": 2, "unfreeze_at": 0, "ema_decay": 0.8}
    own = {"init": str(tmp_path / "gray" / "model"), "output": str(tmp_path / "nir"), "optimizer": fast}
    path.write_text(yaml.safe_dump(values | own | {"pairs": pairs, "test_pairs": test, "steps": 60}))
    return path


def test_starts_with_the_luminance_of_the_frame(nir_run: Path) -> None:
    network = build_nir_network(load_config(nir_run, NirConfig)).eval()
    frame = torch.linspace(0, 1, 64).expand(1, 1, 64, 64)
    predicted = network(frame).luminance
    torch.testing.assert_close(predicted, F.avg_pool2d(frame, 4), atol=0.02, rtol=0)


def test_learns_the_luminance_that_a_frame_hides(nir_run: Path, tmp_path: Path) -> None:
    record = train(load_config(nir_run, NirConfig), name="tiny")
    metrics = record["metrics"]
    assert metrics["luma_psnr"] > metrics["nir_luma_psnr"] + 0.5
    assert {"psnr", "ssim", "angle", "ciede2000"} <= set(metrics)
    model = load_model(tmp_path / "nir" / "model")
    assert model.config.modality == "nir"
    assert model.config.predicts_luminance


def test_learns_from_photographs_alone_and_goes_on_from_there(nir_run: Path, tmp_path: Path) -> None:
    alone = {"pairs.photo_share": 1, "pairs.sources": [], "test_pairs": None, "steps": 4, "output": str(tmp_path / "p")}
    overrides = {key: value for key, value in alone.items() if value is not None}
    train(load_config(nir_run, NirConfig, overrides), name="pseudo")
    mixed = {"init": str(tmp_path / "p" / "model"), "pairs.photo_share": 0.5, "steps": 4}
    record = train(load_config(nir_run, NirConfig, mixed), name="mixed")
    assert set(record["metrics"]) >= {"psnr", "nir_psnr"}


def test_refuses_pairs_that_show_what_it_is_measured_on(nir_run: Path, tmp_path: Path) -> None:
    leaking = {"test_pairs": str(tmp_path / "pairs")}
    with pytest.raises(TrainingDataError, match="scene0"):
        train(load_config(nir_run, NirConfig, leaking), name="tiny")


def test_starts_from_a_network_of_its_own_kind_only(nir_run: Path) -> None:
    with pytest.raises(CheckpointError, match="it was not made for this network"):
        train(load_config(nir_run, NirConfig, {"model.num_layers": 2}), name="tiny")


def test_networks_without_hints_descend_their_own_loss(nir_run: Path, tmp_path: Path) -> None:
    UNetModel(UNetConfig(width=4, depth=2, working_size=64)).save_pretrained(tmp_path / "unet")
    options = {"architecture": "unet", "init": str(tmp_path / "unet"), "optimizer.kept_statistics": "none"}
    train(load_config(nir_run, NirConfig, options | {"test_pairs": ""}), name="tiny")
    losses = [entry["loss"] for entry in read_history(tmp_path / "nir")]
    assert losses[-1] < 0.9 * losses[0]
    assert load_model(tmp_path / "nir" / "model").config.predicts_luminance


def test_a_widened_network_gives_the_chroma_that_it_gave() -> None:
    torch.manual_seed(0)
    gray = UNetModel(UNetConfig(width=4, depth=2)).eval()
    wide = widen_for_nir(gray).eval()
    frame = stretch(torch.rand(1, 1, 32, 32))
    with torch.no_grad():
        torch.testing.assert_close(wide(frame).chroma, gray(frame).chroma, atol=1e-3, rtol=0)
        torch.testing.assert_close(wide(frame).luminance, frame, atol=0.02, rtol=0)
    assert wide.config.modality == "nir"
    assert gray.config.modality == "gray"


def test_pairs_that_will_be_measured_on_later_are_kept_out_as_well(nir_run: Path, tmp_path: Path) -> None:
    later = {"pairs.held_out": [str(tmp_path / "pairs")], "test_pairs": ""}
    with pytest.raises(TrainingDataError, match="scene0"):
        train(load_config(nir_run, NirConfig, later), name="tiny")
