"""Hints drawn from true colours."""

from typing import Any

import pytest
import torch

from colorizer_hf.models.hint_batch import HintBatch
from train.parts.config import ConfigError
from train.parts.hint_simulation import HintConfig, simulate_hint_map, simulate_hints

CHROMA = torch.rand(4, 2, 48, 64, generator=torch.Generator().manual_seed(0)) - 0.5


def draw(seed: int, **config: Any) -> HintBatch:
    return simulate_hints(CHROMA, HintConfig(**config), torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("seed", range(12))
class TestSimulateHints:
    def test_a_hint_shows_the_mean_colour_of_its_patch(self, seed: int) -> None:
        hints = draw(seed, max_count=8, none_share=0)
        side = round(hints.radius[0, 0].item() * 2 * 64)
        for b in range(4):
            for k in range(len(hints)):
                x = round(((hints.points[b, k, 0].item() + 1) / 2 * 64) - side / 2)
                y = round(((hints.points[b, k, 1].item() + 1) / 2 * 48) - side / 2)
                patch = CHROMA[b, :, y : y + side, x : x + side].mean(dim=(1, 2))
                torch.testing.assert_close(hints.chroma[b, k], patch, atol=1e-5, rtol=1e-4)

    def test_counts_stay_between_half_and_all_of_the_batchs_count(self, seed: int) -> None:
        hints = draw(seed, max_count=64, none_share=0)
        counts = hints.mask.sum(dim=1)
        assert 1 <= len(hints) <= 64
        assert ((counts >= len(hints) // 2) & (counts <= len(hints))).all()

    def test_points_lie_inside(self, seed: int) -> None:
        assert draw(seed, gaussian_share=seed % 2).points.abs().max() < 1

    def test_the_same_generator_gives_the_same_hints(self, seed: int) -> None:
        assert torch.equal(draw(seed).points, draw(seed).points)


class TestOneDabForEachThing:
    """A gray wall with three small things on it, each of a colour of its own."""

    @pytest.fixture
    def wall(self) -> torch.Tensor:
        chroma = torch.zeros(2, 2, 64, 64)
        for index, color in enumerate([(0.6, 0.4), (-0.5, 0.4), (0.1, -0.6)]):
            left = 4 + 20 * index
            chroma[:, :, 24:40, left : left + 16] = torch.tensor(color).view(1, 2, 1, 1)
        return chroma

    @pytest.mark.parametrize("seed", range(8))
    def test_few_hints_find_every_thing(self, wall: torch.Tensor, seed: int) -> None:
        config = HintConfig(none_share=0, max_count=128, max_side=1, gaussian_share=0, things_share=1)
        hints = simulate_hints(wall, config, torch.Generator().manual_seed(seed))
        assert len(hints) <= 16
        if len(hints) >= 5:
            for found in hints.chroma.unbind():
                assert len(found.unique(dim=0)) == 4

    def test_hints_show_the_colour_of_their_place(self, wall: torch.Tensor) -> None:
        config = HintConfig(none_share=0, max_count=16, max_side=1, gaussian_share=0, things_share=1)
        hints = simulate_hints(wall, config, torch.Generator().manual_seed(4))
        columns, rows = ((hints.points[0] + 1) / 2 * 64).floor().long().unbind(dim=-1)
        torch.testing.assert_close(hints.chroma[0], wall[0][:, rows, columns].T)


def test_none_share_one_leaves_all_photos_without_hints() -> None:
    assert not draw(0, none_share=1).mask.any()


class TestHintsOfThePaper:
    """Zhang et al. 2017: geometric counts, a side for each patch, places around the middle."""

    CHROMA = torch.rand(400, 2, 32, 48, generator=torch.Generator().manual_seed(1)) - 0.5

    def paper(self, **config: Any) -> HintBatch:
        options: dict[str, Any] = {"last_share": 0.125, "max_side": 9, "gaussian_share": 1} | config
        return simulate_hints(self.CHROMA, HintConfig(**options), torch.Generator().manual_seed(2))

    def test_counts_are_geometric_from_none_on(self) -> None:
        counts = self.paper().mask.sum(dim=1).double()
        assert counts.mean().item() == pytest.approx(7, abs=1)  # the mean of 400, whose deviation is 7.5
        assert (counts == 0).double().mean().item() == pytest.approx(0.125, abs=0.05)
        assert counts.max() > 24

    def test_every_patch_has_a_side_of_its_own(self) -> None:
        hints = self.paper()
        sides = (hints.radius * 2 * 48)[hints.mask]
        assert sides.round().unique().tolist() == list(range(1, 10))
        torch.testing.assert_close(sides, sides.round())

    def test_a_hint_shows_the_mean_colour_of_its_patch(self) -> None:
        hints = self.paper()
        sides = (hints.radius * 2 * 48).round()
        corners = ((hints.points + 1) / 2 * torch.tensor([48, 32]) - sides.unsqueeze(-1) / 2).round().int()
        for photo, k in hints.mask[:20].nonzero().tolist():
            (x, y), side = corners[photo, k].tolist(), int(sides[photo, k])
            patch = self.CHROMA[photo, :, y : y + side, x : x + side]
            assert patch.shape == (2, side, side)
            torch.testing.assert_close(hints.chroma[photo, k], patch.mean(dim=(1, 2)), atol=1e-5, rtol=1e-4)

    def test_they_lie_around_the_middle(self) -> None:
        hints = self.paper(max_side=1)
        spread = hints.points[hints.mask].std(dim=0)
        torch.testing.assert_close(
            spread, torch.full((2,), 0.48), atol=0.03, rtol=0
        )  # cut off at two deviations of 1/4

    def test_a_share_of_one_gives_none(self) -> None:
        assert len(self.paper(last_share=1)) == 0

    def test_no_share_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"last_share must be above 0 and at most 1, got 0"):
            self.paper(last_share=0)

    def test_some_photographs_show_everything(self) -> None:
        config = HintConfig(last_share=1)
        hint_map, mask = simulate_hint_map(self.CHROMA, config, 0.25, torch.Generator().manual_seed(3))
        is_whole = mask.flatten(1).all(dim=1)
        assert is_whole.double().mean().item() == pytest.approx(0.25, abs=0.07)
        assert torch.equal(hint_map[is_whole], self.CHROMA[is_whole])
        assert not hint_map[~is_whole].any()
        assert not mask[~is_whole].any()
