"""Which numbers of a picture `read` takes for black and white, and what it says of that."""

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from colorizer_hf.errors import ImageError
from colorizer_hf.imaging import read


def tiff(pixels: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, metadata=None, **options)
    return buffer.getvalue()


def scaled(pixels: np.ndarray, top: float, low: float = 0) -> np.ndarray:
    """16-bit codes of numbers from `low` to `top`."""
    return np.rint(np.clip((pixels.astype(float) - low) / (top - low), 0, 1) * 65535)


@pytest.fixture
def ramp() -> np.ndarray:
    """(8, 64) floats from 0 to 1, both included."""
    return np.linspace(0, 1, 512).reshape(8, 64)


class TestATypeThatIsLargerThanTheData:
    @pytest.mark.parametrize(
        ("top", "dtype"),
        [
            (1023, "u2"),
            (4095, "u2"),
            (4095, "i2"),
            (4095, "u4"),
            (16383, "u4"),
            (65535, "u4"),
            (65535, "i4"),
            (65535, "i8"),
            (65535, "u8"),
        ],
    )
    def test_is_read_by_the_bits_of_the_data_with_a_note(self, ramp, top, dtype):
        pixels = np.rint(ramp * top).astype(dtype)
        photo = read(tiff(pixels))
        np.testing.assert_array_equal(photo.luminance, scaled(pixels, top))
        assert photo.notes == (
            f"of its {np.dtype(dtype).itemsize * 8}-bit numbers 0 to {top} was taken as black to white;"
            " `levels` chooses others",
        )

    def test_8_bits_in_16_stay_as_they_are(self, gray):
        photo = read(tiff(gray.astype(np.uint16)))
        np.testing.assert_array_equal(photo.luminance, gray)
        assert photo.luminance.dtype == np.uint8
        assert "0 to 255" in photo.notes[0]

    @pytest.mark.parametrize("top", [10_000, 8191])
    def test_other_ranges_go_to_the_next_usual_number_of_bits(self, top, ramp):
        pixels = np.rint(ramp * top).astype(np.uint32)
        np.testing.assert_array_equal(read(tiff(pixels)).luminance, scaled(pixels, 16383))

    def test_in_a_png_too(self, save, ramp):
        pixels = np.rint(ramp * 4095).astype(np.uint16)
        photo = read(save(pixels, "PNG"))
        np.testing.assert_array_equal(photo.luminance, scaled(pixels, 4095))
        assert "0 to 4095" in photo.notes[0]

    def test_in_colour_with_alpha_of_the_same_bits(self, ramp):
        channel = np.rint(ramp * 4095).astype(np.uint16)
        photo = read(tiff(np.dstack([channel] * 4), photometric="rgb", extrasamples=["unassalpha"]))
        np.testing.assert_array_equal(photo.luminance, scaled(channel, 4095))
        assert photo.alpha is not None
        np.testing.assert_array_equal(photo.alpha, scaled(channel, 4095))

    def test_alpha_that_uses_its_type_keeps_it(self, ramp):
        channel = np.rint(ramp * 4095).astype(np.uint16)
        opaque = np.full_like(channel, 65535)
        photo = read(tiff(np.dstack([channel, opaque]), photometric="minisblack", extrasamples=["unassalpha"]))
        assert photo.alpha is not None
        assert photo.alpha.min() == 65535

    def test_counted_from_white(self, ramp):
        pixels = np.rint(ramp * 4095).astype(np.uint16)
        photo = read(tiff(pixels, photometric="miniswhite"))
        np.testing.assert_array_equal(photo.luminance, 65535 - scaled(pixels, 4095))

    @given(arrays.arrays(np.uint16, (3, 5)), st.integers(4096, 65535))
    def test_16_bits_that_go_beyond_12_are_their_own_codes_and_nothing_is_said(self, pixels, brightest):
        """A dark photograph stays dark."""
        pixels[0, 0] = max(brightest, pixels.max())
        photo = read(tiff(pixels))
        np.testing.assert_array_equal(photo.luminance, pixels)
        assert photo.notes == ()

    @pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i2", "f4"])
    def test_a_black_picture_is_black(self, dtype):
        photo = read(tiff(np.zeros((4, 4), dtype)))
        assert photo.luminance.max() == 0
        assert photo.notes == ()

    def test_a_dark_picture_of_8_bits_is_left_alone(self):
        photo = read(np.full((4, 4), 3, np.uint8))
        assert photo.luminance.max() == 3
        assert photo.notes == ()

    def test_ink_is_not_brightened(self):
        ink = np.full((4, 4, 4), 1000, np.uint16)  # a little of each: a bright picture
        photo = read(tiff(ink, photometric="separated"))
        assert photo.luminance.min() > 60_000
        assert photo.notes == ()


class TestStatedLargestNumbers:
    def with_max_sample(self, pixels: np.ndarray, top: int) -> bytes:
        return tiff(pixels, extratags=[(281, 3, 1, top, True)])

    @pytest.mark.parametrize("top", [3000, 4095, 10_000, 16383])
    def test_a_range_smaller_than_the_types_is_meant(self, ramp, top):
        pixels = np.rint(ramp * top * 0.9).astype(np.uint16)
        photo = read(self.with_max_sample(pixels, top))
        np.testing.assert_array_equal(photo.luminance, scaled(pixels, top))
        assert f"0 to {top} was taken as black to white" in photo.notes[0]

    @pytest.mark.parametrize("top", [1023, 4095, 16383])
    def test_of_a_number_of_bits_even_if_the_brightest_pixel_has_it(self, ramp, top):
        pixels = np.rint(ramp * top).astype(np.uint16)
        np.testing.assert_array_equal(read(self.with_max_sample(pixels, top)).luminance, scaled(pixels, top))

    def test_the_brightest_pixel_of_a_dark_photograph_is_not_white(self, ramp):
        pixels = np.rint(ramp * 20_000).astype(np.uint16)
        photo = read(self.with_max_sample(pixels, 20_000))
        np.testing.assert_array_equal(photo.luminance, pixels)
        assert photo.notes == ("its largest number, 20000, was not taken for white; `levels` chooses others",)

    def test_8_bits_are_always_what_they_are(self, gray):
        photo = read(self.with_max_sample(gray // 4, 63))
        np.testing.assert_array_equal(photo.luminance, gray // 4)
        assert photo.notes == ()

    def test_what_merely_occurs_is_not(self, ramp):
        pixels = np.rint(ramp * 50_000).astype(np.uint16)
        photo = read(self.with_max_sample(pixels, 50_000))
        np.testing.assert_array_equal(photo.luminance, pixels)
        assert photo.notes == ()

    def test_a_wrong_one_is_ignored(self, ramp):
        pixels = np.rint(ramp * 65535).astype(np.uint16)
        np.testing.assert_array_equal(read(self.with_max_sample(pixels, 4095)).luminance, pixels)

    def test_of_floats(self, ramp):
        pixels = (ramp * 5000).astype(np.float32)
        photo = read(tiff(pixels, extratags=[(341, 11, 1, 5000.0, True)]))
        assert np.abs(photo.luminance - scaled(ramp, 1)).max() <= 1
        assert "of its floats 0 to 5000 was taken" in photo.notes[0]


class TestFloats:
    @pytest.mark.parametrize("top", [255, 1023, 4095, 16383, 65535])
    def test_that_go_beyond_1_are_scaled_by_the_usual_range_with_a_note(self, ramp, top):
        photo = read(tiff((ramp * top).astype(np.float32)))
        assert np.abs(photo.luminance - scaled(ramp, 1)).max() <= 1
        assert photo.notes == (f"of its floats 0 to {top} was taken as black to white; `levels` chooses others",)

    def test_that_end_far_below_1_are_left_alone_with_a_note(self, ramp):
        photo = read(tiff((ramp / 100).astype(np.float32)))
        assert photo.luminance.max() == 655
        assert "its numbers end at 0.01" in photo.notes[0]

    def test_overshoot_is_said(self):
        photo = read(np.array([[-0.01, 0.5, 1.2]]))
        np.testing.assert_array_equal(photo.luminance, [[0, 32768, 65535]])
        assert photo.notes == ("its numbers go from -0.01 to 1.2; what is outside 0 to 1 was cut off",)

    def test_from_0_to_1_nothing_is_said(self, ramp):
        assert read(ramp).notes == ()


class TestHoles:
    @pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf])
    def test_what_is_no_number_becomes_transparent(self, ramp, nothing):
        pixels = ramp.astype(np.float32)
        pixels[:2] = nothing
        photo = read(tiff(pixels))
        assert photo.alpha is not None
        assert photo.alpha[:2].max() == 0
        assert photo.alpha[2:].min() == 65535
        np.testing.assert_array_equal(photo.luminance[2:], scaled(ramp, 1)[2:])
        assert photo.notes == ("pixels that are no number (NaN or infinite) became transparent",)

    @pytest.mark.parametrize(
        ("dtype", "value"), [("i2", -32768), ("f4", -9999), ("f4", np.finfo("f4").min), ("i4", -1)]
    )
    def test_usual_numbers_for_no_data_are_known(self, ramp, dtype, value):
        pixels = (ramp * {"i2": 32767, "i4": 65535, "f4": 1}[dtype]).astype(dtype)
        pixels[:2] = value
        photo = read(tiff(pixels))
        assert photo.alpha is not None
        assert photo.alpha[:2].max() == 0
        assert photo.alpha[2:].min() > 0
        assert photo.luminance.max() == 65535
        assert f"pixels of the value {value:g}, which means no data, became transparent" in photo.notes

    @pytest.mark.parametrize(("dtype", "value"), [("u1", 0), ("u2", 65535), ("f8", 17.0), ("i2", -7)])
    def test_so_is_the_one_that_a_file_names(self, ramp, dtype, value):
        pixels = (ramp * 200).astype(dtype)
        pixels[pixels == value] += 1
        pixels[:2] = value
        photo = read(tiff(pixels, extratags=[(42113, 2, 0, f"{value:g}", True)]))
        assert photo.alpha is not None
        assert photo.alpha[:2].max() == 0
        assert photo.alpha[2:].min() > 0

    @pytest.mark.parametrize("named", ["-1", "nan", "a word", "1e999"])
    def test_a_name_that_no_pixel_has_makes_no_hole(self, gray, named):
        photo = read(tiff(gray, extratags=[(42113, 2, 0, named, True)]))
        np.testing.assert_array_equal(photo.luminance, gray)
        assert photo.alpha is None
        assert photo.notes == ()

    def test_in_colour_only_where_all_channels_have_it(self, color):
        color[:2] = 9
        color[2, :, 0] = 9
        color[2, :, 1] = 10
        photo = read(tiff(color, photometric="rgb", extratags=[(42113, 2, 0, "9", True)]))
        assert photo.alpha is not None
        assert photo.alpha[:2].max() == 0
        assert photo.alpha[2].min() == 255

    def test_nothing_but_holes_is_refused(self):
        with pytest.raises(ImageError, match="none of its pixels has a number"):
            read(np.full((4, 4), np.nan))


class TestTransparencyBesideWhiteIsZero:
    def test_only_the_gray_is_counted_from_white(self, gray):
        alpha = np.tile(np.linspace(0, 255, 24).astype(np.uint8)[:, None], (1, 36))
        pixels = np.dstack([gray, alpha])
        photo = read(tiff(pixels, photometric="miniswhite", extrasamples=["unassalpha"]))
        np.testing.assert_array_equal(photo.luminance, 255 - gray)
        np.testing.assert_array_equal(photo.alpha, alpha)


class TestChosenLevels:
    def test_two_numbers_are_black_and_white_and_nothing_is_said(self, ramp):
        pixels = np.rint(ramp * 65535).astype(np.uint16)
        photo = read(tiff(pixels), levels=(1000, 30_000))
        np.testing.assert_array_equal(photo.luminance, scaled(pixels, 30_000, 1000))
        assert photo.notes == ()

    def test_negative_numbers_are_numbers_too(self, ramp):
        pixels = np.rint(ramp * 3000 - 1000).astype(np.int16)
        np.testing.assert_array_equal(read(tiff(pixels), levels=(-1000, 2000)).luminance, scaled(pixels, 2000, -1000))

    def test_of_8_bits_as_well(self, gray):
        expected = np.rint(np.clip((gray.astype(float) - 50) / 100, 0, 1) * 255)
        np.testing.assert_array_equal(read(gray, levels=(50, 150)).luminance, expected)

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP"])
    def test_of_every_format(self, format, save, gray):
        file = save(gray, format)
        codes = read(file).luminance.astype(float)
        expected = np.rint(np.clip((codes - 50) / 100, 0, 1) * 255)
        np.testing.assert_array_equal(read(file, levels=(50, 150)).luminance, expected)

    @pytest.mark.parametrize(("dtype", "top"), [("u2", 65535), ("i2", 32767), ("u4", 2**32 - 1), ("f4", 1)])
    def test_as_is_takes_the_types_own_range(self, ramp, dtype, top):
        pixels = (ramp * 4000).astype(dtype)
        photo = read(tiff(pixels), levels="as-is")
        np.testing.assert_array_equal(photo.luminance, scaled(pixels, top))
        assert photo.notes == ()

    @pytest.mark.parametrize("levels", ["all", (3, 3), (5, 1), (0, np.nan), (1,), (1, 2, 3), None, ("a", "b")])
    def test_others_are_refused(self, gray, levels):
        with pytest.raises(ValueError, match=r"levels must be 'auto', 'as-is' or two numbers \(LOW, HIGH\)"):
            read(gray, levels=levels)

    def test_numbers_that_cannot_be_brightnesses_ask_for_levels(self, ramp):
        for pixels in (np.rint(ramp * 3000 - 1000).astype(np.int16), ramp * 2 - 1, ramp * 1e9):
            with pytest.raises(ImageError, match="give the numbers of black and white as `levels`"):
                read(tiff(pixels))
            assert read(tiff(pixels), levels=(float(pixels.min()), float(pixels.max()))).luminance.max() == 65535
