"""The pretrain recipe, on a network and photographs small enough for seconds."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from colorizer_hf.models.auto import load_model
from train.parts.config import load_config
from train.parts.loop import learning_rate_factor
from train.recipes.pretrain import PretrainConfig, train

ROOT = Path(__file__).parents[2]


def launch(config: Path, output: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "train.recipes.pretrain",
        "--config",
        str(config),
        "--output",
        str(output),
        *options,
    ]
    # one thread: sums of floats then come out in one order
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL)


class TestResume:
    def test_a_run_killed_and_resumed_ends_with_the_weights_of_an_uninterrupted_one(
        self, tiny_run: Path, tmp_path: Path
    ) -> None:
        whole = launch(tiny_run, tmp_path / "whole")
        killed = launch(tiny_run, tmp_path / "killed")
        while not (tmp_path / "killed" / "checkpoints" / "step-00000008").exists():
            assert killed.poll() is None, "the run ended before it could be killed"
            time.sleep(0.02)
        killed.send_signal(signal.SIGKILL)
        assert killed.wait() == -signal.SIGKILL
        assert not (tmp_path / "killed" / "model").exists()

        assert launch(tiny_run, tmp_path / "killed").wait() == 0
        assert whole.wait() == 0
        expected, got = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "killed"))
        assert set(got) == set(expected)
        different = [key for key in expected if not torch.equal(got[key], expected[key])]
        assert not different


class TestRun:
    def test_learns_leaves_a_loadable_checkpoint_and_goes_on_from_it(
        self, tiny_run: Path, tmp_path: Path, photo_tar: Path
    ) -> None:
        overrides: dict[str, Any] = {"steps": 60, "optimizer.lr": 0.01, "optimizer.ema_decay": 0.8}
        overrides |= {"evaluation.photos": str(photo_tar), "evaluation.hints": [0, 10]}
        record = train(load_config(tiny_run, PretrainConfig, overrides), name="tiny")
        assert record["metrics"]["gain_10"] > record["metrics"]["gain_0"]
        assert record["metrics"]["gain_0"] > 1

        folder = tmp_path / "run"
        assert json.loads((folder / "result.json").read_text())["images"] == 120
        manifest = json.loads((folder / "model" / "manifest.json").read_text())
        assert manifest["recipe"] == "pretrain/tiny"
        assert len(manifest["mean_chroma"]) == 2
        assert list((folder / "samples").glob("*.png"))
        weights = load_file(folder / "model" / "model.safetensors")
        assert {value.dtype for value in weights.values() if value.is_floating_point()} == {torch.float16}
        assert load_model(folder / "model").dtype == torch.float32

        again = load_config(
            tiny_run, PretrainConfig, {"init": str(folder / "model"), "steps": 2, "output": str(tmp_path / "second")}
        )
        train(again, name="tiny")
        before, after = load_model(folder / "model"), load_model(tmp_path / "second" / "model")
        moved = max((a - b).abs().max().item() for a, b in zip(before.parameters(), after.parameters(), strict=True))
        assert 0 < moved < 0.1

    def test_minutes_end_a_run_cleanly(self, tiny_run: Path, tmp_path: Path) -> None:
        record = train(load_config(tiny_run, PretrainConfig, {"steps": 1_000_000, "minutes": 0.02}), name="tiny")
        assert 0 < record["steps"] < 1_000_000
        load_model(tmp_path / "run" / "model")

    def test_a_mistake_is_one_sentence_and_exit_code_1(self, tiny_run: Path, tmp_path: Path) -> None:
        command = [
            sys.executable,
            "-m",
            "train.recipes.pretrain",
            "--config",
            str(tiny_run),
            "--data",
            str(tmp_path / "none"),
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr.strip().splitlines()[-1].startswith("error: ")
        assert "Traceback" not in done.stderr


class TestSchedule:
    @pytest.mark.parametrize(
        ("step", "share", "factor"), [(0, 0.0, 0.5), (1, 0.0, 1.0), (50, 0.5, 0.5), (100, 1.0, 0.0)]
    )
    def test_warms_up_then_falls_as_a_cosine(self, tiny_run: Path, step: int, share: float, factor: float) -> None:
        config = load_config(tiny_run, PretrainConfig).optimizer
        assert learning_rate_factor(step, share, config) == pytest.approx(factor)


def test_trains_in_bfloat16_with_every_photograph_degraded_and_its_error_in_decibels(
    tiny_run: Path, tmp_path: Path
) -> None:
    wanted = ("steps=4", "precision=bf16", "loss.distance=decibel", "degradation.share=1", "degradation.strength=1")
    options = [option for setting in wanted for option in ("--set", setting)]
    assert launch(tiny_run, tmp_path / "run", *options).wait() == 0
    weights = load_file(tmp_path / "run" / "model" / "model.safetensors")
    assert all(tensor.isfinite().all() for tensor in weights.values())
