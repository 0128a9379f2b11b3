"""Several colourings of a photograph: best, mean, and how far they differ."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from colorizer_hf.color import lab_to_rgb, rgb_to_lab
from colorizer_hf.metrics.colourings import measure_colourings

SIDE = 32


@dataclass
class Plain:
    """One chroma everywhere."""

    codes: np.ndarray
    a: float
    b: float

    @property
    def chroma(self) -> Tensor:
        return torch.tensor([self.a, self.b]).view(2, 1, 1).expand(2, 4, 4) / 110

    @property
    def pixels(self) -> np.ndarray:
        return picture(self.codes, self.a, self.b)


def picture(codes: np.ndarray, a: float, b: float) -> np.ndarray:
    gray = torch.from_numpy(np.stack([codes] * 3))[None] / 255
    luminance, chroma = rgb_to_lab(gray)
    wanted = torch.tensor([a, b]).view(1, 2, 1, 1).expand_as(chroma) / 110
    return (lab_to_rgb(luminance, wanted)[0] * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()


GRAY = np.full((SIDE, SIDE), 128, np.uint8)
TRUTH = picture(GRAY, 20, 10)


def test_the_best_is_the_nearest_and_the_mean_is_of_all() -> None:
    found = measure_colourings(lambda codes: [Plain(codes, 20, 10), Plain(codes, -20, 10)], [TRUTH])
    alone = measure_colourings(lambda codes: [Plain(codes, -20, 10)], [TRUTH])
    assert found.best_ciede2000 < 0.6
    assert found.mean_ciede2000 == pytest.approx(alone.mean_ciede2000 / 2, abs=0.6)
    assert found.best_psnr > 40
    assert found.best_psnr > found.mean_psnr > alone.mean_psnr
    assert found.best_lpips is None


def test_diversity_is_the_difference_between_two_and_none_for_one() -> None:
    assert measure_colourings(lambda codes: [Plain(codes, 20, 10)], [TRUTH]).diversity == 0
    near = measure_colourings(lambda codes: [Plain(codes, 20, 10), Plain(codes, 22, 10)], [TRUTH]).diversity
    far = measure_colourings(lambda codes: [Plain(codes, 20, 10), Plain(codes, -20, 10)], [TRUTH]).diversity
    assert 0 < near < 3 < far


def test_colours_that_srgb_cannot_show_are_counted() -> None:
    assert measure_colourings(lambda codes: [Plain(codes, 20, 10)], [TRUTH]).out_of_gamut == 0
    half = measure_colourings(lambda codes: [Plain(codes, 20, 10), Plain(codes, -110, 110)], [TRUTH])
    assert half.out_of_gamut == 0.5


def test_wants_a_photograph() -> None:
    with pytest.raises(ValueError, match="at least one photograph"):
        measure_colourings(lambda codes: [], [])
