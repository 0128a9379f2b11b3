"""The 313 bins and the loss over them."""

import hashlib

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorizer_hf.models.chroma_bins import (
    GRID_BINS,
    NUM_BINS,
    bin_centers,
    bin_cross_entropy,
    gaussian_bin_targets,
    grid_centers,
    mean_chroma,
    nearest_grid_bins,
    soft_bin_targets,
)


class TestBinCenters:
    def test_are_the_published_set_in_the_published_order(self) -> None:
        text = ",".join(f"{int(a)}:{int(b)}" for a, b in bin_centers().tolist())
        # SHA-256 of "a:b" pairs of the released table of Zhang et al. 2016
        assert (
            hashlib.sha256(text.encode()).hexdigest()
            == "6dc4871cf30054f085074361e04648e69d2964bb6ceef3e86f1f72431e5c85c0"
        )

    def test_neutral_is_bin_120(self) -> None:
        assert bin_centers()[120].tolist() == [0, 0]


class TestGrid:
    def test_has_a_as_the_slow_axis_and_gray_in_the_middle(self) -> None:
        centers = grid_centers()
        assert centers.shape == (GRID_BINS, 2) == (529, 2)
        assert [centers[i].tolist() for i in (0, 1, 23, 264, 528)] == [
            [-110, -110], [-110, -100], [-100, -110], [0, 0], [110, 110],
        ]  # fmt: skip

    @given(a=st.floats(-110, 110), b=st.floats(-110, 110))
    def test_the_nearest_bin_is_the_nearest(self, a: float, b: float) -> None:
        color = torch.tensor([a, b])
        index = nearest_grid_bins(color.view(1, 2, 1, 1) / 110)
        distances = (grid_centers() - color).norm(dim=1)
        assert index.shape == (1, 1, 1)
        assert distances[int(index)] <= distances.min() + 1e-3

    def test_halves_go_to_the_even_bin(self) -> None:
        """As torch rounds, and with it the released training code."""
        halves = torch.tensor([[-105.0, 0], [-95.0, 0]]).T.view(1, 2, 1, 2) / 110
        assert (nearest_grid_bins(halves).flatten() // 23).tolist() == [0, 2]


class TestMeanChroma:
    def test_weighs_colours_by_their_shares(self) -> None:
        logits = torch.tensor([3.0, 1.0]).log().view(1, 2, 1, 1).expand(1, 2, 3, 5)
        mean = mean_chroma(logits, torch.tensor([[1.0, 0.0], [0.0, -1.0]]))
        torch.testing.assert_close(mean, torch.tensor([0.75, -0.25]).view(1, 2, 1, 1).expand(1, 2, 3, 5))


class TestSoftBinTargets:
    @given(a=st.floats(-30, 60), b=st.floats(-30, 60))
    def test_their_expectation_is_the_colour_itself(self, a: float, b: float) -> None:
        chroma = torch.tensor([a, b]).view(1, 2, 1, 1) / 110
        indices, weights = soft_bin_targets(chroma)
        mean = (bin_centers()[indices.flatten()] * weights.flatten()[:, None]).sum(dim=0)
        torch.testing.assert_close(mean, torch.tensor([a, b]), atol=0.01, rtol=0)

    @given(a=st.floats(-110, 110), b=st.floats(-110, 110))
    def test_weights_never_leave_the_set(self, a: float, b: float) -> None:
        indices, weights = soft_bin_targets(torch.tensor([a, b]).view(1, 2, 1, 1) / 110)
        assert (weights >= 0).all()
        assert weights.sum() < 1.0001
        assert ((indices >= 0) & (indices < NUM_BINS)).all()


class TestGaussianBinTargets:
    def test_of_a_bin_inside_the_set_are_those_of_the_paper(self) -> None:
        indices, weights = gaussian_bin_targets(torch.tensor([20.0, 30.0]).view(1, 2, 1, 1) / 110, neighbours=5)
        expected = torch.tensor([0.6488, *[0.0878] * 4]).view(1, 5, 1, 1)
        torch.testing.assert_close(weights, expected, atol=1e-4, rtol=0)
        centers = {tuple(center) for center in bin_centers()[indices.flatten()].tolist()}
        assert centers == {(20, 30), (10, 30), (30, 30), (20, 20), (20, 40)}

    @given(a=st.floats(-110, 110), b=st.floats(-110, 110))
    def test_sum_to_1_whatever_the_colour(self, a: float, b: float) -> None:
        indices, weights = gaussian_bin_targets(torch.tensor([a, b]).view(1, 2, 1, 1) / 110)
        assert indices.unique().numel() == 10
        assert weights.sum().item() == pytest.approx(1, abs=1e-5)


class TestBinCrossEntropy:
    def test_is_log_q_for_a_uniform_prediction(self) -> None:
        loss = bin_cross_entropy(torch.zeros(1, NUM_BINS, 4, 4), torch.zeros(1, 2, 16, 16))
        torch.testing.assert_close(loss, torch.tensor(float(NUM_BINS)).log())

    def test_falls_when_the_true_bin_gains(self) -> None:
        logits = torch.zeros(1, NUM_BINS, 1, 1)
        logits[:, 120] = 5
        labels = torch.zeros(1, 2, 4, 4)
        assert bin_cross_entropy(logits, labels) < bin_cross_entropy(torch.zeros_like(logits), labels)

    def test_is_least_where_the_distribution_is_the_colours_spread(self) -> None:
        labels = torch.tensor([23.0, 31.0]).view(1, 2, 1, 1) / 110
        indices, weights = gaussian_bin_targets(labels)
        logits = torch.full((1, NUM_BINS, 1, 1), -30.0).scatter(1, indices, weights.log())
        least = -(weights * weights.log()).sum()
        torch.testing.assert_close(bin_cross_entropy(logits, labels, spread=gaussian_bin_targets), least)
        assert bin_cross_entropy(logits, labels) != least
