"""What `read` promises about the many kinds of JPEG, PNG and TIFF files, and about rarer formats."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from colorizer_hf.color import luminance_codes
from colorizer_hf.errors import ImageError
from colorizer_hf.imaging import SUFFIXES, WRITTEN, read
from tests.imaging.chunks import chunk, with_chunks

ENDED = "its end mark is missing; all its pixels are there"


def in_bits(pixels: np.ndarray, bits: int) -> np.ndarray:
    """8-bit codes as numbers of more bits."""
    return np.rint(pixels / 255 * (2**bits - 1)).astype(np.uint16)


def assert_near(codes: np.ndarray, expected: np.ndarray, within: float = 0) -> None:
    """Codes of 8 or 16 bits against some of 8."""
    top = np.iinfo(codes.dtype).max
    assert np.abs(codes.astype(float) / top * 255 - expected).mean() <= within


@pytest.fixture
def smooth() -> np.ndarray:
    """(32, 64) uint8 that lossy formats keep."""
    rows, columns = np.mgrid[:32, :64]
    return (rows * 4 + columns * 2).astype(np.uint8)


class TestSuffixes:
    @pytest.mark.parametrize("suffix", [".jfif", ".jpe", ".jif", ".mpo"])
    def test_all_that_jpeg_files_are_called(self, suffix):
        assert SUFFIXES[suffix] == "JPEG"

    def test_some_formats_are_only_read(self):
        assert {suffix for suffix, format in SUFFIXES.items() if format not in WRITTEN} >= {".tga", ".pgm", ".dng"}


class TestJpeg:
    @pytest.mark.parametrize("mode", ["gray", "color"])
    def test_of_12_bits(self, smooth, mode):
        pixels = in_bits(smooth, 12)
        pixels = pixels if mode == "gray" else np.dstack([pixels] * 3)
        photo = read(bytes(imagecodecs.jpeg8_encode(pixels, level=95, bitspersample=12)))
        assert photo.luminance.dtype == np.uint16
        assert_near(photo.luminance, smooth, within=1)
        assert photo.format == "JPEG"

    @pytest.mark.parametrize("bits", [8, 12, 14, 16])
    def test_lossless(self, gray, bits):
        pixels = gray if bits == 8 else in_bits(gray, bits)
        photo = read(bytes(imagecodecs.jpeg8_encode(pixels, lossless=True, bitspersample=bits)))
        assert photo.luminance.dtype == (np.uint8 if bits == 8 else np.uint16)
        assert_near(photo.luminance, gray, within=0.03)
        assert photo.notes == ()

    def test_near_lossless_ones_of_the_ls_kind(self, gray):
        np.testing.assert_array_equal(read(bytes(imagecodecs.jpegls_encode(gray))).luminance, gray)

    def test_unusual_ones_keep_their_metadata(self, smooth):
        exif = Image.Exif()
        exif[0x0112], exif[0x010F] = 6, "Maker"
        block = b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0")
        file = bytes(imagecodecs.jpeg8_encode(in_bits(smooth, 12), bitspersample=12))
        file = file[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + file[2:]
        photo = read(file)
        assert photo.size == (32, 64), "upright"
        assert photo.metadata.exif_tags()[0x010F] == "Maker"

    def test_a_hierarchical_one_is_named(self, save, gray):
        file = bytearray(save(gray, "JPEG"))
        file[file.index(b"\xff\xc0") + 1] = 0xC5
        with pytest.raises(ImageError, match="hierarchical or differential JPEG"):
            read(bytes(file))

    def test_of_two_components_is_named(self, save, gray):
        file = bytearray(save(gray, "JPEG"))
        at = file.index(b"\xff\xc0")
        file[at + 1], file[at + 9] = 0xC9, 2
        with pytest.raises(ImageError, match="a JPEG of 2 components"):
            read(bytes(file))

    @pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str)
    @pytest.mark.parametrize("missing", [1, 2])
    def test_only_its_end_mark_is_missing(self, save, color, options, missing):
        file = save(color, "JPEG", quality=95, **options)
        photo = read(file[:-missing])
        np.testing.assert_array_equal(photo.luminance, read(file).luminance)
        assert ENDED in photo.notes

    @pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str)
    @pytest.mark.parametrize("missing", [6, 40, 300])
    def test_pixels_that_are_missing_are_not_made_up(self, save, color, options, missing):
        file = save(color, "JPEG", quality=95, **options)
        with pytest.raises(ImageError, match="damaged or cut off"):
            read(file[:-missing])

    def test_cut_off_before_a_restart_mark_it_is_refused(self, save, color):
        file = save(color, "JPEG", restart_marker_rows=1)
        last = max(file.rfind(bytes([0xFF, mark])) for mark in range(0xD0, 0xD8))
        for end in (last, last + 2):
            with pytest.raises(ImageError, match="damaged or cut off"):
                read(file[:end])

    @pytest.mark.parametrize(
        "segment", [b"\xed\0\x12Photoshop 3.0\0\0\0", b"\xed\0\x1cPhotoshop 3.0\x008BIM\4\4\xff\0\0\0\0\0"]
    )
    def test_damaged_metadata_are_left_out_with_a_note_or_unseen(self, save, gray, segment):
        file = save(gray, "JPEG")
        photo = read(file[:2] + b"\xff" + segment + file[2:])
        np.testing.assert_array_equal(photo.luminance, read(file).luminance)


class TestPng:
    @pytest.fixture(params=["gray", "color", "deep color"])
    def picture(self, request, save, gray, color) -> bytes:
        if request.param == "deep color":
            return bytes(imagecodecs.png_encode(color.astype(np.uint16) * 257))
        return save(gray if request.param == "gray" else color, "PNG")

    @pytest.mark.parametrize("behind", [False, True])
    def test_texts_that_are_too_long_or_damaged_do_not_stand_before_the_pixels(self, picture, behind, capfd):
        expected = read(picture).luminance
        bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3_000_000)))
        long = chunk(b"iTXt", b"Comment\0\0\0\0\0" + b"word " * 400_000)
        wrong_sum = chunk(b"tEXt", b"Title\0Harvest", is_sound=False)
        for file in (with_chunks(picture, each, behind=behind) for each in (bomb, long, wrong_sum)):
            photo = read(file)
            np.testing.assert_array_equal(photo.luminance, expected)
        assert capfd.readouterr() == ("", "")

    def test_what_was_left_out_is_said(self, save, gray):
        photo = read(with_chunks(save(gray, "PNG"), chunk(b"tEXt", b"Title\0Harvest", is_sound=False)))
        assert "left out" in photo.notes[0]

    @pytest.mark.parametrize("kind", [b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"acTL", b"iCCP", b"tIME", b"eXIf", b"bKGD"])
    @pytest.mark.parametrize("content", [b"", b"\0", b"\xff" * 7])
    def test_neither_do_other_damaged_chunks(self, picture, kind, content):
        photo = read(with_chunks(picture, chunk(kind, content)))
        np.testing.assert_array_equal(photo.luminance, read(picture).luminance)

    def test_damaged_pixels_stay_damaged(self, save, gray):
        file = bytearray(save(gray, "PNG"))
        file[file.index(b"IDAT") + 20] ^= 255
        with pytest.raises(ImageError, match="damaged or cut off"):
            read(with_chunks(bytes(file), chunk(b"tEXt", b"Title\0Harvest", is_sound=False)))

    def gamma(self, value: float) -> bytes:
        return chunk(b"gAMA", struct.pack(">I", round(value * 100_000)))

    @pytest.mark.parametrize("kind", ["gray", "color", "palette"])
    def test_gamma_is_applied(self, save, kind):
        light = np.arange(256, dtype=np.uint8).reshape(16, 16)
        image = Image.fromarray(light)
        image = {"gray": image, "color": image.convert("RGB"), "palette": image.convert("P")}[kind]
        codes = read(with_chunks(save(image, "PNG"), self.gamma(1.0))).luminance
        share = light / 255
        expected = np.where(share <= 0.0031308, 12.92 * share, 1.055 * share ** (1 / 2.4) - 0.055) * 255
        assert np.abs(codes - expected).max() <= 1.5

    def test_of_pictures_that_pillow_opened_too(self, save, gray):
        file = with_chunks(save(gray, "PNG"), self.gamma(1.0))
        with Image.open(io.BytesIO(file)) as image:
            np.testing.assert_array_equal(read(image).luminance, read(file).luminance)

    def test_of_16_bits_precisely(self, save):
        light = np.linspace(0, 65535, 4096).astype(np.uint16).reshape(64, 64)
        codes = read(with_chunks(save(light, "PNG"), self.gamma(1.0))).luminance
        share = light / 65535
        expected = np.where(share <= 0.0031308, 12.92 * share, 1.055 * share ** (1 / 2.4) - 0.055) * 65535
        assert np.abs(codes - expected).max() <= 65

    def test_the_gamma_that_stands_for_srgb_changes_nothing(self, save, gray):
        np.testing.assert_array_equal(read(with_chunks(save(gray, "PNG"), self.gamma(0.45455))).luminance, gray)

    def test_the_mark_of_srgb_goes_before_gamma(self, save, gray):
        file = with_chunks(save(gray, "PNG"), self.gamma(1.0), chunk(b"sRGB", b"\0"))
        np.testing.assert_array_equal(read(file).luminance, gray)

    def test_so_does_a_profile(self, save, gray):
        file = save(gray, "PNG", icc_profile=bytes(imagecodecs.cms_profile("gray", gamma=1.8)))
        np.testing.assert_array_equal(read(with_chunks(file, self.gamma(1.0))).luminance, read(file).luminance)

    def test_primaries_are_applied_with_it(self, save, color):
        wide = (31270, 32900, 70800, 29200, 17000, 79700, 13100, 4600)  # of ITU-R BT.2020
        file = with_chunks(save(color, "PNG"), self.gamma(0.45455), chunk(b"cHRM", struct.pack(">8I", *wide)))
        codes = read(file).luminance
        assert np.abs(codes.astype(int) - luminance_codes(color)).max() > 3

    @pytest.mark.parametrize("value", [0.0, 0.00001, 42949.0])
    def test_a_senseless_gamma_is_ignored(self, save, gray, value):
        np.testing.assert_array_equal(read(with_chunks(save(gray, "PNG"), self.gamma(value))).luminance, gray)


class TestTiff:
    @pytest.mark.parametrize("top", [255, 65535])
    def test_colour_maps_of_8_and_of_16_bits(self, gray, top):
        ramp = np.linspace(0, top, 256).astype(np.uint16)
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, gray, photometric="palette", colormap=np.stack([ramp] * 3))
        np.testing.assert_array_equal(read(buffer.getvalue()).luminance, gray)

    def test_a_big_endian_bigtiff(self, gray):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, gray.astype(np.uint16) * 257, bigtiff=True, byteorder=">", compression="zlib")
        np.testing.assert_array_equal(read(buffer.getvalue()).luminance, gray.astype(np.uint16) * 257)

    @pytest.mark.parametrize("planar", ["contig", "separate"])
    def test_ycbcr_without_jpeg(self, color, planar):
        ycbcr = np.asarray(Image.fromarray(color).convert("YCbCr"))
        buffer = io.BytesIO()
        pixels = ycbcr if planar == "contig" else np.moveaxis(ycbcr, -1, 0).copy()
        tifffile.imwrite(buffer, pixels, photometric="ycbcr", planarconfig=planar)
        expected = luminance_codes(np.asarray(Image.fromarray(ycbcr, "YCbCr").convert("RGB")))
        assert_near(read(buffer.getvalue()).luminance, expected, within=1)

    def test_of_gray_its_y(self, gray):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, np.dstack([gray, *[np.full_like(gray, 128)] * 2]), photometric="ycbcr")
        np.testing.assert_array_equal(read(buffer.getvalue()).luminance, gray)

    @pytest.mark.parametrize("claim", [(2, 2), (0, 255), None])
    def test_how_many_samples_of_colour_there_are_tells_the_amount_of_data(self, gray, claim):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, np.dstack([gray, *[np.full_like(gray, 128)] * 2]), photometric="ycbcr")
        file = bytearray(buffer.getvalue())
        with tifffile.TiffFile(io.BytesIO(file)) as written:
            tag: Any = written.pages.first.tags[530]
        if claim is None:
            file[tag.offset : tag.offset + 2] = struct.pack("<H", 531)
        else:
            file[tag.valueoffset : tag.valueoffset + 4] = struct.pack("<2H", *claim)
        np.testing.assert_array_equal(read(bytes(file)).luminance, gray)

    def test_ycbcr_with_fewer_samples_of_colour(self, smooth):
        units = np.empty((16, 32, 6), np.uint8)  # four Y, then Cb and Cr
        units[..., :4] = np.stack([smooth[y::2, x::2] for y in (0, 1) for x in (0, 1)], axis=-1)
        units[..., 4:] = 128
        tags = {256: (3, 1, 64), 257: (3, 1, 32), 258: (3, 3, 146), 259: (3, 1, 1), 262: (3, 1, 6), 273: (4, 1, 152)}
        tags |= {277: (3, 1, 3), 278: (3, 1, 32), 279: (4, 1, units.size), 284: (3, 1, 1), 530: (3, 2, 2 | 2 << 16)}
        entries = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in sorted(tags.items()))
        file = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
        file += struct.pack("<3H", 8, 8, 8)
        assert len(file) == 152
        assert_near(read(file + units.tobytes()).luminance, smooth, within=0.5)


def pnm(kind: str, pixels: np.ndarray, top: int | float | None) -> bytes:
    height, width = pixels.shape[:2]
    numbers = f"{width} {height}" + ("" if top is None else f"\n{top}")
    return f"{kind}\n# scanned in 1931\n{numbers}\n".encode() + pixels.tobytes()


class TestPnm:
    def test_gray_and_colour_of_8_bits(self, gray, color):
        np.testing.assert_array_equal(read(pnm("P5", gray, 255)).luminance, gray)
        photo = read(pnm("P6", color, 255))
        np.testing.assert_array_equal(photo.luminance, luminance_codes(color))
        assert photo.format == "PNM"

    def test_of_16_bits(self, color):
        deep = np.random.default_rng(5).integers(0, 65536, (24, 36, 3), dtype=np.uint16)
        np.testing.assert_array_equal(read(pnm("P6", deep.astype(">u2"), 65535)).luminance, luminance_codes(deep))

    @pytest.mark.parametrize("top", [100, 1000, 4095])
    def test_the_largest_number_is_white(self, gray, top):
        pixels = np.rint(gray / 255 * top).astype(">u2" if top > 255 else "u1")
        photo = read(pnm("P5", pixels, top))
        assert_near(photo.luminance, gray, within=1)
        assert photo.notes == ()

    def test_black_and_white(self, gray):
        dark = gray < 99
        packed = np.packbits(dark, axis=1)
        file = b"P4 36 24\n" + packed.tobytes()
        np.testing.assert_array_equal(read(file).luminance, np.where(dark, 0, 255))

    def test_written_out(self, gray, color):
        for kind, pixels in (("P2", gray), ("P3", color)):
            text = " ".join(str(number) for number in pixels.ravel())
            file = f"{kind} 36 24 255\n# pixels\n{text}\n".encode()
            np.testing.assert_array_equal(read(file).luminance, read(pixels).luminance)
        digits = "".join("1" if number < 99 else "0" for number in gray.ravel())
        np.testing.assert_array_equal(read(f"P1 36 24\n{digits}".encode()).luminance, np.where(gray < 99, 0, 255))

    def test_pam_with_alpha(self, color, gray):
        head = b"P7\nWIDTH 36\nHEIGHT 24\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
        photo = read(head + np.dstack([color, gray]).tobytes())
        np.testing.assert_array_equal(photo.luminance, luminance_codes(color))
        np.testing.assert_array_equal(photo.alpha, gray)

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_floats_from_the_bottom_up(self, gray, order):
        pixels = (gray[::-1] / 255).astype(f"{order}f4")
        np.testing.assert_array_equal(
            read(pnm("Pf", pixels, -1.0 if order == "<" else 1.0)).luminance, gray.astype(np.uint16) * 257
        )

    @pytest.mark.parametrize(
        "file", [b"P5 36 24 255\n123", b"P5 36", b"P6 36 24 99999\n", b"P7\nWIDTH 3\n", b"P2 2 1 9 1", b"P2 2 1 9 1 x"]
    )
    def test_what_is_cut_off_or_senseless_is_damaged(self, file):
        with pytest.raises(ImageError, match="damaged or cut off"):
            read(file)


class TestTga:
    @pytest.mark.parametrize("compression", [None, "tga_rle"])
    @pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1"])
    def test_every_kind(self, save, color, mode, compression):
        image = Image.fromarray(color).convert(mode)
        if mode == "1" and compression:
            pytest.skip("Pillow writes none")
        photo = read(save(image, "TGA", compression=compression))
        np.testing.assert_array_equal(photo.luminance, read(image).luminance)
        assert photo.format == "TGA"


def jxl(pixels: np.ndarray, bits: int) -> Any:
    """A JPEG XL; the encoder takes numbers of more than 8 bits, and floats, for linear light."""
    if pixels.dtype != np.uint8:
        top = 1 if pixels.dtype == np.float32 else 2**bits - 1
        share = pixels / top
        light = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
        if pixels.ndim == 3:
            light[..., 3:] = share[..., 3:]  # alpha
        pixels = (light * top + 0.5 * (top > 1)).astype(pixels.dtype)
    return imagecodecs.jpegxl_encode(pixels, lossless=True, bitspersample=bits)


ENCODERS: dict[str, Callable[..., Any]] = {
    "AVIF": lambda pixels, bits: imagecodecs.avif_encode(pixels, level=98, bitspersample=bits),
    "JPEG2000": lambda pixels, bits: imagecodecs.jpeg2k_encode(pixels, level=0, bitspersample=bits),
    "JXL": jxl,
}


class TestModernFormats:
    """Each of them keeps the bits that it has."""

    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize(
        ("format", "bits"),
        [(format, bits) for format in ENCODERS for bits in (8, 10, 12, 16) if (format, bits) != ("AVIF", 16)],
    )
    def test_gray_and_colour_of_all_depths(self, smooth, format, bits, channels):
        pixels = smooth if bits == 8 else in_bits(smooth, bits)
        pixels = pixels if channels == 1 else np.dstack([pixels] * 3)
        photo = read(bytes(ENCODERS[format](pixels, bits)))
        assert photo.format == format
        assert photo.luminance.dtype == (np.uint8 if bits == 8 else np.uint16)
        assert_near(photo.luminance, smooth, within={"AVIF": 1.0, "JXL": 0.2}.get(format, 0.1))
        assert photo.notes == ()

    @pytest.mark.parametrize("format", ["AVIF", "JXL"])
    @pytest.mark.parametrize("bits", [8, 10])
    def test_alpha(self, smooth, format, bits):
        channels = [np.full_like(smooth, 100)] * 3 + [smooth]
        pixels = np.dstack(channels) if bits == 8 else in_bits(np.dstack(channels), bits)
        photo = read(bytes(ENCODERS[format](pixels, bits)))
        assert photo.alpha is not None
        assert_near(photo.alpha, smooth, within=1)

    @pytest.mark.parametrize("channels", [1, 3, 4])
    def test_heic_of_10_bits(self, channels):
        pillow_heif = pytest.importorskip("pillow_heif")
        ramp = np.tile(np.linspace(0, 65535, 1024), (64, 1)).astype(np.uint16)
        pixels = ramp if channels == 1 else np.ascontiguousarray(np.dstack([ramp] * channels))
        buffer = io.BytesIO()
        mode = {1: "L;16", 3: "RGB;16", 4: "RGBA;16"}[channels]
        pillow_heif.from_bytes(mode=mode, size=(1024, 64), data=pixels.tobytes()).save(buffer, quality=98)
        photo = read(buffer.getvalue())
        assert photo.luminance.dtype == np.uint16
        assert np.abs(photo.luminance - ramp.astype(int)).mean() < 200
        assert photo.luminance.max() == 65535
        assert len(np.unique(photo.luminance)) > 600, "more than 8 bits"

    def test_alpha_of_jpeg_2000(self, save, smooth):
        image = Image.merge("LA", [Image.fromarray(smooth), Image.fromarray(255 - smooth)])
        photo = read(save(image, "JPEG2000"))
        np.testing.assert_array_equal(photo.luminance, smooth)
        np.testing.assert_array_equal(photo.alpha, 255 - smooth)

    def test_jpeg_2000_without_a_container(self, smooth):
        file = bytes(imagecodecs.jpeg2k_encode(in_bits(smooth, 16), level=0, codecformat="j2k"))
        assert file.startswith(b"\xff\x4f")
        np.testing.assert_array_equal(read(file).luminance, in_bits(smooth, 16))

    def test_jpeg_xl_in_a_container_and_lossy(self, smooth):
        file = bytes(imagecodecs.jpegxl_encode(np.dstack([smooth] * 3), level=95, usecontainer=True))
        assert_near(read(file).luminance, smooth, within=1.5)

    def test_floats_of_jpeg_xl(self, smooth):
        codes = read(bytes(jxl((smooth / 255).astype(np.float32), 32))).luminance
        assert codes.dtype == np.uint16
        assert_near(codes, smooth, within=0.1)

    @pytest.mark.parametrize("format", ENCODERS)
    def test_cut_in_half_is_damaged(self, gray, format):
        file = bytes(ENCODERS[format](gray, 8))
        with pytest.raises(ImageError, match="damaged or cut off"):
            read(file[: len(file) // 2])

    @pytest.mark.parametrize("format", ENCODERS)
    @pytest.mark.parametrize("bits", [8, 10])
    def test_too_many_pixels_are_refused(self, smooth, format, bits):
        pixels = smooth if bits == 8 else in_bits(smooth, bits)
        with pytest.raises(ImageError, match="64 x 32 pixels, more than the limit of 2,000"):
            read(bytes(ENCODERS[format](pixels, bits)), max_pixels=2000)

    @pytest.mark.parametrize("size", [(5, 5), (64, 64), (1, 300), (3000, 1), (640, 480), (513, 257)])
    def test_the_head_of_a_jpeg_xl_says_its_size(self, size):
        width, height = size
        file = bytes(imagecodecs.jpegxl_encode(np.zeros((height, width), np.uint8), lossless=True))
        with pytest.raises(ImageError, match=f"it has {width} x {height} pixels, more than the limit of 1"):
            read(file, max_pixels=1)

    def test_exif_turns_avif_and_jpeg_2000_upright(self, smooth, save):
        exif = Image.Exif()
        exif[0x0112] = 6
        assert read(save(np.dstack([smooth] * 3), "AVIF", exif=exif.tobytes())).size == (32, 64)
