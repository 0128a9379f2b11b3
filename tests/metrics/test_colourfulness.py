import pytest
import torch

from colorizer_hf.metrics.colourfulness import colourfulness, colourfulness_absolute


class TestColourfulness:
    def test_has_the_reference_values_of_the_ramp(self, ramp):
        assert colourfulness(ramp).item() == pytest.approx(69.2315, abs=5e-5)
        assert colourfulness_absolute(ramp).item() == pytest.approx(55.2396, abs=5e-5)

    def test_is_zero_for_gray(self, gray_pair):
        gray, _ = gray_pair
        assert colourfulness(gray).item() == 0
        assert colourfulness_absolute(gray).item() == 0

    def test_is_of_each_picture(self, ramp):
        gray = torch.full_like(ramp, 100)
        values = colourfulness(torch.cat([gray, ramp]))
        assert values.tolist() == [0, colourfulness(ramp).item()]
