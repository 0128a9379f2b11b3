"""Colour profiles: what a file's numbers mean decides which gray they are."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, ImageCms

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


def in_adobe_rgb(pixels: np.ndarray) -> np.ndarray:
    """sRGB codes of 8 bits of grays as 16-bit numbers of Adobe RGB, whose curve is a power of the light."""
    share = pixels / 255
    light = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    return np.rint(light ** (256 / 563) * 65535).astype(np.uint16)


GRAYS = np.dstack([RAMP] * 3)


class TestExif:
    """Cameras may name Adobe RGB by the rules of the file (InteroperabilityIndex) and add no profile."""

    @pytest.mark.parametrize(("rules", "is_adobe_rgb"), [("R03", True), ("R98", False)])
    def test_adobe_rgb_that_is_only_named_is_converted(self, save, color, rules, is_adobe_rgb):
        exif = Image.Exif()
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.IFD.Interop] = {1: rules}
        options = {"quality": 98, "subsampling": 0}
        photo = read(save(color, "JPEG", exif=exif.tobytes(), **options))
        with_profile = read(save(color, "JPEG", icc_profile=adobe_rgb(), **options))
        without = read(save(color, "JPEG", **options))
        np.testing.assert_array_equal(photo.luminance, (with_profile if is_adobe_rgb else without).luminance)


class TestBmp:
    def file(self, kind: bytes, profile: bytes) -> bytes:
        """A BMP of GRAYS in Adobe RGB with the newest header (BITMAPV5HEADER)."""
        rows = np.rint(in_adobe_rgb(GRAYS)[::-1, :, ::-1] / 257).astype(np.uint8).tobytes()
        header = struct.pack("<IiiHHIIiiII", 124, 256, 8, 1, 24, 0, len(rows), 2835, 2835, 0, 0) + bytes(16) + kind
        header = header.ljust(108, b"\0") + struct.pack("<4I", 4, 124 + len(rows), len(profile), 0)
        return b"BM" + struct.pack("<III", 138 + len(rows) + len(profile), 0, 138) + header + rows + profile

    def test_a_profile_inside_is_applied(self):
        photo = read(self.file(b"DEBM", adobe_rgb()))
        assert np.abs(photo.luminance.astype(int) - RAMP).max() <= 2
        assert photo.notes == ()

    def test_one_in_another_file_is_named(self):
        assert read(self.file(b"KNIL", b"c:\\a.icc\0")).notes == (
            "its colour profile was ignored: it lies in another file",
        )

    def test_a_damaged_one_is_ignored_with_a_note(self):
        assert "its colour profile was ignored" in read(self.file(b"DEBM", adobe_rgb()[:100])).notes[0]


class TestJpeg2000:
    def file(self, colors: bytes, pixels: np.ndarray) -> bytes:
        """A JP2 whose `colr` box says something else."""
        file = bytes(imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="jp2", reversible=True))
        at, around = file.index(b"colr") - 4, file.index(b"jp2h") - 4
        (length,), (length_around,) = struct.unpack_from(">I", file, at), struct.unpack_from(">I", file, around)
        around_now = struct.pack(">I", length_around + len(colors) + 8 - length)
        new = struct.pack(">I", len(colors) + 8) + b"colr" + colors
        return file[:around] + around_now + file[around + 4 : at] + new + file[at + length :]

    @pytest.mark.parametrize("method", [2, 3])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_restricted_and_other_profiles_are_applied(self, method, dtype):
        pixels = np.rint(in_adobe_rgb(GRAYS) / (65535 / np.iinfo(dtype).max)).astype(dtype)
        photo = read(self.file(bytes([method, 0, 0]) + adobe_rgb(), pixels))
        assert np.abs(photo.luminance / np.iinfo(dtype).max * 255 - RAMP).mean() < 0.5  # without it 2.4
        assert photo.notes == ()

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_gray_ones_are_applied_once_and_to_all_bits(self, dtype):
        ramp = RAMP if dtype == np.uint8 else DEEP_RAMP
        codes = read(self.file(b"\2\0\0" + gray_profile(1.8), ramp)).luminance
        top = np.iinfo(dtype).max
        assert codes.dtype == dtype
        assert np.abs(codes / top - srgb_gray((ramp / top) ** 1.8)).max() <= 1.5 / 255

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_kinds_of_colours_that_are_not_known_are_named(self, dtype):
        photo = read(self.file(struct.pack(">BBBI", 1, 0, 0, 21), GRAYS.astype(dtype)))
        assert "its colours, of the kind 21, were taken for sRGB" in photo.notes


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
