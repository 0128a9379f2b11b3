"""The YAML of a run."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.unets.unet_2d import UNet2DModel

from colorizer_hf.models.auto import ARCHITECTURES
from train.parts.config import (
    ConfigError,
    build_config,
    load_config,
    merge,
    override,
    parse_settings,
)
from train.parts.experiments import read_comparison
from train.recipes.pretrain import PretrainConfig
from train.recipes.reproduce import RECIPES
from train.recipes.sample import SampleConfig

FOLDER = Path(__file__).parents[2] / "train" / "configs"
KINDS: dict[str, Any] = {name: kind for name, (kind, _) in RECIPES.items()} | {"sample": SampleConfig}
CONFIGS = sorted(path for path in FOLDER.rglob("*.yaml") if path.parent.name != "reproduce")
TABLES = sorted((FOLDER / "reproduce").glob("*.yaml"))


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
class TestShippedConfigs:
    def test_is_valid(self, path: Path) -> None:
        load_config(path, KINDS[path.parent.name], {"data.sources": ["photos/"]})

    def test_describes_a_network(self, path: Path) -> None:
        config = load_config(path, KINDS[path.parent.name])
        if isinstance(config, SampleConfig):
            UNet2DModel(in_channels=3, out_channels=2, **config.model)
            return
        architecture = ARCHITECTURES[getattr(config, "architecture", "chromaformer")]
        with torch.device("meta"):
            architecture.model(architecture.config(**config.model))

    def test_begins_with_its_launch_command(self, path: Path) -> None:
        command = path.read_text().splitlines()[0]
        assert command.startswith(
            ("# python -m train.recipes.", "# accelerate launch", "# python -m torch.distributed.run")
        )
        assert f"-m train.recipes.{path.parent.name} --config train/configs/{path.parent.name}/{path.name}" in command


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
class TestShippedTables:
    def test_every_experiment_is_valid(self, path: Path) -> None:
        comparison = read_comparison(path)
        for experiment in comparison.experiments.values():
            given = {"data.sources": ["photos/"], "teacher": "there" if experiment.teacher else None}
            values = merge(comparison.common, experiment.run)
            build_config(RECIPES[experiment.recipe][0], override(values, given))
            assert set(experiment.needs) <= set(comparison.experiments)

    def test_begins_with_its_launch_command(self, path: Path) -> None:
        assert path.read_text().startswith(f"# python -m train.recipes.reproduce {path.stem} ")


class TestLoadConfig:
    def test_overrides_reach_into_sections(self, tmp_path: Path) -> None:
        path = write(tmp_path, "output: a\ndata: {sources: [x], crop_size: 96}\n")
        config = load_config(path, PretrainConfig, {"data.sources": ["y"], "minutes": 3, "init": None})
        assert config.data.sources == ("y",)
        assert config.data.crop_size == 96
        assert config.minutes == 3.0

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("output: a\ndata: {sources: [x]}\nspeed: 9\n", "unknown key speed; known are output, data"),
            ("output: a\ndata: {sources: [x], crop: 9}\n", "unknown key data.crop"),
            ("output: a\ndata: {sources: [x], crop_size: big}\n", "data.crop_size must be int, got 'big'"),
            ("output: a\ndata: {sources: [x]}\nprecision: fp8\n", "precision must be"),
            ("output: a\n", "is incomplete"),
            ("output: [", "cannot be read as a training configuration"),
        ],
    )
    def test_mistakes_are_named(self, tmp_path: Path, text: str, message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            load_config(write(tmp_path, text), PretrainConfig)

    def test_exponents_are_numbers_even_without_a_dot(self, tmp_path: Path) -> None:
        path = write(tmp_path, "output: a\ndata: {sources: [x]}\noptimizer: {lr: 1e-3}\n")
        assert load_config(path, PretrainConfig).optimizer.lr == 0.001


class TestSettings:
    def test_are_keys_and_yaml(self) -> None:
        settings = ["pairs.sources=[a.tar, b.tar]", "optimizer.lr=1e-3", "test_pairs=null"]
        assert parse_settings(settings) == {
            "pairs.sources": ["a.tar", "b.tar"],
            "optimizer.lr": "1e-3",
            "test_pairs": None,
        }

    @pytest.mark.parametrize(("text", "message"), [("steps", "is not KEY=VALUE"), ("steps=[", "is no YAML")])
    def test_others_are_refused(self, text: str, message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            parse_settings([text])
