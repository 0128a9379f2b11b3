"""The mean of several runs' weights."""

from pathlib import Path

import pytest
import torch
import typer
from typer.testing import CliRunner

from colorizer_hf.models.auto import load_model
from colorizer_hf.models.unet import UNetConfig, UNetModel
from train.parts.config import ConfigError
from train.recipes.average import average, main


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    folders = [str(tmp_path / name) for name in ("first", "second")]
    for folder in folders:
        UNetModel(UNetConfig(width=2, depth=1)).save_pretrained(folder)
    return folders


def test_every_weight_is_the_mean(runs: list[str]) -> None:
    first, second, mean = (model.state_dict() for model in (load_model(runs[0]), load_model(runs[1]), average(runs)))
    for key, value in mean.items():
        torch.testing.assert_close(value, ((first[key] + second[key]) / 2).to(value.dtype))


def test_networks_of_another_shape_have_no_mean(runs: list[str], tmp_path: Path) -> None:
    UNetModel(UNetConfig(width=4, depth=1)).save_pretrained(tmp_path / "wider")
    with pytest.raises(ConfigError, match=r"wider is another network than .*first"):
        average([*runs, str(tmp_path / "wider")])


def test_as_a_command(runs: list[str], tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(main)
    assert CliRunner().invoke(app, [*runs, "--output", str(tmp_path / "mean")]).exit_code == 0
    load_model(tmp_path / "mean")
    failed = CliRunner().invoke(app, [str(tmp_path / "nowhere"), "--output", str(tmp_path / "mean")])
    assert failed.exit_code == 1
    assert failed.stderr.startswith("error: there is no checkpoint")
