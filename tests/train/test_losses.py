"""What training minimises."""

import pytest
import torch

from colorizer_hf.models.base import ColorizerOutput, chroma_huber_loss
from colorizer_hf.models.chroma_bins import NUM_BINS
from train.parts.losses import LossConfig, colorization_loss

LABELS = torch.rand(2, 2, 16, 16, generator=torch.Generator().manual_seed(0)) - 0.5


class TestChromaHuberLoss:
    def test_is_zero_for_the_truth_averaged_to_the_outputs_size(self) -> None:
        truth = torch.nn.functional.avg_pool2d(LABELS, 4)
        assert chroma_huber_loss(truth, LABELS) == 0

    @pytest.mark.parametrize(("error", "loss"), [(0.05, 0.5 * 0.05**2 / 0.1), (0.5, 0.5 - 0.05)])
    def test_is_quadratic_up_to_delta_and_linear_beyond(self, error: float, loss: float) -> None:
        assert chroma_huber_loss(LABELS + error, LABELS).item() == pytest.approx(loss, rel=1e-4)


class TestColorizationLoss:
    def outputs(self) -> tuple[ColorizerOutput, ColorizerOutput]:
        automatic = ColorizerOutput(chroma=torch.zeros(2, 2, 4, 4), logits=torch.zeros(2, NUM_BINS, 4, 4))
        return automatic, ColorizerOutput(chroma=torch.full((2, 2, 4, 4), 0.1))

    def test_is_the_weighted_sum_of_its_terms(self) -> None:
        config = LossConfig(automatic=2, hinted=3, bins=0.5)
        total, terms = colorization_loss(*self.outputs(), LABELS, config)
        expected = 2 * terms["automatic"] + 3 * terms["hinted"] + 0.5 * terms["bins"]
        assert total.item() == pytest.approx(expected, rel=1e-5)

    def test_a_weight_of_zero_leaves_a_term_out_of_the_sum_but_still_reports_it(self) -> None:
        total, terms = colorization_loss(*self.outputs(), LABELS, LossConfig(automatic=0, hinted=0, bins=1))
        assert total.item() == pytest.approx(terms["bins"])
        assert terms["automatic"] > 0
