import pytest
import torch
from skimage.metrics import structural_similarity

from colorizer_hf.metrics.structural_similarity import ssim, ssim_uniform


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


class TestSsimUniform:
    @pytest.mark.parametrize("shape", [(7, 7), (40, 48)])
    def test_is_the_default_of_scikit_image(self, shape):
        picture, truth = torch.randint(0, 256, (2, 2, 3, *shape), generator=torch.Generator().manual_seed(3)).byte()
        picture[1] = truth[1] // 2 + 40
        expected = [
            structural_similarity((a / 255).numpy(), (b / 255).numpy(), channel_axis=0, data_range=1)
            for a, b in zip(picture.double(), truth.double(), strict=True)
        ]
        assert ssim_uniform(picture, truth).tolist() == pytest.approx(expected, abs=1e-9)

    def test_is_one_for_identical_pictures(self, ramp):
        assert ssim_uniform(ramp, ramp).item() == pytest.approx(1)
