"""Which of a file's pages and bands `read` takes for the picture, and what it says of that."""

import io
import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from colorizer_hf.color import luminance_codes
from colorizer_hf.errors import ImageError
from colorizer_hf.imaging import read

BEHIND_PREVIEW = "the full picture was read, not the preview before it"


def tiff(*pages: tuple[np.ndarray, dict[str, Any]]) -> bytes:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for pixels, options in pages:
            writer.write(pixels, metadata=None, **options)
    return buffer.getvalue()


@pytest.fixture
def small(gray) -> np.ndarray:
    """(6, 9) of the same picture."""
    return gray[::4, ::4].copy()


class TestPages:
    def test_the_picture_may_be_a_part_of_its_preview(self, gray, small):
        photo = read(tiff((small, {"subfiletype": 1, "subifds": 1}), (gray, {"subfiletype": 0})))
        np.testing.assert_array_equal(photo.luminance, gray)
        assert photo.notes == (BEHIND_PREVIEW,)

    def test_or_the_page_behind_it(self, gray, small):
        photo = read(tiff((small, {"subfiletype": 1}), (gray, {})))
        np.testing.assert_array_equal(photo.luminance, gray)
        assert photo.notes == (BEHIND_PREVIEW,)

    def test_even_if_nothing_marks_the_preview(self, gray, small):
        photo = read(tiff((small, {}), (gray, {})))
        np.testing.assert_array_equal(photo.luminance, gray)
        assert photo.notes == ("page 2 of 2 was read", BEHIND_PREVIEW)

    def test_a_page_that_is_smaller_but_another_picture_is_the_first_page(self, gray):
        photo = read(tiff((gray[:10], {}), (gray, {})))
        np.testing.assert_array_equal(photo.luminance, gray[:10])
        assert photo.notes == ("page 1 of 2 was read",)

    def test_reduced_pictures_behind_the_full_one_are_no_pages(self, gray, small):
        pyramid = tiff((gray, {"subifds": 1}), (small, {"subfiletype": 1}))
        for file in (pyramid, tiff((gray, {}), (small, {"subfiletype": 1}))):
            photo = read(file)
            np.testing.assert_array_equal(photo.luminance, gray)
            assert photo.notes == ()

    def test_of_a_raw_file_a_preview_is_read_and_that_is_said(self, gray, small):
        raw = {"photometric": "cfa", "extratags": [(33421, 3, 2, (2, 2), True)]}
        preview = np.ascontiguousarray(gray[::2, ::2])
        photo = read(
            tiff(
                (small, {"subfiletype": 1, "subifds": 2}), (gray.astype(np.uint16), raw), (preview, {"subfiletype": 1})
            )
        )
        np.testing.assert_array_equal(photo.luminance, preview)
        assert photo.notes == ("its picture of 36 x 24 pixels is of a kind that is not read; a preview of 18 x 12 was",)

    def test_the_raw_picture_of_a_camera_without_colours_is_read_as_light(self, small):
        codes = np.linspace(0, 65535, 24 * 36).reshape(24, 36)
        light = np.where(codes / 65535 <= 0.04045, codes / 65535 / 12.92, ((codes / 65535 + 0.055) / 1.055) ** 2.4)
        raw = np.rint(light * 16383).astype(np.uint16)
        file = bytearray(
            tiff((small, {"subfiletype": 1, "subifds": 1}), (raw, {"extratags": [(50717, 4, 1, 16383, True)]}))
        )
        with tifffile.TiffFile(io.BytesIO(file)) as written:
            parts: Any = written.pages.first.pages
            at = parts[0].tags["PhotometricInterpretation"].valueoffset
        file[at : at + 2] = struct.pack("<H", 34892)  # LinearRaw, which tifffile writes in colour only
        photo = read(bytes(file))
        assert np.abs(photo.luminance - codes).mean() < 100
        assert "its raw numbers were taken as linear light" in photo.notes

    def test_a_part_that_leads_back_to_its_page_is_no_trap(self, gray):
        file = bytearray(tiff((gray, {"subifds": 1}), (gray, {})))
        with tifffile.TiffFile(io.BytesIO(file)) as written:
            page = written.pages.first
            at = page.tags["SubIFDs"].valueoffset
        file[at : at + 4] = struct.pack("<I", page.offset)
        np.testing.assert_array_equal(read(bytes(file)).luminance, gray)

    def test_of_a_stereo_photograph_the_first_picture_is_read(self, gray):
        buffer = io.BytesIO()
        Image.fromarray(gray).save(buffer, "MPO", save_all=True, append_images=[Image.fromarray(255 - gray)])
        photo = read(buffer.getvalue())
        assert np.abs(photo.luminance.astype(int) - gray).mean() < 12
        assert photo.format == "JPEG"
        assert photo.notes == ("picture 1 of 2 was read",)


class TestBands:
    @pytest.fixture
    def deep(self, color) -> np.ndarray:
        """(24, 36, 3) uint16."""
        return color.astype(np.uint16) * 257

    @pytest.mark.parametrize("layout", ["contig", "separate"])
    def test_a_fourth_band_is_no_transparency(self, deep, layout):
        pixels = np.dstack([deep, deep[..., ::-1][..., 0]])
        options = {"photometric": "rgb", "planarconfig": layout, "extrasamples": ["unspecified"]}
        file = tiff((pixels if layout == "contig" else np.moveaxis(pixels, -1, 0).copy(), options))
        photo = read(file)
        np.testing.assert_array_equal(photo.luminance, luminance_codes(deep))
        assert photo.alpha is None
        assert "bands 1 to 3 of 4 were read" in photo.notes
        fourth = read(file, band=4)
        np.testing.assert_array_equal(fourth.luminance, pixels[..., 3])
        assert fourth.notes == ("band 4 of 4 was read",)

    @pytest.mark.parametrize("count", [2, 4, 13])
    def test_of_gray_bands_the_first_is_read(self, deep, count):
        pixels = np.stack([deep[..., 0] // (number + 1) for number in range(count)])
        file = tiff((pixels, {"photometric": "minisblack", "planarconfig": "separate"}))
        photo = read(file)
        np.testing.assert_array_equal(photo.luminance, pixels[0])
        assert photo.notes == (f"band 1 of {count} was read",)
        np.testing.assert_array_equal(read(file, band=2).luminance, pixels[1])

    def test_alpha_is_found_behind_other_bands(self, gray):
        pixels = np.dstack([gray, gray[::-1], 255 - gray])
        options = {"photometric": "minisblack", "extrasamples": ["unspecified", "unassalpha"], "planarconfig": "contig"}
        photo = read(tiff((pixels, options)), band=2)
        np.testing.assert_array_equal(photo.luminance, gray[::-1])
        np.testing.assert_array_equal(photo.alpha, 255 - gray)

    @pytest.mark.parametrize("format", ["PNG", "BMP"])
    def test_one_channel_of_any_colour_picture(self, format, save, color):
        photo = read(save(color, format), band=2)
        np.testing.assert_array_equal(photo.luminance, color[..., 1])
        assert photo.notes == ("band 2 of 3 was read",)

    def test_the_only_band_is_all(self, gray):
        photo = read(gray, band=1)
        np.testing.assert_array_equal(photo.luminance, gray)
        assert photo.notes == ()

    def test_near_infrared_in_jpeg_2000_is_no_transparency(self, deep):
        file = bytes(imagecodecs.jpeg2k_encode(np.dstack([deep, deep[..., 0]]), level=0))
        photo = read(file)
        assert photo.alpha is None
        assert "bands 1 to 3 of 4 were read" in photo.notes
        np.testing.assert_array_equal(read(file, band=4).luminance, deep[..., 0])

    def test_a_band_that_is_not_there_is_named(self, gray, color):
        with pytest.raises(ImageError, match=r"it has 1 band, so there is no band 2"):
            read(gray, band=2)
        with pytest.raises(ImageError, match=r"it has 3 bands, so there is no band 5"):
            read(color, band=5)

    def test_bands_count_from_1(self, gray):
        with pytest.raises(ValueError, match="band must be at least 1, got 0"):
            read(gray, band=0)
