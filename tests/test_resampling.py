import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from colorizer_hf.resampling import Sampling, edge_padded, resized, window_means

sides = st.integers(1, 40)
several = st.integers(2, 40)


def maps(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * 41 + width).uniform(-1, 1, (2, 3, height, width)).astype(np.float32)


class TestArraysGiveWhatTensorsGive:
    @pytest.mark.parametrize("mode", ["area", "bilinear", "bicubic"])
    @given(height=sides, width=sides, size=st.tuples(sides, sides))
    def test_at_another_size(self, mode: Sampling, height: int, width: int, size: tuple[int, int]) -> None:
        given_maps = maps(height, width)
        expected = F.interpolate(torch.from_numpy(given_maps), size, mode=mode).numpy()
        assert np.abs(resized(given_maps, size, mode) - expected).max() < 1e-5

    # Of maps one pixel wide torch repeats the first row.
    @given(height=several, width=several, size=st.tuples(several, several))
    def test_at_another_size_without_aliases(self, height: int, width: int, size: tuple[int, int]) -> None:
        given_maps = maps(height, width)
        expected = F.interpolate(torch.from_numpy(given_maps), size, mode="bilinear", antialias=True).numpy()
        assert np.abs(resized(given_maps, size, "antialiased") - expected).max() < 1e-5

    @given(height=sides, width=sides)
    def test_averaged_over_windows(self, height: int, width: int) -> None:
        given_maps = maps(height, width)
        expected = window_means(torch.from_numpy(given_maps), 9).numpy()
        assert np.abs(window_means(given_maps, 9) - expected).max() < 1e-5

    def test_with_a_margin(self) -> None:
        given_maps = maps(5, 7)
        assert np.array_equal(edge_padded(given_maps, 2), edge_padded(torch.from_numpy(given_maps), 2).numpy())
