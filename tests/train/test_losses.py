"""What training minimises."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.models.base import ColorizerOutput, chroma_huber_loss
from colorizer_hf.models.chroma_bins import NUM_BINS, bin_cross_entropy
from train.parts.config import ConfigError
from train.parts.losses import LossConfig, colorization_loss, decibel_loss
from train.parts.rebalancing import bin_rarity

LABELS = torch.rand(2, 2, 16, 16, generator=torch.Generator().manual_seed(0)) - 0.5


class TestChromaHuberLoss:
    def test_is_zero_for_the_truth_averaged_to_the_outputs_size(self) -> None:
        truth = torch.nn.functional.avg_pool2d(LABELS, 4)
        assert chroma_huber_loss(truth, LABELS) == 0

    @pytest.mark.parametrize(("error", "loss"), [(0.05, 0.5 * 0.05**2 / 0.1), (0.5, 0.5 - 0.05)])
    def test_is_quadratic_up_to_delta_and_linear_beyond(self, error: float, loss: float) -> None:
        assert chroma_huber_loss(LABELS + error, LABELS).item() == pytest.approx(loss, rel=1e-4)


class TestDecibelLoss:
    def test_a_tenth_of_the_squared_error_is_ten_less(self) -> None:
        far, near = (decibel_loss(LABELS + error, LABELS).item() for error in (0.5, 0.5 / 10**0.5))
        assert far - near == pytest.approx(10, abs=0.1)

    def test_half_of_the_chroma_missing_costs_about_as_much_on_a_dull_photograph(self) -> None:
        labels = torch.cat([LABELS[:1], LABELS[:1] / 5])
        colourful_wrong, dull_wrong = (
            labels * torch.tensor(factors).view(2, 1, 1, 1) for factors in ((0.5, 1.0), (1.0, 0.5))
        )

        def ratio(loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> float:
            none = loss(labels, labels)
            return ((loss(dull_wrong, labels) - none) / (loss(colourful_wrong, labels) - none)).item()

        assert ratio(decibel_loss) > 0.25
        assert ratio(chroma_huber_loss) < 0.1

    def test_the_truth_averaged_to_the_outputs_size_is_the_least(self) -> None:
        truth = torch.nn.functional.avg_pool2d(LABELS, 4)
        least = decibel_loss(truth, LABELS).item()
        assert least == pytest.approx(10 * np.log10((2 / 110) ** 2), abs=1e-3)
        assert decibel_loss(truth + 0.01, LABELS).item() > least


class TestColorizationLoss:
    def outputs(self) -> tuple[ColorizerOutput, ColorizerOutput]:
        automatic = ColorizerOutput(chroma=torch.zeros(2, 2, 4, 4), logits=torch.zeros(2, NUM_BINS, 4, 4))
        return automatic, ColorizerOutput(chroma=torch.full((2, 2, 4, 4), 0.1))

    def test_is_the_weighted_sum_of_its_terms(self) -> None:
        config = LossConfig(automatic=2, hinted=3, bins=0.5)
        total, terms = colorization_loss(*self.outputs(), LABELS, config)
        expected = 2 * terms["automatic"] + 3 * terms["hinted"] + 0.5 * terms["bins"]
        assert total.item() == pytest.approx(expected, rel=1e-5)

    def test_the_distance_can_be_that_of_a_mean_psnr(self) -> None:
        automatic, hinted = self.outputs()
        _, terms = colorization_loss(automatic, hinted, LABELS, LossConfig(distance="decibel"))
        assert terms["automatic"] == decibel_loss(automatic.chroma, LABELS).item()
        assert terms["hinted"] == decibel_loss(hinted.chroma, LABELS).item()

    def test_a_weight_of_zero_leaves_a_term_out_of_the_sum_but_still_reports_it(self) -> None:
        total, terms = colorization_loss(*self.outputs(), LABELS, LossConfig(automatic=0, hinted=0, bins=1))
        assert total.item() == pytest.approx(terms["bins"])
        assert terms["automatic"] > 0


class TestRebalancing:
    """Nine photographs in ten are brown, one is blue."""

    BROWN, BLUE = (np.full((8, 8, 3), colour, np.uint8) for colour in ((150, 110, 60), (40, 60, 160)))

    def rarity(self, mix: float) -> torch.Tensor:
        return bin_rarity([self.BROWN] * 9 + [self.BLUE], mix)

    def loss(self, photo: np.ndarray, rarity: torch.Tensor | None) -> float:
        _, chroma = rgb_to_lab(torch.from_numpy(photo).permute(2, 0, 1)[None] / 255)
        return bin_cross_entropy(torch.zeros(1, NUM_BINS, 8, 8), chroma, rarity).item()

    def test_rare_colours_count_more_and_the_mean_stays(self) -> None:
        plain, brown, blue = (
            self.loss(self.BROWN, None),
            self.loss(self.BROWN, self.rarity(0.5)),
            self.loss(self.BLUE, self.rarity(0.5)),
        )
        assert blue > 4 * brown
        assert 0.9 * brown + 0.1 * blue == pytest.approx(plain, rel=1e-4)

    def test_less_the_more_of_the_uniform_distribution_is_mixed_in(self) -> None:
        ratios = [
            self.loss(self.BLUE, rarity) / self.loss(self.BROWN, rarity) for rarity in map(self.rarity, (0.5, 0.9, 1))
        ]
        assert ratios == sorted(ratios, reverse=True)
        assert ratios[-1] == pytest.approx(1, rel=1e-4)

    @pytest.mark.parametrize("mix", [0, 1.1])
    def test_a_share_out_of_range_is_named(self, mix: float) -> None:
        with pytest.raises(ConfigError, match=f"loss.rebalance must be above 0 and at most 1, got {mix}"):
            self.rarity(mix)
