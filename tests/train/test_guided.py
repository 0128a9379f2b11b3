"""The recipe `guided`: the networks of Zhang et al. 2016 and 2017."""

from pathlib import Path
from typing import Any

import pytest
import torch

from colorizer_hf.models.auto import load_model
from tests.train.conftest import WriteRun
from train.parts.config import load_config
from train.parts.results import read_history
from train.recipes.guided import Eccv16Objective, GuidedConfig, GuidedObjective, train

PHOTOS = torch.randint(0, 256, (8, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def tiny_guided(write_run: WriteRun, tmp_path: Path) -> Path:
    return write_run(
        "tiny_guided",
        crop_size=32,
        output=str(tmp_path / "guided"),
        model={"width": 4, "working_size": 32},
        hints={"last_share": 0.125, "max_side": 9, "gaussian_share": 1},
        optimizer={"lr": 0.01, "warmup_steps": 2, "kept_statistics": "none", "ema_decay": 0.8},
        steps=24,
        checkpoint_every=100,
        log_every=6,
    )


def losses(run: Path) -> list[float]:
    return [entry["loss"] for entry in read_history(run)]


def moved_by(objective: Any) -> set[str]:
    """The blocks of siggraph17 that a step changes."""
    objective.train()
    objective(PHOTOS, torch.Generator().manual_seed(1)).loss.backward()
    names = [name for name, p in objective.network.network.named_parameters() if p.grad is not None and p.grad.any()]
    return {name.split(".")[0] for name in names}


class TestSiggraph17:
    def test_learns_to_classify_then_to_follow_hints(self, tiny_guided: Path, tmp_path: Path) -> None:
        first = {"stage": "classification", "hints.last_share": 1, "output": str(tmp_path / "first")}
        train(load_config(tiny_guided, GuidedConfig, first), name="first")
        second = {"stage": "regression", "init": str(tmp_path / "first" / "model")}
        train(load_config(tiny_guided, GuidedConfig, second), name="second")
        first_losses, second_losses = losses(tmp_path / "first"), losses(tmp_path / "guided")
        assert first_losses[-1] < 0.8 * first_losses[0]
        assert second_losses[0] < 0.8 * first_losses[0]  # it goes on from there
        assert second_losses[-1] < second_losses[0]
        model = load_model(tmp_path / "guided" / "model")
        assert (model.config.model_type, model.config.width) == ("siggraph17", 4)

    def test_the_trunk_learns_from_the_stages_own_loss(self, tiny_guided: Path) -> None:
        config = load_config(tiny_guided, GuidedConfig, {"stage": "classification"})
        objective = GuidedObjective(config)
        moved_by(objective)
        trunk = [p for name, p in objective.network.named_parameters() if "conv1." in name or "conv8" in name]
        before = [p.grad.clone() for p in trunk if p.grad is not None]
        with torch.no_grad():
            objective.network.get_parameter("network.chroma_head.weight").mul_(5)
        objective.zero_grad()
        moved_by(objective)
        after = [p.grad for p in trunk if p.grad is not None]
        assert before
        assert all(torch.equal(a, b) for a, b in zip(after, before, strict=True))  # the decoder's errors stay there

    def test_every_part_learns_in_both_stages(self, tiny_guided: Path) -> None:
        reached = [
            moved_by(GuidedObjective(load_config(tiny_guided, GuidedConfig, {"stage": stage})))
            for stage in ("classification", "regression")
        ]
        assert reached[0] == reached[1]
        assert {"conv1", "conv8", "class_head", "conv10", "chroma_head"} <= reached[0]

    def test_all_colours_shown_change_what_is_predicted(self, tiny_guided: Path) -> None:
        shown = [
            GuidedObjective(load_config(tiny_guided, GuidedConfig, {"hints.last_share": 1, "whole_share": share}))
            for share in (0, 1)
        ]
        shown[1].network.load_state_dict(shown[0].network.state_dict())
        without, everything = (objective(PHOTOS, torch.Generator().manual_seed(1)).loss.item() for objective in shown)
        assert without != everything


class TestGlobalHints:
    def test_a_share_of_the_photographs_is_told_its_palette(self, tiny_guided: Path) -> None:
        config = load_config(tiny_guided, GuidedConfig, {"model.global_hints": True, "told_share": 0.5})
        objective, seen = GuidedObjective(config), []
        branch = objective.network.get_submodule("network.global_hints")
        branch.register_forward_pre_hook(lambda _, inputs: seen.append(inputs))
        objective(PHOTOS, torch.Generator().manual_seed(1))
        histogram, saturation = (tensor.flatten(1) for tensor in seen[0])
        is_told = histogram[:, -1].bool()
        assert 0 < is_told.sum() < len(PHOTOS)
        torch.testing.assert_close(histogram[is_told, :-1].sum(dim=1), torch.ones(int(is_told.sum())))
        assert not histogram[~is_told].any()
        assert not saturation[~is_told].any()

    def test_are_trained(self, tiny_guided: Path, tmp_path: Path) -> None:
        overrides = {"model.global_hints": True, "stage": "regression", "steps": 2}
        train(load_config(tiny_guided, GuidedConfig, overrides), name="global")
        assert load_model(tmp_path / "guided" / "model").supports_palette


class TestEccv16:
    def test_learns(self, tiny_guided: Path, tmp_path: Path) -> None:
        train(load_config(tiny_guided, GuidedConfig, {"architecture": "eccv16"}), name="eccv16")
        falling = losses(tmp_path / "guided")
        assert falling[-1] < 0.8 * falling[0]
        assert load_model(tmp_path / "guided" / "model").config.model_type == "eccv16"

    def test_rare_colours_count_more_if_that_is_wanted(self, tiny_guided: Path) -> None:
        counted = []
        for rebalance in (None, 0.5):
            torch.manual_seed(0)
            config = load_config(tiny_guided, GuidedConfig, {"architecture": "eccv16", "rebalance": rebalance})
            counted.append(Eccv16Objective(config)(PHOTOS, torch.Generator()).loss.item())
        assert counted[1] > 1.1 * counted[0]  # of noise, whose colours no photograph has
