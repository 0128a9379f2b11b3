import pytest
import torch
from skimage.metrics import structural_similarity

from colorizer_hf.metrics.structural_similarity import ssim


class TestSsim:
    def test_has_the_reference_value_of_the_ramp(self, ramp, shifted_ramp):
        assert ssim(shifted_ramp, ramp).item() == pytest.approx(0.99908, abs=5e-6)

    def test_has_the_reference_value_of_constant_pictures(self, gray_pair):
        assert ssim(*gray_pair).item() == pytest.approx(0.995476, abs=5e-7)

    def test_is_one_for_identical_pictures(self, ramp):
        assert ssim(ramp, ramp).item() == pytest.approx(1)

    def test_agrees_with_scikit_image_under_the_same_settings(self):
        picture, truth = torch.randint(0, 256, (2, 1, 3, 40, 48), generator=torch.Generator().manual_seed(3)).byte()
        _, similarity = structural_similarity(
            picture[0].numpy(),
            truth[0].numpy(),
            channel_axis=0,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            full=True,
        )
        valid = similarity[:, 5:-5, 5:-5].mean()
        assert ssim(picture, truth).item() == pytest.approx(valid, abs=1e-5)
