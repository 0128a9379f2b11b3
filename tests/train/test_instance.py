"""The recipe `instance`: the instance-aware network in its three stages."""

from pathlib import Path
from typing import Any

import pytest
import torch

from colorizer_hf.errors import CheckpointError
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.siggraph17 import Siggraph17Config, Siggraph17Model
from tests.train.conftest import WriteRun
from train.parts.config import ConfigError, load_config
from train.parts.loop import learning_rate_factor
from train.parts.results import read_history
from train.recipes.instance import InstanceConfig, start_network, train


@pytest.fixture
def tiny_instance(write_run: WriteRun) -> Path:
    return write_run(
        "tiny_instance",
        crop_size=32,
        boxes="grid",
        model={"width": 4, "fusion_width": 4, "instance_size": 32, "working_size": 32},
        optimizer={"lr": 0.005, "warmup_steps": 2, "kept_statistics": "none", "ema_decay": 0.5},
        steps=4,
        checkpoint_every=100,
        log_every=2,
    )


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Parameters, of what counts nothing as well."""
    return {name: parameter.detach() for name, parameter in load_model(folder).named_parameters()}


def changed(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    return {name for name, value in after.items() if not torch.equal(value, before[name])}


def test_every_stage_goes_on_from_the_one_before_and_teaches_its_part_alone(
    tiny_instance: Path, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    Siggraph17Model(Siggraph17Config(width=4)).save_pretrained(tmp_path / "siggraph17")
    runs, start = {}, tmp_path / "siggraph17"
    for stage in ("full", "instance", "fusion"):
        overrides: dict[str, Any] = {"stage": stage, "init": str(start), "output": str(tmp_path / stage)}
        if stage == "fusion":
            overrides |= {"optimizer.kept_statistics": "all"}
        train(load_config(tiny_instance, InstanceConfig, overrides), name=stage)
        start = tmp_path / stage / "model"
        runs[stage] = weights(start)
        assert len(read_history(tmp_path / stage)) == 2

    second = changed(runs["full"], runs["instance"])
    assert {name.split(".")[0] for name in second} == {"instance"}
    third = changed(runs["instance"], runs["fusion"])
    learnt = {name for name in third if not name.startswith("fusion.") or name.startswith("fusion.c")}
    assert {name.split(".")[0] for name in learnt} == {"fusions", "fusion"}
    same = [name for name in runs["full"] if name.startswith("full.")]
    assert not set(same) & (second | third)
    for name in same:  # what fuses began as the network of whole photographs, and kept its trunk
        fused = name.replace("full.", "fusion.")
        assert torch.equal(runs["fusion"][fused], runs["full"][name]) == (
            "conv10" not in name and "chroma_head" not in name
        )


def test_the_last_stage_keeps_all_statistics(tiny_instance: Path, tmp_path: Path) -> None:
    first: dict[str, Any] = {"output": str(tmp_path / "first"), "steps": 1}
    train(load_config(tiny_instance, InstanceConfig, first), name="first")
    overrides = {"stage": "fusion", "init": str(tmp_path / "first" / "model"), "optimizer.kept_statistics": "all"}
    train(load_config(tiny_instance, InstanceConfig, overrides), name="fusion")
    before, after = (load_model(tmp_path / run / "model").state_dict() for run in ("first", "run"))
    counted = [name for name in before if "running" in name and name.startswith(("full.", "instance."))]
    assert counted
    assert all(torch.equal(before[name], after[name]) for name in counted)


def test_stage_full_starts_from_a_siggraph17(tiny_instance: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    given = Siggraph17Model(Siggraph17Config(width=3, mask_center=0)).eval()
    given.save_pretrained(tmp_path / "given")
    values = {"fusion_width": 4, "instance_size": 32}
    config = load_config(tiny_instance, InstanceConfig, {"init": str(tmp_path / "given"), "model": values})
    network = start_network(config).eval()
    luminance = torch.rand(1, 1, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(network(luminance).chroma, given(luminance).chroma)
    assert {n.split(".")[0] for n, p in network.named_parameters() if p.requires_grad} == {"full"}


def test_mistakes_are_named(tiny_instance: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="stage fusion goes on from the stage before; set init"):
        start_network(load_config(tiny_instance, InstanceConfig, {"stage": "fusion"}))
    Siggraph17Model(Siggraph17Config(width=3, global_hints=True)).save_pretrained(tmp_path / "given")
    with pytest.raises(CheckpointError, match="takes palettes"):
        start_network(load_config(tiny_instance, InstanceConfig, {"init": str(tmp_path / "given")}))


@pytest.mark.parametrize(("share", "factor"), [(0.0, 1.0), (0.6, 1.0), (0.8, 0.5), (1.0, 0.0)])
def test_a_linear_schedule_falls_from_a_part_of_the_run_on(tiny_instance: Path, share: float, factor: float) -> None:
    overrides = {"optimizer.schedule": "linear", "optimizer.decay_from": 0.6}
    config = load_config(tiny_instance, InstanceConfig, overrides).optimizer
    assert learning_rate_factor(99, share, config) == pytest.approx(factor)
