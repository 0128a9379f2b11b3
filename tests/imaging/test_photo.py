"""What a `Photo` can give besides what was read."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorizer_hf.imaging import Metadata, Photo, eight_bit


def ramp(width: int, height: int, dtype: type[np.unsignedinteger] = np.uint8) -> np.ndarray:
    """From black to white, left to right."""
    return np.tile(np.linspace(0, np.iinfo(dtype).max, width).round().astype(dtype), (height, 1))


class TestReduced:
    @given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 200))
    def test_fits_and_keeps_its_proportions(self, width: int, height: int, longer_side: int) -> None:
        reduced = Photo(ramp(width, height)).reduced(longer_side)
        assert max(reduced.size) == min(longer_side, max(width, height))
        scale = max(reduced.size) / max(width, height)
        assert reduced.size == pytest.approx((width * scale, height * scale), abs=1)

    @pytest.mark.parametrize("longer_side", [120, 121, 1600])
    def test_is_the_photo_itself_if_that_fits(self, longer_side: int) -> None:
        photo = Photo(ramp(120, 80, np.uint8))
        assert photo.reduced(longer_side) is photo

    def test_16_bits_become_8_where_the_size_fits_as_well(self) -> None:
        photo = Photo(ramp(120, 80, np.uint16))
        reduced = photo.reduced(1600)
        assert reduced.size == photo.size
        np.testing.assert_array_equal(reduced.luminance, (photo.luminance / 257).round())

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_is_averaged_and_has_8_bits(self, dtype: type[np.unsignedinteger]) -> None:
        noise = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (300, 400), dtype)
        reduced = Photo(noise, alpha=ramp(400, 300, dtype)).reduced(40)
        assert reduced.alpha is not None
        assert reduced.luminance.dtype == reduced.alpha.dtype == np.uint8
        assert reduced.luminance.mean() == pytest.approx(127.5, abs=1)
        assert reduced.luminance.std() < 15
        np.testing.assert_allclose(reduced.alpha, ramp(400, 300)[:30, 5::10], atol=2)

    def test_keeps_what_else_is_known_of_the_photo(self) -> None:
        photo = Photo(ramp(120, 80), metadata=Metadata(dpi=(300, 300)), format="PNG", notes=("a note",))
        reduced = photo.reduced(60)
        assert (reduced.metadata, reduced.format, reduced.notes) == (photo.metadata, "PNG", ("a note",))

    def test_is_computed_once_for_each_size(self) -> None:
        photo = Photo(ramp(120, 80))
        assert photo.reduced(60) is photo.reduced(60)
        assert photo.reduced(30).size == (30, 20)

    def test_of_many_sizes_only_the_newest_are_kept(self) -> None:
        photo = Photo(np.zeros((90, 120), np.uint8))
        first = photo.reduced(20)
        for longer_side in range(30, 40):
            photo.reduced(longer_side)
        assert photo.reduced(20) is not first
        assert photo.reduced(39) is photo.reduced(39)

    def test_can_be_pickled(self) -> None:
        photo = Photo(ramp(120, 80))
        reduced = photo.reduced(60)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(photo)).reduced(60).luminance, reduced.luminance)


def test_eight_bit_rounds_every_code_to_the_nearest() -> None:
    codes = np.arange(65536).astype(np.uint16)
    np.testing.assert_array_equal(eight_bit(codes), np.rint(codes / 257))
    np.testing.assert_array_equal(eight_bit(codes[:256].astype(np.uint8)), codes[:256])
