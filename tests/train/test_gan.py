"""The recipe `gan`: a generator alone, then against a discriminator."""

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from colorizer_hf.errors import CheckpointError
from colorizer_hf.models.auto import load_model
from tests.train.conftest import ADVERSARIAL, TINY_MODEL
from train.parts.adversarial import AdversarialTrainer
from train.parts.config import ConfigError, load_config, override, read_yaml
from train.parts.data import build_loader
from train.parts.discriminator import PatchDiscriminator, PatchDiscriminatorConfig
from train.parts.results import read_history
from train.recipes.gan import GanConfig, ReconstructionObjective, train

ROOT = Path(__file__).parents[2]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


class TestGeneratorAlone:
    @pytest.mark.parametrize("kind", ["l1", "mse", "huber"])
    def test_learns(self, tiny_gan: Path, photo_tar: Path, kind: str) -> None:
        overrides: dict[str, Any] = {"steps": 60, "loss.kind": kind, "evaluation.photos": str(photo_tar)}
        record = train(load_config(tiny_gan, GanConfig, overrides), name="tiny")
        assert record["metrics"]["gain_0"] > 1  # of dB; the two halves of the photographs differ in luminance

    def test_any_network_of_the_registry_can_be_the_generator(self, tiny_gan: Path, tmp_path: Path) -> None:
        overrides = {"architecture": "chromaformer", "model": TINY_MODEL, "backbone_weights": "none", "steps": 2}
        train(load_config(tiny_gan, GanConfig, overrides | ADVERSARIAL), name="tiny")
        assert load_model(tmp_path / "gan" / "model").config.model_type == "chromaformer"

    def test_unknown_networks_are_named(self, tiny_gan: Path) -> None:
        with pytest.raises(ConfigError, match=r"architecture must be one of chromaformer, .*got 'vgg'"):
            train(load_config(tiny_gan, GanConfig, {"architecture": "vgg"}), name="tiny")

    def test_what_the_network_does_not_know_is_named(self, tiny_gan: Path) -> None:
        with pytest.raises(ConfigError, match=r"model does not describe a unet: .*depth"):
            train(load_config(tiny_gan, GanConfig, {"model.depth": 0}), name="tiny")

    def test_lpips_in_the_loss_needs_weights(self, tiny_gan: Path) -> None:
        with pytest.raises(CheckpointError, match="cannot be read as LPIPS weights"):
            train(load_config(tiny_gan, GanConfig, {"loss.lpips": 0.1}), name="tiny")


class TestAgainstADiscriminator:
    @pytest.mark.parametrize("mode", ["vanilla", "lsgan"])
    def test_goes_on_from_a_generator_and_logs_the_game(self, tiny_gan: Path, tmp_path: Path, mode: str) -> None:
        train(load_config(tiny_gan, GanConfig), name="alone")
        alone = str(tmp_path / "gan" / "model")
        overrides = {"init": alone, "output": str(tmp_path / "second"), "adversarial.mode": mode} | ADVERSARIAL
        train(load_config(tiny_gan, GanConfig, overrides), name="second")
        logged = read_history(tmp_path / "second")[-1]
        assert set(logged) == {"step", "l1", "adversarial", "discriminator", "accuracy"}
        assert 0 <= logged["accuracy"] <= 1
        before, after = weights(Path(alone)), weights(tmp_path / "second" / "model")
        learnt = [key for key in before if key.endswith(("weight", "bias"))]
        moved = max((before[key].float() - after[key].float()).abs().max().item() for key in learnt)
        assert 0 < moved < 0.5

    def test_is_published_whole_and_goes_on_with_its_discriminator(self, tiny_gan: Path, tmp_path: Path) -> None:
        train(load_config(tiny_gan, GanConfig, ADVERSARIAL), name="first")
        judge = PatchDiscriminator.from_pretrained(tmp_path / "gan" / "model" / "discriminator")
        assert judge.config.width == 4
        overrides = {"init": str(tmp_path / "gan" / "model"), "output": str(tmp_path / "second"), "steps": 1}
        train(load_config(tiny_gan, GanConfig, overrides | ADVERSARIAL | {"adversarial.lr": 1e-9}), name="second")
        again = PatchDiscriminator.from_pretrained(tmp_path / "second" / "model" / "discriminator").state_dict()
        for key, value in judge.state_dict().items():
            if key.endswith(("weight", "bias")):
                torch.testing.assert_close(again[key], value, atol=1e-5, rtol=0)

    def test_a_step_calls_the_generator_once_and_leaves_no_gradient_in_the_discriminator(self, tiny_gan: Path) -> None:
        config = load_config(tiny_gan, GanConfig, ADVERSARIAL | {"steps": 3})
        objective, calls = ReconstructionObjective(config), []
        objective.network.register_forward_hook(lambda *_: calls.append(1))
        loader = partial(build_loader, config.data, batch_size=2, seed=0)
        trainer = AdversarialTrainer(objective, loader, config)
        trainer.run()
        assert len(calls) == 3
        assert all(parameter.grad is None for parameter in trainer.discriminator.parameters())

    def test_a_resumed_run_ends_with_the_same_weights(self, tiny_gan: Path, tmp_path: Path) -> None:
        train(load_config(tiny_gan, GanConfig, ADVERSARIAL), name="tiny")
        whole, resumed = tmp_path / "gan", tmp_path / "resumed"
        shutil.copytree(whole / "checkpoints" / "step-00000004", resumed / "checkpoints" / "step-00000004")
        train(load_config(tiny_gan, GanConfig, ADVERSARIAL | {"output": str(resumed)}), name="tiny")
        for part in ("model", "model/discriminator"):
            expected = weights(whole / part)
            assert all(torch.equal(value, expected[key]) for key, value in weights(resumed / part).items())


class TestDiscriminator:
    @pytest.mark.parametrize("spectral_norm", [False, True])
    def test_save_and_load_is_bit_exact(self, tmp_path: Path, spectral_norm: bool) -> None:
        config = PatchDiscriminatorConfig(width=4, spectral_norm=spectral_norm)
        network = PatchDiscriminator(config).eval()
        network.save_pretrained(tmp_path)
        picture = torch.rand(2, 3, 64, 64)
        assert torch.equal(PatchDiscriminator.from_pretrained(tmp_path)(picture), network(picture))

    def test_spectral_norm_bounds_every_convolution(self) -> None:
        network = PatchDiscriminator(PatchDiscriminatorConfig(width=4, spectral_norm=True)).train()
        for _ in range(30):  # power iterations
            network(torch.rand(1, 3, 64, 64))
        kernels = [m.weight for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
        for kernel in kernels:
            assert torch.linalg.matrix_norm(kernel.flatten(1), ord=2).item() == pytest.approx(1, abs=0.05)


def test_two_processes_give_what_one_gives_with_the_same_batch(tiny_gan: Path, tmp_path: Path) -> None:
    """Gradients are averaged; batch norms, which see a process's own share only, keep their statistics here.

    The photographs are decoded into a cache by one of the processes.
    """
    shared = {"optimizer.kept_statistics": "all", "steps": 6, "adversarial.spectral_norm": True} | ADVERSARIAL
    train(load_config(tiny_gan, GanConfig, shared | {"output": str(tmp_path / "one"), "batch_size": 4}), name="one")

    config = tmp_path / "two.yaml"
    cached = {"data.cache": str(tmp_path / "decoded"), "output": str(tmp_path / "two")}
    config.write_text(yaml.safe_dump(override(read_yaml(tiny_gan), shared | cached)))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command = [*launch, "-m", "train.recipes.gan", "--config", str(config)]
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    record = json.loads((tmp_path / "two" / "result.json").read_text())
    assert record["images"] == 6 * 4
    for part in ("model", "model/discriminator"):
        expected = weights(tmp_path / "one" / part)
        for key, value in weights(tmp_path / "two" / part).items():
            torch.testing.assert_close(value.float(), expected[key].float(), atol=2e-3, rtol=2e-3, msg=key)
