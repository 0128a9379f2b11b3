"""Small networks from large ones: taught, or pruned."""

import copy
from pathlib import Path

import pytest
import torch
import typer
from typer.testing import CliRunner

from colorizer_hf.models.auto import load_model
from colorizer_hf.models.dynamic_unet import DynamicUNetConfig, DynamicUNetModel
from colorizer_hf.models.unet import Pix2PixUNetConfig, Pix2PixUNetModel, UNetConfig, UNetModel
from tests.tiny_networks import TINY_RESNET
from train.parts.config import ConfigError, load_config
from train.parts.network_cost import count_parameters, multiply_accumulates, relative_time
from train.recipes import prune as prune_recipe
from train.recipes.distill import DistillConfig, DistillObjective, attention_distance, train
from train.recipes.prune import prune

LUMINANCE = torch.linspace(0, 1, 64 * 64).view(1, 1, 64, 64)


class TestDistillation:
    def test_a_student_comes_to_do_what_its_teacher_does(self, tiny_gan: Path, tmp_path: Path) -> None:
        torch.manual_seed(1)
        teacher = UNetModel(UNetConfig(width=6, depth=2)).eval()
        torch.nn.init.normal_(teacher.head.weight, std=1.0)  # an opinionated one
        teacher.save_pretrained(tmp_path / "teacher")
        overrides = {"teacher": str(tmp_path / "teacher"), "truth": 0, "steps": 80, "output": str(tmp_path / "student")}
        record = train(load_config(tiny_gan, DistillConfig, overrides), name="student")
        assert record["steps"] == 80
        student = load_model(tmp_path / "student" / "model")
        assert student.config.width == 4
        with torch.no_grad():
            taught, learnt = teacher(LUMINANCE).chroma, student(LUMINANCE).chroma
        assert (learnt - taught).abs().mean() < 0.6 * taught.abs().mean()

    def test_the_teacher_stays_as_it_is(self, tiny_gan: Path, tmp_path: Path) -> None:
        UNetModel(UNetConfig(width=4, depth=2)).save_pretrained(tmp_path / "teacher")
        objective = DistillObjective(load_config(tiny_gan, DistillConfig, {"teacher": str(tmp_path / "teacher")}))
        before = copy.deepcopy(objective.teacher.state_dict())
        objective(torch.randint(0, 255, (2, 3, 64, 64), dtype=torch.uint8), torch.Generator()).loss.backward()
        assert all(torch.equal(value, before[key]) for key, value in objective.teacher.state_dict().items())
        assert all(p.grad is None for p in objective.teacher.parameters())
        assert all(p.grad is not None for p in objective.network.parameters())

    def test_networks_without_maps_cannot_be_compared(self, tiny_gan: Path) -> None:
        config = load_config(tiny_gan, DistillConfig, {"teacher": "chromaformer"})
        with pytest.raises(ConfigError, match="the teacher is a ChromaFormerModel"):
            train(config, name="student")

    def test_attention_is_compared_at_the_sizes_that_both_have_whatever_the_channels(self) -> None:
        maps = [torch.rand(2, 4, 16, 16), torch.rand(2, 8, 8, 8)]
        others = [torch.rand(2, 5, 8, 8), torch.rand(2, 7, 4, 4)]
        assert attention_distance(maps, maps) == 0
        assert attention_distance(maps, [3 * maps[0], maps[1]]) == pytest.approx(0, abs=1e-6)  # where, not how much
        assert 0 < attention_distance(maps, others) < 4


class TestPruning:
    @pytest.mark.parametrize(
        "model",
        [UNetModel(UNetConfig(width=8, depth=2)), Pix2PixUNetModel(Pix2PixUNetConfig(width=8, depth=5))],
        ids=lambda model: model.config.model_type,
    )
    def test_gives_a_smaller_network_of_the_same_kind(self, model: UNetModel, tmp_path: Path) -> None:
        pruned = prune(model, 0.5)
        assert pruned.config.width == 4
        assert model.config.width == 8
        assert count_parameters(pruned) < 0.3 * count_parameters(model)
        assert multiply_accumulates(pruned, LUMINANCE) < 0.4 * multiply_accumulates(model, LUMINANCE)
        pruned.save_pretrained(tmp_path)
        assert torch.equal(load_model(tmp_path)(LUMINANCE).chroma, pruned(LUMINANCE).chroma)

    def test_channels_of_no_weight_go_first_and_are_not_missed(self) -> None:
        torch.manual_seed(0)
        model = UNetModel(UNetConfig(width=4, depth=1)).eval()
        with torch.no_grad():
            for module in model.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.weight[::2] = 0
                    module.bias[::2] = 0
                elif isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d) and module is not model.head:
                    out = 1 if isinstance(module, torch.nn.ConvTranspose2d) else 0
                    module.weight.index_fill_(out, torch.arange(0, module.weight.shape[out], 2), 0)
                    if module.bias is not None:
                        module.bias[::2] = 0
        torch.testing.assert_close(prune(model, 0.5)(LUMINANCE).chroma, model(LUMINANCE).chroma)

    def test_refuses_what_it_cannot_follow_or_would_leave_nothing_of(self) -> None:
        with pytest.raises(ConfigError, match="got a dynamic_unet"):
            prune(DynamicUNetModel(DynamicUNetConfig(backbone_config=TINY_RESNET, decoder_width=0.1)), 0.5)
        with pytest.raises(ConfigError, match="ratio must leave some of the 4 channels"):
            prune(UNetModel(UNetConfig(width=4, depth=1)), 1.0)

    def test_as_a_command(self, tmp_path: Path) -> None:
        UNetModel(UNetConfig(width=4, depth=1)).save_pretrained(tmp_path / "large")
        app = typer.Typer()
        app.command()(prune_recipe.main)
        arguments = [str(tmp_path / "large"), "--ratio", "0.5", "--output", str(tmp_path / "small")]
        assert CliRunner().invoke(app, arguments).exit_code == 0
        assert load_model(tmp_path / "small").config.width == 2
        failed = CliRunner().invoke(app, [str(tmp_path / "nowhere"), "--output", str(tmp_path / "small")])
        assert failed.exit_code == 1
        assert failed.stderr.startswith("error: there is no checkpoint")


def test_time_is_relative_to_a_reference() -> None:
    small, large = UNetModel(UNetConfig(width=4, depth=1)).eval(), UNetModel(UNetConfig(width=32, depth=1)).eval()
    assert relative_time(large, small, LUMINANCE) > 1
