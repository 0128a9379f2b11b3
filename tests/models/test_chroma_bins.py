"""The 313 bins and the loss over them."""

import hashlib

import torch
from hypothesis import given
from hypothesis import strategies as st

from colorizer_hf.models.chroma_bins import NUM_BINS, bin_centers, bin_cross_entropy, soft_bin_targets


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


class TestBinCrossEntropy:
    def test_is_log_q_for_a_uniform_prediction(self) -> None:
        loss = bin_cross_entropy(torch.zeros(1, NUM_BINS, 4, 4), torch.zeros(1, 2, 16, 16))
        torch.testing.assert_close(loss, torch.tensor(float(NUM_BINS)).log())

    def test_falls_when_the_true_bin_gains(self) -> None:
        logits = torch.zeros(1, NUM_BINS, 1, 1)
        logits[:, 120] = 5
        labels = torch.zeros(1, 2, 4, 4)
        assert bin_cross_entropy(logits, labels) < bin_cross_entropy(torch.zeros_like(logits), labels)
