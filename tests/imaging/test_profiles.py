"""Colour profiles: what a file's numbers mean decides which gray they are."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from colorizer_hf.color import luminance_codes
from colorizer_hf.imaging import read
from colorizer_hf.imaging.profiles import srgb_profile

RAMP = np.tile(np.arange(256, dtype=np.uint8), (8, 1))
DEEP_RAMP = np.tile(np.arange(0, 65536, 16, dtype=np.uint16), (4, 1))


def srgb_gray(linear: np.ndarray) -> np.ndarray:
    """sRGB transfer function, 0..1 -> 0..1 (IEC 61966-2-1)."""
    return np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)


def gray_profile(gamma: float) -> bytes:
    return bytes(imagecodecs.cms_profile("gray", gamma=gamma))


def adobe_rgb() -> bytes:
    return bytes(imagecodecs.cms_profile("adobergb"))


class TestGrayPictures:
    @pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
    def test_a_gray_profile_is_applied(self, save, gamma):
        codes = read(save(RAMP, "PNG", icc_profile=gray_profile(gamma))).luminance
        expected = srgb_gray((RAMP / 255) ** gamma) * 255
        assert np.abs(codes - expected).max() <= 1.5

    def test_a_gray_profile_is_applied_with_16_bit_precision(self, save):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, DEEP_RAMP, iccprofile=gray_profile(1.8))
        codes = read(buffer.getvalue()).luminance
        expected = srgb_gray((DEEP_RAMP / 65535) ** 1.8) * 65535
        assert np.abs(codes - expected).max() <= 65535 / 255 / 8
        assert len(np.unique(codes)) > 3500

    def test_an_srgb_profile_changes_nothing(self, save):
        np.testing.assert_array_equal(
            read(save(RAMP, "JPEG", quality=100, icc_profile=srgb_profile())).luminance,
            np.asarray(Image.open(io.BytesIO(save(RAMP, "JPEG", quality=100)))),
        )

    def test_a_profile_for_color_counts_by_its_tone_curve(self, save):
        codes = read(save(RAMP, "PNG", icc_profile=adobe_rgb())).luminance  # gamma 563/256
        assert np.abs(codes - srgb_gray((RAMP / 255) ** (563 / 256)) * 255).max() <= 2


class TestColorPictures:
    def test_adobe_rgb_is_converted(self, save, color):
        photo = read(save(color, "PNG", icc_profile=adobe_rgb()))
        transform = ImageCms.buildTransform(
            io.BytesIO(adobe_rgb()),
            ImageCms.createProfile("sRGB"),
            "RGB",
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
        expected = luminance_codes(np.asarray(ImageCms.applyTransform(Image.fromarray(color), transform)))
        assert np.abs(photo.luminance.astype(int) - expected).max() <= 1
        assert np.abs(photo.luminance.astype(int) - luminance_codes(color)).max() > 3

    def test_16_bits_are_converted_with_their_precision(self, color):
        deep = color.astype(np.uint16) * 257
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, deep, photometric="rgb", iccprofile=adobe_rgb())
        codes = read(buffer.getvalue()).luminance
        assert codes.dtype == np.uint16
        assert len(np.unique(codes)) > 500

    @pytest.mark.parametrize("profile", ["ours", "pillow"])
    def test_an_srgb_profile_changes_nothing(self, save, color, profile):
        data = (
            srgb_profile() if profile == "ours" else ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        )
        np.testing.assert_array_equal(read(save(color, "PNG", icc_profile=data)).luminance, luminance_codes(color))

    def test_transparency_is_not_touched(self, save, color, gray):
        photo = read(save(np.dstack([color, gray]), "PNG", icc_profile=adobe_rgb()))
        np.testing.assert_array_equal(photo.alpha, gray)

    def test_palettes_are_converted(self, save, color):
        image = Image.fromarray(color).quantize(16)
        with_profile = read(save(image, "PNG", icc_profile=adobe_rgb())).luminance
        plain = read(save(image.convert("RGB"), "PNG", icc_profile=adobe_rgb())).luminance
        np.testing.assert_array_equal(with_profile, plain)

    def test_a_pil_image_brings_its_profile_along(self, save, color):
        data = save(color, "PNG", icc_profile=adobe_rgb())
        np.testing.assert_array_equal(read(Image.open(io.BytesIO(data))).luminance, read(data).luminance)


def cmyk_profile(white: int) -> bytes:
    """A printer profile: L* is `white` of 255 on bare paper, 0 where any ink is full, in between linear; no colour."""
    corners = np.zeros((2, 2, 2, 2, 3), np.uint8)
    corners[..., 1:] = 128
    corners[0, 0, 0, 0, 0] = white
    identity = np.arange(256, dtype=np.uint8).tobytes()
    matrix = np.array([65536, 0, 0, 0, 65536, 0, 0, 0, 65536], ">i4").tobytes()
    table = b"mft1\0\0\0\0\4\3\2\0" + matrix + identity * 4 + corners.tobytes() + identity * 3
    white_point = b"XYZ \0\0\0\0" + np.array([63190, 65536, 54061], ">i4").tobytes()
    tags = [(b"A2B0", table), (b"A2B1", table), (b"wtpt", white_point)]
    at, index, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags:
        content += bytes(-len(content) % 4)
        index += name + struct.pack(">II", at + len(body), len(content))
        body += content
    header = struct.pack(">I4xI4s4s4s12x4s24x", at + len(body), 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    header += np.array([63190, 65536, 54061], ">i4").tobytes()
    return header.ljust(128, b"\0") + index + body


class TestInkPictures:
    @pytest.mark.parametrize("format", ["JPEG", "TIFF"])
    def test_a_cmyk_profile_is_applied(self, save, format):
        ink = np.zeros((16, 32, 4), np.uint8)
        ink[:, :16, 3] = 128
        ink[:, 16:, 3] = 255
        image = Image.frombytes("CMYK", (32, 16), ink.tobytes())
        codes = read(save(image, format, icc_profile=cmyk_profile(white=128))).luminance
        half = 255 * srgb_gray(np.array(((25 + 16) / 116) ** 3))  # the gray of L* 25; without the profile 127
        assert np.abs(codes[:, :8] - half).max() <= 2
        assert codes[:, 24:].max() <= 3

    def test_a_damaged_cmyk_profile_is_ignored_with_a_note(self, save):
        photo = read(save(Image.new("CMYK", (8, 8)), "TIFF", icc_profile=cmyk_profile(white=128)[:200]))
        assert photo.luminance.min() == 255
        assert photo.notes == ("its colour profile was ignored: the profile is damaged",)


class TestUselessProfiles:
    @pytest.mark.parametrize("length", [0, 20, 128, 300])
    def test_a_damaged_one_is_ignored_with_a_note(self, save, gray, length):
        photo = read(save(gray, "PNG", icc_profile=(gray_profile(1.8)[:length] + b"\xff" * 40)))
        if length == 300:  # cut behind the curve: some are still readable
            return
        np.testing.assert_array_equal(photo.luminance, gray)
        assert len(photo.notes) == 1
        assert photo.notes[0].startswith("its colour profile was ignored: ")

    def test_one_for_another_kind_of_picture_is_ignored_with_a_note(self, save, color):
        photo = read(save(color, "PNG", icc_profile=gray_profile(1.8)))
        np.testing.assert_array_equal(photo.luminance, luminance_codes(color))
        assert "its colour profile was ignored: the profile is made for another kind of picture" in photo.notes


def test_our_own_tag_is_the_same_every_time():
    srgb_profile.cache_clear()
    first = srgb_profile()
    srgb_profile.cache_clear()
    assert srgb_profile() == first
    assert ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(first)))
