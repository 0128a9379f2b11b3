import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000, rgb2lab

from colorizer_hf.metrics.ciede2000 import ciede2000, delta_e_2000

# Supplementary test data of Sharma, Wu, Dalal 2005, the pairs made to find mistakes: hues on both sides of 0 and of
# 180 degrees, blues, a gray partner, large and dark differences.
PUBLISHED = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0009), 7.1792),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0011), 7.2195),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]
lab = st.tuples(st.floats(0, 100), st.floats(-100, 100), st.floats(-100, 100))


def difference(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    pixels = torch.tensor([first, second], dtype=torch.float64).view(2, 1, 3, 1, 1)
    return delta_e_2000(*pixels).item()


class TestDeltaE2000:
    @pytest.mark.parametrize(("first", "second", "expected"), PUBLISHED)
    def test_has_the_published_values(self, first, second, expected):
        assert difference(first, second) == pytest.approx(expected, abs=5e-5)

    @given(lab, lab)
    def test_agrees_with_scikit_image(self, first, second):
        assert difference(first, second) == pytest.approx(deltaE_ciede2000(first, second), abs=1e-6)

    @given(lab, lab)
    def test_does_not_care_about_the_order(self, first, second):
        assert difference(first, second) == pytest.approx(difference(second, first), abs=1e-9)


class TestCiede2000:
    def test_is_zero_for_identical_pictures(self, ramp):
        assert ciede2000(ramp, ramp).item() == 0

    def test_is_the_mean_over_the_pixels_in_cielab(self, ramp, shifted_ramp):
        first, second = (rgb2lab(np.moveaxis(picture[0].numpy(), 0, -1)) for picture in (ramp, shifted_ramp))
        # scikit-image rounds its white point to other digits.
        assert ciede2000(ramp, shifted_ramp).item() == pytest.approx(deltaE_ciede2000(first, second).mean(), abs=1e-3)
