"""What the numbers of JPEG XL files mean: their heads describe it, or a profile does.

The files of a few hundred bytes were made with libjxl's `cjxl`, since our encoder writes sRGB only. Each shows RAMP,
but one a red.
"""

import base64

import imagecodecs
import numpy as np
import pytest

from colorizer_hf.color import luminance_codes
from colorizer_hf.errors import ImageError
from colorizer_hf.imaging import Photo, read, write
from colorizer_hf.imaging.jxl_head import read_jxl_head

RAMP = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (8, 1))
RED = np.full((8, 8, 3), (230, 30, 30), np.uint8)

LINEAR = "/woBDggoWgQIAgEAhABLKDQWfjcKEgpKAiKKbFDGDrpwgQACvkjuAMh+EczxIQA="
SQUARE_ROOT = "/woBDgioQEtMEQgCAQCEAEsoNBZ+NwoSCkoCIopsUMYOunCBAAK+SO4AyH4RzPEhAA=="
PQ = "/woBjgAC8ugRhwMAAABACAIBAIQASyg0Fn43ChIKSgIiimxQxg66cIEAAr5I7gDIfhHM8SEA"
RED_OF_P3 = "/wpBQEAmNwIIAgEAXABLGIsVwkkC5gUiAJj5x1wAAAAAAAAAAA=="
PREMULTIPLIED = (  # by an alpha of 128
    "/woBDlhQXAgICBAAQAFLKDHdjPXBdzA/CgoKCkouCogoqjEyZuYGCCI9EGMwAjGYwgsIEPBWLsqG/////+v9Yv9G8ZIqVzHaq2lr4CZjx49OfCnvhzvt"
    "JxUoIpCgEA=="
)
ANIMATED = "/wpBBAMIiksCCAIIAABEAEsYixVCufCJAwAAAAAAAAAACAIEAEQASxiLFcJJQU5IAAAAAAAAAAA="  # 60, then 200
_ADOBE = (
    "/woBDkjhrWJATkwEEKZD3zR1QBF6ufM4lSZ3dIEz/WgRTW3hBTW7NThaamD01OD4nl9LWNA8JDQCkdHYiAzxNXcvomMHQOawOZcf4COeS2Wf1zjiBB4A"
    "FbgnCloVMpMjoYjPZjDp+EO8gsSnsCSUrFMiIdHhswkNUpNCZsnkDXEqIMGHAgsJlKQOJUggEQc+bAgxIMWEAhkWMrkRDirZDB6LwyexOJxvY1TChgEP"
    "Fhz4kHA9ndwD/5qfx5orMn7nCC+Gj2juBajXJTwWDyd1Aw0mw3FXkHYGBPKh/eaAsZ0D"
)
LOSSY_WITH_PROFILE = _ADOBE + (
    "ABKIAGQBv8ooAQBQoTLKuMHLuZ4vP3RYTNu4ztBW2xaWJIqMY5N0AocksQCiZxgMDODAW+apUrlaobGfRwAAbDgMFlBJIgWRt/u2RaAan4MdsGj1hgFC"
    "ywsGCC0XCgg="
)
LOSSLESS_WITH_PROFILE = _ADOBE.replace("/woBDkj", "/woBDgj") + "CAIBAIQASyg0Fn43ChIKSgIiimxQxg66cIEAAr5I7gDIfhHM8SEA"


def srgb_gray(linear: np.ndarray) -> np.ndarray:
    """sRGB codes of light from 0 to 1 (IEC 61966-2-1)."""
    return 255 * np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)


def decoded(file: str) -> Photo:
    return read(base64.b64decode(file))


class TestDescribedColours:
    @pytest.mark.parametrize(("file", "exponent"), [(LINEAR, 1), (SQUARE_ROOT, 2)])
    def test_linear_light_and_gamma_become_srgb(self, file, exponent):
        photo = decoded(file)
        assert np.abs(photo.luminance - srgb_gray((RAMP / 255) ** exponent)).max() <= 1.5
        assert photo.notes == ()

    def test_wide_primaries_are_applied(self):
        assert abs(decoded(RED_OF_P3).luminance.mean() - luminance_codes(RED).mean()) > 2

    def test_high_dynamic_range_is_brought_down_with_a_note(self):
        photo = decoded(PQ)
        assert photo.notes == ("its high dynamic range was brought into that of usual pictures",)
        assert (np.diff(photo.luminance[0].astype(int)) >= 0).all()
        assert photo.luminance[0, 32] > 150, "of PQ the middle is bright already"


class TestProfiles:
    def test_of_a_lossy_file_colours_are_known_without_it(self):
        photo = decoded(LOSSY_WITH_PROFILE)
        of_adobe_rgb = srgb_gray((RAMP / 255) ** (563 / 256))
        assert np.abs(photo.luminance - of_adobe_rgb)[:, 16:].max() < 4
        assert photo.notes == ("its 8 bits come as linear light, which has few dark tones",)

    def test_of_a_lossless_file_it_is_left_aside_with_a_note(self):
        photo = decoded(LOSSLESS_WITH_PROFILE)
        np.testing.assert_array_equal(photo.luminance, RAMP)
        assert photo.notes == ("its colour profile was ignored: in a JPEG XL only those of packed JPEG files are read",)

    @pytest.mark.parametrize("name", ["adobergb", "srgb"])
    def test_of_a_packed_jpeg_it_is_applied_as_in_the_jpeg(self, save, name):
        profile = bytes(imagecodecs.cms_profile(name))
        jpeg = save(np.dstack([RAMP] * 3), "JPEG", quality=98, subsampling=0, icc_profile=profile)
        packed = read(bytes(imagecodecs.jpegxl_encode_jpeg(jpeg)))
        assert np.abs(packed.luminance.astype(int) - read(jpeg).luminance).max() <= 2
        assert packed.notes == ()


@pytest.mark.parametrize("quality", [95, 100])
@pytest.mark.parametrize("channels", [3, 4])
def test_files_of_16_bits_that_are_written_say_srgb_and_come_out_as_such(tmp_path, quality, channels):
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)
    pixels = np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (64, 256, channels)))
    write(pixels, tmp_path / "out.jxl", quality=quality)
    head = read_jxl_head((tmp_path / "out.jxl").read_bytes())
    assert (head.bits, head.profile, head.has_profile) == (16, None, False)
    decoder = imagecodecs.jpegxl_decode((tmp_path / "out.jxl").read_bytes())
    assert np.abs(decoder.astype(int) - pixels).max() <= (0 if quality == 100 else 400)


def test_of_an_animation_it_is_said_which_frame_was_read():
    photo = decoded(ANIMATED)
    assert (photo.luminance == 200).all()
    assert photo.notes == ("the last frame of an animation was read",)


class TestAlpha:
    def test_colours_that_were_multiplied_by_it_are_restored(self):
        photo = decoded(PREMULTIPLIED)
        assert photo.alpha is not None
        assert (photo.alpha == 128).all()
        assert np.abs(photo.luminance.astype(int) - RAMP).max() <= 2

    def test_black_ink_is_refused_by_name(self):
        fields = [(0x0AFF, 16), (1, 1), (0, 5), (1, 3), (0, 1), (0, 1), (0, 3), (1, 1)]  # 8 x 8 pixels of 8 bits
        fields += [(1, 2), (0, 1), (2, 2), (4 - 2, 4), (0, 3), (0, 2), (0, 2)]  # one more channel: of kind 4, black
        fields += [(0, 1), (1, 1)]
        head, place = 0, 0
        for value, length in fields:
            head, place = head | value << place, place + length
        with pytest.raises(ImageError, match=r"printing inks \(CMYK\)"):
            read(head.to_bytes(32, "little"))
