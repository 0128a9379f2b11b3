import math

import pytest
import torch

from colorizer_hf.metrics.pixel_errors import absolute_error, luma_psnr, mean_squared_error, psnr


class TestPixelErrors:
    def test_have_the_reference_values_of_the_ramp(self, ramp, shifted_ramp):
        # (6² + 4² + 0²) / 3 and (6 + 4 + 0) / 3
        assert mean_squared_error(shifted_ramp, ramp).item() == pytest.approx(17.3333, abs=5e-5)
        assert absolute_error(shifted_ramp, ramp).item() == pytest.approx(3.33333, abs=5e-6)
        assert psnr(shifted_ramp, ramp).item() == pytest.approx(35.7420, abs=5e-5)

    def test_have_the_reference_values_of_constant_pictures(self, gray_pair):
        assert mean_squared_error(*gray_pair).item() == 100
        assert absolute_error(*gray_pair).item() == 10
        assert psnr(*gray_pair).item() == pytest.approx(28.1308, abs=5e-5)

    def test_do_not_wrap_around_at_8_bits(self, gray_pair):
        darker, brighter = gray_pair
        assert mean_squared_error(darker, brighter) == mean_squared_error(brighter, darker)

    def test_are_of_each_picture_and_not_pooled(self, ramp, shifted_ramp):
        pictures, truths = torch.cat([ramp, shifted_ramp]), torch.cat([ramp, ramp])
        assert mean_squared_error(pictures, truths).tolist() == pytest.approx([0, 52 / 3])

    def test_psnr_of_identical_pictures_is_the_cap(self, ramp):
        assert psnr(ramp, ramp).item() == 100
        assert psnr(ramp, ramp, cap=50).item() == 50


class TestLumaPsnr:
    def test_weighs_the_channels(self, ramp, shifted_ramp):
        # 0.299 x 6 - 0.587 x 4 at every pixel
        assert luma_psnr(shifted_ramp, ramp).item() == pytest.approx(20 * math.log10(255 / 0.554), abs=5e-5)

    def test_of_gray_pictures_is_the_psnr(self, gray_pair):
        assert luma_psnr(*gray_pair).item() == pytest.approx(psnr(*gray_pair).item())

    def test_is_the_cap_where_only_the_colour_differs(self):
        picture, truth = (
            torch.tensor(rgb, dtype=torch.float64).view(1, 3, 1, 1) for rgb in ((80, 80, 80), (80, 94.25, 6.625))
        )
        assert luma_psnr(picture, truth).item() == 100
        assert psnr(picture, truth).item() < 20
