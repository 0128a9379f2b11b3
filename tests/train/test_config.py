"""The YAML of a run."""

from pathlib import Path

import pytest

from train.parts.config import ConfigError, load_config
from train.recipes.pretrain import PretrainConfig

CONFIGS = sorted((Path(__file__).parents[2] / "train" / "configs").rglob("*.yaml"))


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
class TestShippedConfigs:
    def test_is_valid(self, path: Path) -> None:
        load_config(path, PretrainConfig, {"data.sources": ["photos/"]})

    def test_begins_with_its_launch_command(self, path: Path) -> None:
        command = path.read_text().splitlines()[0]
        assert command.startswith(("# python -m train.recipes.", "# accelerate launch"))
        assert f"--config train/configs/{path.parent.name}/{path.name}" in command


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
