"""Photographs to network input."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.imaging import read
from colorizer_hf.network_input import block_average

PROCESSOR = ColorizerImageProcessor(working_size=64, size_multiple=32)


class TestShrink:
    @given(height=st.integers(1, 3000), width=st.integers(1, 3000))
    def test_sides_are_multiples_and_the_cost_is_bounded(self, height: int, width: int) -> None:
        h, w = PROCESSOR.input_size((height, width))
        assert h % 32 == w % 32 == 0
        assert 32 <= min(h, w) <= 64
        assert max(h, w) <= 64 * 8

    def test_keeps_the_aspect_ratio_within_rounding(self) -> None:
        assert PROCESSOR.input_size((300, 600)) == (64, 128)
        assert PROCESSOR.input_size((600, 300), size=128) == (256, 128)

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_white_is_one_and_black_is_zero(self, dtype: type[np.unsignedinteger]) -> None:
        codes = np.zeros((64, 64), dtype)
        codes[:, 32:] = np.iinfo(dtype).max
        luminance = PROCESSOR.shrink(read(codes))
        assert luminance.shape == (1, 1, 64, 64)
        assert luminance.dtype == torch.float32
        assert (luminance[..., 0], luminance[..., -1]) == (pytest.approx(0), pytest.approx(1))

    @pytest.mark.parametrize("shape", [(500, 700), (64, 64), (97, 1301), (1, 1)], ids=str)
    def test_8_and_16_bit_photos_of_one_scene_look_the_same_to_the_network(self, shape: tuple[int, int]) -> None:
        rng = np.random.default_rng(0)
        smooth = np.linspace(20, 220, shape[0])[:, None] + rng.uniform(0, 30, shape[1])
        eight = smooth.astype(np.uint8)
        sixteen = eight.astype(np.uint16) * 257
        torch.testing.assert_close(PROCESSOR.shrink(read(sixteen)), PROCESSOR.shrink(read(eight)), atol=0.03, rtol=0)

    @pytest.mark.parametrize("size", [16, 1025, 64.5, "64"])
    def test_refuses_a_size_out_of_range(self, size: Any) -> None:
        with pytest.raises(ValueError, match=f"size must be 32 to 1024 pixels, got {size!r}"):
            PROCESSOR.shrink(read(np.zeros((8, 8), np.uint8)), size=size)


class TestPreprocess:
    def test_batches_photos_of_one_size(self) -> None:
        photos = [np.zeros((64, 64), np.uint8), np.full((128, 128), 255, np.uint8)]
        luminance = PROCESSOR.preprocess(photos)["luminance"]
        assert luminance.shape == (2, 1, 64, 64)

    def test_an_unknown_option_is_named(self) -> None:
        with pytest.raises(TypeError, match="unexpected keyword argument 'sise'"):
            PROCESSOR(np.zeros((64, 64), np.uint8), sise=64)
        with pytest.raises(TypeError, match=r"ColorizerImageProcessor has no option working_sise; did you mean work"):
            ColorizerImageProcessor.from_pretrained("chromaformer", working_sise=64)

    def test_a_size_may_be_given_on_loading(self) -> None:
        assert ColorizerImageProcessor.from_pretrained("chromaformer", working_size=64).working_size == 64

    def test_survives_save_and_load(self, tmp_path) -> None:
        PROCESSOR.save_pretrained(tmp_path)
        loaded = ColorizerImageProcessor.from_pretrained(tmp_path)
        assert (loaded.working_size, loaded.size_multiple) == (64, 32)


class TestBlockAverage:
    @given(height=st.integers(1, 70), width=st.integers(1, 70))
    def test_keeps_the_value_of_a_flat_picture(self, height: int, width: int) -> None:
        averaged = block_average(np.full((height, width), 12345, np.uint16), (8, 8))
        assert (averaged == 12345).all()
        assert max(averaged.shape) <= 2 * 8 * 2
