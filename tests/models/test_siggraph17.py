"""The user-guided network: what it is told, its maps, its losses."""

from typing import Any

import pytest
import torch
from torch import nn

from colorizer_hf.models.chroma_bins import bin_centers
from colorizer_hf.models.hint_batch import HintBatch
from colorizer_hf.models.siggraph17 import FUSED_MAPS, Siggraph17Config, Siggraph17Model, palette_statistics


def network(**options: Any) -> Siggraph17Model:
    """A small one, with larger weights than to start training with: those say nothing through so few channels."""
    torch.manual_seed(0)
    model = Siggraph17Model(Siggraph17Config(width=4, **options)).eval()
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight)
    nn.init.normal_(model.network.chroma_head.weight, std=0.05)  # tanh not saturated
    return model


def photo(height: int = 32, width: int = 48) -> torch.Tensor:
    return torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(1))


def hint(x: float, y: float, chroma: tuple[float, float] = (0.5, -0.25), *, keep: bool = False) -> HintBatch:
    return HintBatch(
        points=torch.tensor([[[x, y]]]),
        chroma=torch.tensor([[chroma]]),
        radius=torch.full((1, 1), 0.05),
        mask=torch.ones(1, 1, dtype=torch.bool),
        keep=torch.full((1, 1), keep),
    )


def seen(model: Siggraph17Model, luminance: torch.Tensor, hints: HintBatch | None = None) -> torch.Tensor:
    """What the layers get for a photo."""
    inputs = []
    handle = model.network.register_forward_pre_hook(lambda module, arguments: inputs.append(arguments[0]))
    model(luminance, hints=hints)
    handle.remove()
    return inputs[-1]


class TestInput:
    @pytest.mark.parametrize("center", [0, 0.5])
    def test_is_centred_luminance_hints_and_centred_mask(self, center: float) -> None:
        x = seen(network(mask_center=center), photo(), hint(0.0, 0.0))
        assert torch.equal(x[:, :1], photo() - 0.5)
        assert x[0, 1:, 16, 24].tolist() == [0.5, -0.25, 1 - center]
        assert x[0, 1:, 2, 2].tolist() == [0, 0, -center]

    def test_is_padded_without_hints_to_multiples_of_8(self) -> None:
        x = seen(network(), photo(30, 41), hint(1.0, 1.0))
        assert x.shape == (1, 4, 32, 48)
        assert (x[:, 3, 30:] == -0.5).all()
        assert (x[:, 3, :, 41:] == -0.5).all()
        assert torch.equal(x[0, 0, 31, :41], photo(30, 41)[0, 0, 29] - 0.5)

    def test_for_global_hints_is_the_luminance_alone(self) -> None:
        assert seen(network(global_hints=True), photo()).shape == (1, 1, 32, 48)

    def test_a_hint_that_keeps_says_the_networks_own_colour(self) -> None:
        model = network()
        own = model(photo()).chroma[0, :, 16, 24]
        x = seen(model, photo(), hint(0.0, 0.0, keep=True))
        torch.testing.assert_close(x[0, 1:3, 16, 24], own, atol=0.02, rtol=0)
        assert not torch.allclose(own, torch.zeros(2))

    def test_another_centre_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"mask_center must be 0 or 0.5, got 0.3"):
            Siggraph17Config(mask_center=0.3)


class TestOutput:
    def test_ends_where_tanh_does(self) -> None:
        wide, narrow = (network(tanh_scale=scale)(photo()).chroma for scale in (110, 100))
        torch.testing.assert_close(narrow, wide * 100 / 110)

    def test_has_a_distribution_of_a_quarter_of_the_size(self) -> None:
        output = network()(photo(30, 41))
        assert output.chroma.shape == (1, 2, 30, 41)
        assert output.logits.shape == (1, 529, 8, 11)
        assert network(class_head=False)(photo()).logits is None

    def test_vividness_adds_nothing_where_all_colours_are_alike(self) -> None:
        model = network()
        head: Any = model.network.class_head
        nn.init.zeros_(head.weight)
        features = model.encode(photo())
        torch.testing.assert_close(model.decode(features, vividness=1.0).chroma, model.decode(features).chroma)

    def test_vividness_goes_to_the_likeliest_of_two_colours(self) -> None:
        model = network()
        head: Any = model.network.class_head
        nn.init.zeros_(head.weight)
        head.bias.data.fill_(-30)
        red, green = 20 * 23 + 11, 5 * 23 + 11  # a = 90 and a = -60
        head.bias.data[[red, green]] = torch.tensor([1.0, 0.0])
        features = model.encode(photo())
        added = model.decode(features, vividness=1.0).chroma - model.decode(features).chroma
        shares = torch.tensor([1.0, 0.0]).softmax(dim=0), torch.tensor([1 / 0.38, 0.0]).softmax(dim=0)
        expected = (shares[1] - shares[0]) @ torch.tensor([90.0, -60.0]) / 110
        torch.testing.assert_close(added[:, 0], torch.full_like(added[:, 0], float(expected)), atol=1e-5, rtol=0)


class TestFusedMaps:
    def test_come_in_order_with_their_channels_and_sizes(self) -> None:
        maps = {}

        def remember(name: str, feature_map: torch.Tensor) -> torch.Tensor:
            maps[name] = feature_map
            return feature_map

        model = network()
        plain, _ = model.network(torch.zeros(1, 4, 64, 64))
        fused, _ = model.network(torch.zeros(1, 4, 64, 64), fuse=remember)
        assert torch.equal(plain, fused)
        assert list(maps) == list(FUSED_MAPS)
        assert [(name, m.shape[1] // 4) for name, m in maps.items()] == list(FUSED_MAPS.items())
        assert [m.shape[2] for m in maps.values()] == [64, 32, 16, 8, 8, 8, 8, 16, 16, 32, 32, 64, 64]

    @pytest.mark.parametrize("replaced", FUSED_MAPS)
    def test_what_replaces_one_goes_on(self, replaced: str) -> None:
        x = torch.rand(1, 4, 32, 32, generator=torch.Generator().manual_seed(1))
        model = network()
        plain, _ = model.network(x)
        changed, _ = model.network(x, fuse=lambda name, m: m + 1 if name == replaced else m)
        assert not torch.allclose(plain, changed)

    def test_shortcuts_read_what_replaced_the_map(self) -> None:
        """With the way through conv2 cut off, conv1 reaches the output by its shortcut alone."""
        x = torch.rand(1, 4, 32, 32, generator=torch.Generator().manual_seed(1))
        model = network()

        def run(offset: float) -> torch.Tensor:
            fixed = {"conv1": lambda m: m + offset, "conv2": torch.zeros_like}
            return model.network(x, fuse=lambda name, m: fixed.get(name, lambda m: m)(m))[0]

        assert not torch.allclose(run(0), run(1))


class TestLoss:
    def test_is_ten_times_the_distance_and_the_cross_entropy(self) -> None:
        model = network().train()
        labels = torch.full((2, 2, 32, 32), 0.1)  # a = b = 11, nearest the bin at 10
        output = model(torch.rand(2, 1, 32, 32), labels=labels)
        index = 12 * 23 + 12
        entropy = -output.logits.log_softmax(dim=1)[:, index].mean()
        distance = (output.chroma - labels).abs().sum(dim=1).mean()
        torch.testing.assert_close(output.loss, entropy + 10 * distance)

    @pytest.mark.parametrize(
        ("stage", "term", "reached"),
        [
            ("regression", "colours", {"trunk", "decoder"}),
            ("regression", "classes", {"head"}),
            ("classification", "colours", {"decoder"}),
            ("classification", "classes", {"trunk", "head"}),
        ],
    )
    def test_each_stage_teaches_its_part(self, stage: Any, term: str, reached: set[str]) -> None:
        model = network().train()
        model.network.stage = stage
        output = model(torch.rand(2, 1, 32, 32))
        (output.chroma if term == "colours" else output.logits).sum().backward()
        parts: dict[str, Any] = {
            "trunk": model.network.conv1,
            "decoder": model.network.conv10,
            "head": model.network.class_head,
        }
        assert {part for part, block in parts.items() if next(block.parameters()).grad is not None} == reached


class TestPaletteStatistics:
    def test_are_zeros_without_a_palette(self) -> None:
        histogram, saturation = palette_statistics(None, photo())
        assert histogram.shape == (1, 314, 1, 1)
        assert saturation.shape == (1, 2, 1, 1)
        assert not histogram.any()
        assert not saturation.any()

    def test_hold_the_shares_at_the_nearest_bins(self) -> None:
        palette = torch.tensor([[[32.0, 47.0, 66.0], [1.0, -4.0, 22.0], [3.0, 2.0, 11.0]]]) / 110
        histogram, saturation = palette_statistics(palette, photo())
        at = {tuple(color): i for i, color in enumerate(bin_centers().int().tolist())}
        expected = torch.zeros(314)
        expected[at[30, 50]], expected[at[0, 0]], expected[313] = 0.6, 0.3, 0.9
        torch.testing.assert_close(histogram[0, :, 0, 0], expected)
        torch.testing.assert_close(saturation[0, 1, 0, 0], torch.tensor(0.9))

    def test_gray_is_not_saturated_and_pure_colours_are(self) -> None:
        def saturation(a: float, b: float) -> float:
            return float(palette_statistics(torch.tensor([[[a / 110, b / 110, 1.0]]]), photo())[1][0, 0, 0, 0])

        assert saturation(0, 0) == pytest.approx(0, abs=0.01)
        assert saturation(80, 67) == pytest.approx(1, abs=0.01)  # about the red of sRGB, whose L is 53
        assert 0.2 < saturation(20, 20) < 0.6

    def test_change_the_picture(self) -> None:
        model = network(global_hints=True)
        palette = torch.tensor([[[0.3, 0.4, 1.0]]])
        assert not torch.equal(model(photo(), palette=palette).chroma, model(photo()).chroma)

    def test_belong_to_the_variant_for_global_hints(self) -> None:
        with pytest.raises(ValueError, match="takes no palette"):
            network()(photo(), palette=torch.tensor([[[0.3, 0.4, 1.0]]]))
        with pytest.raises(ValueError, match="takes no hints"):
            network(global_hints=True)(photo(), hints=hint(0, 0))
