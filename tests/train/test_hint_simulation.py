"""Hints drawn from true colours."""

from typing import Any

import pytest
import torch

from colorizer_hf.models.hint_batch import HintBatch
from train.parts.hint_simulation import HintConfig, simulate_hints

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


def test_none_share_one_leaves_all_photos_without_hints() -> None:
    assert not draw(0, none_share=1).mask.any()
