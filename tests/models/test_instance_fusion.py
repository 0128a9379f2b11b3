"""The instance-aware network: where things are mixed into the whole, and where they are not."""

from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn

from colorizer_hf.models.box_batch import BoxBatch
from colorizer_hf.models.instance_fusion import Fusion, InstanceFusionConfig, InstanceFusionModel
from colorizer_hf.models.siggraph17 import Siggraph17Config, Siggraph17Model
from tests.tiny_networks import TINY_INSTANCE_FUSION, strengthen

Padding = Literal["-inf", "zero"]
PADDINGS: tuple[Padding, ...] = ("-inf", "zero")
SIDE = TINY_INSTANCE_FUSION["instance_size"]  # of the square at which a thing is seen
TOP_LEFT, BOTTOM_RIGHT = (slice(0, 3), slice(0, 4)), (slice(4, 8), slice(5, 8))  # rows and columns


def make(**options: Any) -> InstanceFusionModel:
    torch.manual_seed(0)
    model = InstanceFusionModel(InstanceFusionConfig(**TINY_INSTANCE_FUSION, **options)).eval()
    strengthen(model)
    return model


def photo(height: int = SIDE, width: int = SIDE) -> Tensor:
    return torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(1))


def boxes(*corners: tuple[float, float, float, float], crops: Tensor | None = None) -> BoxBatch:
    return BoxBatch(torch.tensor([corners]), torch.ones(1, len(corners), dtype=torch.bool), crops)


@torch.no_grad()
def color(model: InstanceFusionModel, *args: Any) -> Tensor:
    return model.decode(model.encode(*args)).chroma


class TestTheWhole:
    def test_without_boxes_it_is_the_user_guided_network_without_hints_bit_for_bit(self) -> None:
        model = make()
        alone = Siggraph17Model(Siggraph17Config(width=4, class_head=False)).eval()
        alone.network.load_state_dict(model.full.state_dict())
        with torch.no_grad():
            assert torch.equal(color(model, photo(40, 27)), alone(photo(40, 27)).chroma)

    @pytest.mark.parametrize("padding", PADDINGS)
    def test_a_thing_that_is_the_whole_changes_nothing_if_all_see_alike(self, padding: Padding) -> None:
        model = make(padding=padding)
        for network in (model.instance, model.fusion):
            network.load_state_dict(model.full.state_dict())
        for parameter in model.fusions.parameters():
            nn.init.zeros_(parameter)
        expected = color(model, photo())
        assert expected.std() > 0.1
        torch.testing.assert_close(color(model, photo(), boxes((0, 0, 1, 1))), expected, atol=1e-5, rtol=0)


class TestThings:
    def test_each_photo_of_a_batch_has_its_own(self) -> None:
        model = make()
        one, two = boxes((0.1, 0.2, 0.6, 0.9)), boxes((0.0, 0.0, 0.4, 0.5), (0.3, 0.3, 0.9, 1.0))
        together = color(model, torch.cat([photo()] * 3), BoxBatch.cat([one, BoxBatch.empty(1), two]))
        alone = [color(model, photo(), one), color(model, photo()), color(model, photo(), two)]
        torch.testing.assert_close(together, torch.cat(alone), atol=1e-5, rtol=0)

    def test_are_seen_as_they_were_cut_out(self) -> None:
        model = make()
        corners = (0.25, 0.0, 0.75, 0.5)
        small = photo()[..., :16, 8:24]
        seen = nn.functional.interpolate(small, (SIDE, SIDE), mode="bilinear", antialias=True)
        expected = color(model, photo(), boxes(corners, crops=seen[None]))
        torch.testing.assert_close(color(model, photo(), boxes(corners)), expected)
        assert not torch.equal(color(model, photo(), boxes(corners, crops=1 - seen[None])), expected)

    @pytest.mark.parametrize(
        "corners",
        [(0, 0, 0.001, 0.001), (0.999, 0.999, 1, 1), (0.5, 0, 0.5001, 1), (0, 0.97, 1, 1)],
        ids=["first pixel", "last pixel", "a line", "the lowest rows"],
    )
    def test_may_be_thinner_than_a_cell(self, corners: tuple[float, float, float, float]) -> None:
        model = make()
        got = color(model, photo(33, 41), boxes(corners))
        assert got.shape == (1, 2, 33, 41)
        assert got.isfinite().all()


def fuse(fusion: Fusion, whole: Tensor, *things: tuple[tuple[slice, slice], Tensor]) -> Tensor:
    with torch.no_grad():
        return fusion(whole, [fusion.look(features, *place) for place, features in things])


class TestFusion:
    def test_constant_maps_stay_constant(self) -> None:
        fusion, ones = Fusion(3, 4, "-inf"), torch.ones(1, 3, 8, 8)
        strengthen(fusion)
        overlapping = (slice(1, 6), slice(2, 7))
        fused = fuse(fusion, ones, (TOP_LEFT, ones), (BOTTOM_RIGHT, ones), (overlapping, ones))
        torch.testing.assert_close(fused, ones)

    def test_padding_with_zeros_dims_what_is_inside_as_the_published_code_does(self) -> None:
        fusion, ones = Fusion(3, 4, "zero"), torch.ones(1, 3, 8, 8)
        for parameter in fusion.parameters():
            nn.init.zeros_(parameter)
        fused = fuse(fusion, ones, (TOP_LEFT, ones), (BOTTOM_RIGHT, ones))
        expected = ones.clone()
        for rows, columns in (TOP_LEFT, BOTTOM_RIGHT):
            expected[..., rows, columns] = 2 / 3
        torch.testing.assert_close(fused, expected)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
    @pytest.mark.parametrize("padding", PADDINGS)
    def test_outside_all_boxes_the_whole_is_as_it_was(self, padding: Padding, dtype: torch.dtype) -> None:
        torch.manual_seed(0)
        fusion = Fusion(3, 4, padding)
        strengthen(fusion)
        whole, thing = torch.randn(2, 1, 3, 8, 8).to(dtype)
        fused = fuse(fusion.to(dtype), whole, (TOP_LEFT, thing), (BOTTOM_RIGHT, thing))
        inside = torch.zeros(8, 8, dtype=torch.bool)
        for rows, columns in (TOP_LEFT, BOTTOM_RIGHT):
            inside[rows, columns] = True
        assert fused.isfinite().all()
        assert torch.equal(fused[..., ~inside], whole[..., ~inside])
        assert (fused[..., inside] != whole[..., inside]).any()


class TestThirdStage:
    def test_trains_what_weighs_and_the_last_two_layers_only(self) -> None:
        model = make()
        model.train_fusion_only()
        loss = model(photo(), labels=torch.full((1, 2, SIDE, SIDE), 0.3), boxes=boxes((0.1, 0.2, 0.9, 0.8))).loss
        loss.backward()
        reached = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
        wanted = ("fusions.", "fusion.conv10.", "fusion.chroma_head.")
        assert reached == {name for name, _ in model.named_parameters() if name.startswith(wanted)}
