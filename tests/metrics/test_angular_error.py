import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from colorizer_hf.metrics.angular_error import angular_error, angular_error_legacy, black_share

colours = st.tuples(*[st.integers(0, 255)] * 3)


def pixel(*rgb: int) -> Tensor:
    return torch.tensor(rgb, dtype=torch.uint8).view(1, 3, 1, 1)


@pytest.fixture
def noise() -> tuple[Tensor, Tensor]:
    picture, truth = torch.randint(1, 256, (2, 2, 3, 16, 16), generator=torch.Generator().manual_seed(0)).byte()
    return picture, truth


class TestAngularError:
    @pytest.mark.parametrize(
        ("picture", "truth", "degrees"),
        [
            ((255, 0, 0), (0, 255, 0), 90),
            ((200, 200, 0), (100, 0, 0), 45),
            ((80, 80, 80), (90, 0, 0), math.degrees(math.acos(1 / math.sqrt(3)))),
            ((1, 2, 3), (1, 2, 3), 0),
        ],
    )
    def test_is_the_angle_between_the_colours(self, picture, truth, degrees):
        assert angular_error(pixel(*picture), pixel(*truth)).item() == pytest.approx(degrees, abs=1e-5)

    def test_is_of_each_picture(self, noise):
        picture, truth = noise
        picture[1] = truth[1]
        first, second = angular_error(picture, truth)
        assert first > 10
        assert second == pytest.approx(0, abs=1e-5)

    @given(colours, colours)
    def test_is_symmetric_and_within_a_right_angle(self, first, second):
        angle = angular_error(pixel(*first), pixel(*second)).item()
        if (0, 0, 0) in (first, second):
            assert math.isnan(angle)
        else:
            assert 0 <= angle <= 90
            assert angle == pytest.approx(angular_error(pixel(*second), pixel(*first)).item())

    @given(colours.filter(any), colours.filter(any), st.floats(1.0, 8.0))
    def test_does_not_see_brightness(self, first, second, factor):
        plain = angular_error(pixel(*first), pixel(*second)).item()
        assert angular_error(pixel(*first) * factor, pixel(*second)).item() == pytest.approx(plain, abs=1e-5)

    def test_leaves_out_black_pixels_and_says_how_many(self):
        picture = torch.cat([pixel(0, 0, 0), pixel(200, 200, 0), pixel(9, 0, 0), pixel(1, 0, 0)], dim=-1)
        truth = torch.cat([pixel(10, 20, 30), pixel(100, 0, 0), pixel(0, 0, 0), pixel(1, 0, 0)], dim=-1)
        assert angular_error(picture, truth).item() == pytest.approx(45 / 2)
        assert black_share(picture, truth).item() == 0.5

    def test_a_black_picture_has_none(self, noise):
        _, truth = noise
        black = torch.zeros_like(truth)
        assert angular_error(black, truth).isnan().all()
        assert black_share(black, truth).tolist() == [1, 1]


class TestAngularErrorLegacy:
    def test_agrees_with_the_published_formula(self, noise):
        picture, truth = noise
        p, t = picture.double() / 255, truth.double() / 255
        cosine = (p * t).sum(dim=1) / (p.square().sum(dim=1).sqrt() * t.square().sum(dim=1).sqrt() + 1e-6)
        expected = (cosine.arccos() * 180 / math.pi).mean(dim=(1, 2))
        torch.testing.assert_close(angular_error_legacy(picture, truth), expected)

    def test_is_not_zero_for_identical_pictures(self):
        gray = torch.full((1, 3, 8, 8), 100, dtype=torch.uint8)
        assert angular_error_legacy(gray, gray).item() == pytest.approx(0.119, abs=5e-4)

    def test_counts_black_as_a_right_angle(self):
        assert angular_error_legacy(pixel(0, 0, 0), pixel(0, 0, 0)).item() == pytest.approx(90)

    def test_is_close_to_the_clean_form_elsewhere(self, noise):
        picture, truth = noise
        torch.testing.assert_close(
            angular_error_legacy(picture, truth), angular_error(picture, truth), atol=0.01, rtol=0
        )
