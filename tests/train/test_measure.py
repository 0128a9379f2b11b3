"""Figures beside the protocols: worn photographs, vividness, consistency, edges."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from colorizer_hf.metrics.photos import load_photos
from colorizer_hf.models.base import AutomaticColorizer, ColorizerConfig
from train.recipes.measure import measure_consistency, measure_edges, measure_vividness, measure_worn


class FromLuminance(AutomaticColorizer):
    """Colours that follow the luminance of each pixel: the same wherever and however it is seen."""

    config_class = ColorizerConfig

    def __init__(self) -> None:
        super().__init__(ColorizerConfig(working_size=64))
        self.slope = torch.nn.Parameter(torch.tensor(0.4))
        self.post_init()

    def contract(self, luminance: Tensor) -> list[Tensor]:
        return [luminance]

    def expand(self, maps: list[Tensor], luminance: Tensor) -> Tensor:
        return torch.cat([self.slope * (luminance - 0.4), self.slope * luminance], dim=1)


@pytest.fixture
def photos(photo_tar: Path) -> list[np.ndarray]:
    return list(load_photos(photo_tar, limit=2, size=256))


def test_worn_photographs_are_measured_beside_clean_ones(photos: list[np.ndarray]) -> None:
    worn = measure_worn(FromLuminance(), photos)
    assert list(worn) == ["0", "0.3", "0.6", "1"]
    assert worn["1"]["gain_0"] != worn["0"]["gain_0"]
    assert measure_worn(FromLuminance(), photos) == worn


def test_vividness_is_measured_beside_the_truth(photos: list[np.ndarray]) -> None:
    vividness = measure_vividness(FromLuminance(), photos, [])
    assert vividness["0"] == vividness["1"]  # a network without a distribution has no vividness
    assert (vividness["0"]["colourfulness"] or 0) > 0
    assert vividness["0"]["lpips_alex"] is None


def test_what_looks_at_single_pixels_is_consistent(photos: list[np.ndarray]) -> None:
    measured = measure_consistency(FromLuminance(), photos)
    assert set(measured) == {"mirrored", "cropped", "size 192", "size 256", "size 320", "size 384", "size 512"}
    assert measured["mirrored"] == 0
    assert max(measured.values()) < 1


def test_an_edge_that_luminance_shows_leaks_less_when_luminance_guides() -> None:
    photo = np.full((64, 64, 3), (40, 60, 160), np.uint8)
    photo[:, 30:] = (230, 200, 80)  # within a cell of four pixels, and of eight
    measured = measure_edges([photo])
    assert set(measured) == {f"{way}, cells of {side}" for way in ("guided", "bilinear") for side in (4, 8)}
    for side in (4, 8):
        guided, bilinear = (measured[f"{way}, cells of {side}"] for way in ("guided", "bilinear"))
        assert guided["leak"] < 0.5 * bilinear["leak"]
        assert guided["ciede2000"] < 0.7 * bilinear["ciede2000"]


def test_an_even_photograph_loses_nothing() -> None:
    measured = measure_edges([np.full((64, 64, 3), (40, 60, 160), np.uint8)])
    assert all(loss["ciede2000"] < 0.5 and loss["leak"] < 0.5 for loss in measured.values())
