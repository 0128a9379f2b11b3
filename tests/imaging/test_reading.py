"""What `read` promises about sources, formats and kinds of pixels."""

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from colorizer_hf.color import lightness_table, luminance_codes
from colorizer_hf.errors import ImageError
from colorizer_hf.imaging import read


def tiff(pixels: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, metadata=None, **options)
    return buffer.getvalue()


def with_png_chunk(png: bytes, kind: bytes, content: bytes) -> bytes:
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return png[:33] + chunk + png[33:]


class TestSources:
    @pytest.fixture
    def file(self, tmp_path, save, gray) -> Path:
        path = tmp_path / "photo.png"
        path.write_bytes(save(gray, "PNG"))
        return path

    @pytest.mark.parametrize("kind", ["path", "text", "file", "bytes", "bytearray", "memoryview", "pil", "array"])
    def test_every_kind_gives_the_same_codes(self, kind, file, gray):
        sources: dict[str, Any] = {
            "path": lambda: file,
            "text": lambda: str(file),
            "file": lambda: file.open("rb"),
            "bytes": file.read_bytes,
            "bytearray": lambda: bytearray(file.read_bytes()),
            "memoryview": lambda: memoryview(file.read_bytes()),
            "pil": lambda: Image.open(file),
            "array": lambda: gray,
        }
        source = sources[kind]()
        photo = read(source)
        if hasattr(source, "close"):
            source.close()
        np.testing.assert_array_equal(photo.luminance, gray)
        assert photo.luminance.dtype == np.uint8
        assert photo.alpha is None
        assert photo.size == (36, 24)

    def test_a_file_object_is_read_from_its_start_and_stays_open(self, file, gray):
        with file.open("rb") as opened:
            opened.seek(0, io.SEEK_END)
            np.testing.assert_array_equal(read(opened).luminance, gray)
            assert not opened.closed

    def test_a_pipe_is_read_although_it_cannot_go_back(self, file, gray):
        reading, writing = os.pipe()
        os.write(writing, file.read_bytes())
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            np.testing.assert_array_equal(read(pipe).luminance, gray)

    def test_a_pil_image_that_was_never_a_file_has_no_format(self, gray):
        photo = read(Image.fromarray(gray))
        assert photo.format is None
        assert photo.notes == ()

    def test_does_not_keep_the_callers_array(self, gray):
        photo = read(gray)
        before = photo.luminance.copy()
        gray[:] = 0
        np.testing.assert_array_equal(photo.luminance, before)

    @pytest.mark.parametrize("shape", ["hw", "hw1"])
    def test_arrays_of_floats_become_16_bit_codes(self, gray, shape):
        pixels = gray / 255
        photo = read(pixels if shape == "hw" else pixels[..., None])
        assert photo.luminance.dtype == np.uint16
        np.testing.assert_array_equal(photo.luminance, gray.astype(np.uint16) * 257)

    @pytest.mark.parametrize("dtype", [">u2", ">f4"])
    def test_the_order_of_bytes_in_an_array_plays_no_part(self, gray, dtype):
        codes = gray.astype(np.uint16) * 257
        pixels = codes if dtype == ">u2" else codes / 65535
        np.testing.assert_array_equal(read(pixels.astype(dtype)).luminance, codes)

    def test_arrays_of_bool_become_black_and_white(self, gray):
        np.testing.assert_array_equal(read(gray > 99).luminance, np.where(gray > 99, 255, 0))

    def test_color_arrays_give_luminance_and_alpha(self, color, gray):
        photo = read(np.dstack([color, gray]))
        np.testing.assert_array_equal(photo.luminance, luminance_codes(color))
        assert photo.alpha is not None
        np.testing.assert_array_equal(photo.alpha, gray)

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.bfloat16, torch.float16])
    def test_tensors_have_their_channels_first(self, color, dtype):
        tensor = torch.from_numpy(np.moveaxis(color, -1, 0).copy())
        tensor = tensor if dtype == torch.uint8 else (tensor / 255).to(dtype)
        codes = read(tensor).luminance
        expected = luminance_codes(color)
        assert codes.shape == expected.shape
        scale = 1 if dtype == torch.uint8 else 257
        assert np.abs(codes.astype(int) - expected.astype(int) * scale).max() <= (0 if scale == 1 else 600)

    def test_tensors_may_be_flat_or_need_gradients(self, gray):
        tensor = torch.from_numpy(gray / np.float32(255)).requires_grad_()
        np.testing.assert_array_equal(read(tensor).luminance, read(gray / np.float32(255)).luminance)

    @pytest.mark.parametrize("shape", [(4,), (4, 4, 2), (3, 4, 4, 3)])
    def test_arrays_of_other_shapes_are_refused(self, shape):
        with pytest.raises(ValueError, match=r"shape \(H, W\) or \(H, W, 1\|3\|4\), got"):
            read(np.zeros(shape, np.uint8))

    def test_tensors_with_channels_last_are_refused(self):
        with pytest.raises(ValueError, match=r"shape \(H, W\) or \(1\|3\|4, H, W\), got \(5, 6, 3\)"):
            read(torch.zeros(5, 6, 3))

    def test_arrays_of_no_numbers_are_refused(self):
        with pytest.raises(ValueError, match=r"pixels must be bool, integers or floats, got complex128"):
            read(np.zeros((4, 4), np.complex128))

    @pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u4", "u8", ">i4", torch.int64], ids=str)
    def test_other_integers_are_8_bit_codes_if_they_can_be(self, gray, dtype):
        codes = gray // 2
        photo = read(torch.from_numpy(codes).to(dtype) if isinstance(dtype, torch.dtype) else codes.astype(dtype))
        assert photo.luminance.dtype == np.uint8
        np.testing.assert_array_equal(photo.luminance, codes)

    @pytest.mark.parametrize("dtype", ["i4", "i8", "u4", "u8", ">i4"])
    def test_or_else_16_bit_codes(self, gray, dtype):
        codes = gray.astype(np.uint16) * 257
        np.testing.assert_array_equal(read(codes.astype(dtype)).luminance, codes)

    @pytest.mark.parametrize("top", [100, 4095])
    def test_dark_codes_of_16_bits_stay_dark(self, gray, top):
        codes = gray.astype(np.uint16) * top // 255
        photo = read(codes)
        np.testing.assert_array_equal(photo.luminance, codes)
        assert photo.luminance.dtype == np.uint16
        assert photo.notes == ()

    def test_levels_go_before_the_type(self, gray):
        np.testing.assert_array_equal(
            read(gray.astype(np.int64) * 10, levels=(0, 2550)).luminance, gray * np.uint16(257)
        )

    @pytest.mark.parametrize("address", ["https://example.com/old.jpg", "data:image/png;base64,AAAA", "s3://a/b.tif"])
    def test_addresses_are_not_fetched(self, address):
        with pytest.raises(ImageError, match=f"{address}: it is an address, and nothing is fetched; download"):
            read(address)

    @pytest.mark.parametrize("name", ["A" * 200_000, "data:image/png;base64," + "A" * 200_000], ids=["path", "address"])
    def test_a_long_name_is_not_repeated(self, name):
        with pytest.raises(ImageError) as caught:
            read(name)
        assert len(str(caught.value)) < 250

    def test_other_objects_are_refused(self):
        with pytest.raises(TypeError, match=r"source must be a path, file, .* got int"):
            read(3)  # ty: ignore[invalid-argument-type]

    def test_a_file_in_text_mode_is_refused(self, file):
        with file.open(encoding="latin-1") as text, pytest.raises(TypeError, match="binary mode"):
            read(text)

    def test_does_not_import_torch(self, file):
        code = (
            f"import sys; from colorizer_hf.imaging import read; read({str(file)!r}); assert 'torch' not in sys.modules"
        )
        subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


class TestFormats:
    @pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "GIF", "WEBP", "JPEG"])
    def test_reads_gray_pixels_as_they_are(self, format, save, gray):
        options = {"lossless": True} if format == "WEBP" else {}
        data = save(gray, format, **options)
        photo = read(data)
        np.testing.assert_array_equal(photo.luminance, np.asarray(Image.open(io.BytesIO(data)).convert("L")))
        if format != "JPEG":
            np.testing.assert_array_equal(photo.luminance, gray)
        assert photo.format == format

    def test_reads_heic(self, save, gray):
        pillow_heif = pytest.importorskip("pillow_heif")
        buffer = io.BytesIO()
        smooth = np.tile(np.arange(64, dtype=np.uint8) * 4, (64, 1))
        pillow_heif.from_pillow(Image.fromarray(smooth)).save(buffer, quality=95)
        photo = read(buffer.getvalue())
        assert photo.format == "HEIC"
        assert np.abs(photo.luminance.astype(int) - smooth).max() <= 6

    def test_without_pillow_heif_names_the_extra(self, monkeypatch, tmp_path):
        monkeypatch.setitem(sys.modules, "pillow_heif", None)
        path = tmp_path / "photo.heic"
        path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
        with pytest.raises(ImageError, match=r"photo\.heic: .*pip install 'colorizer_hf\[heic\]'"):
            read(path)

    def test_goes_by_content_not_by_name(self, tmp_path, save, gray):
        path = tmp_path / "photo.jpg"
        path.write_bytes(save(gray, "PNG"))
        assert read(path).format == "PNG"
        np.testing.assert_array_equal(read(path).luminance, gray)

    def test_of_an_animated_gif_reads_the_first_frame_and_says_so(self, save, gray):
        first, second = Image.fromarray(gray), Image.fromarray(255 - gray)
        photo = read(save(first, "GIF", save_all=True, append_images=[second]))
        np.testing.assert_array_equal(photo.luminance, gray)
        assert photo.notes == ("frame 1 of 2 was read",)

    @pytest.mark.parametrize("format", ["PNG", "WEBP"])
    def test_of_other_animations_too(self, format, save, gray):
        frames = [Image.fromarray(gray).convert("RGB"), Image.fromarray(255 - gray).convert("RGB")]
        photo = read(save(frames[0], format, save_all=True, append_images=frames[1:], lossless=True))
        np.testing.assert_array_equal(photo.luminance, gray)
        assert photo.notes == ("frame 1 of 2 was read",)

    def test_of_several_pictures_in_a_heic_reads_the_main_one_and_says_which(self, gray):
        pillow_heif = pytest.importorskip("pillow_heif")
        pictures = pillow_heif.from_pillow(Image.new("RGB", (36, 24)))
        pictures.add_from_pillow(Image.fromarray(gray).convert("RGB"))
        buffer = io.BytesIO()
        pictures.save(buffer, quality=-1, primary_index=1)
        photo = read(buffer.getvalue())
        assert np.abs(photo.luminance.astype(int) - gray).mean() < 2
        assert photo.notes == ("frame 2 of 2 was read",)

    @pytest.mark.parametrize("bits", [8, 16])
    def test_of_a_multi_page_tiff_reads_the_first_page_and_says_so(self, bits, gray):
        buffer = io.BytesIO()
        dtype = np.dtype(f"u{bits // 8}")
        with tifffile.TiffWriter(buffer) as writer:
            for page in range(3):
                writer.write(
                    gray.astype(dtype) * (257 if bits == 16 else 1) + dtype.type(page), photometric="minisblack"
                )
        photo = read(buffer.getvalue())
        np.testing.assert_array_equal(photo.luminance, gray.astype(dtype) * (257 if bits == 16 else 1))
        assert photo.notes == ("page 1 of 3 was read",)


class TestKindsOfPixels:
    """Each of Pillow's modes, through a file that keeps it."""

    def test_1_bit_is_black_and_white(self, save, gray):
        expected = np.where(gray > 99, 255, 0)
        np.testing.assert_array_equal(read(save(gray > 99, "PNG")).luminance, expected)

    def test_gray_with_alpha(self, save, gray):
        image = Image.merge("LA", [Image.fromarray(gray), Image.fromarray(255 - gray)])
        photo = read(save(image, "PNG"))
        np.testing.assert_array_equal(photo.luminance, gray)
        np.testing.assert_array_equal(photo.alpha, 255 - gray)

    def test_gray_with_a_transparent_code(self, save, gray):
        photo = read(save(gray, "PNG", transparency=int(gray[0, 0])))
        np.testing.assert_array_equal(photo.luminance, gray)
        np.testing.assert_array_equal(photo.alpha, np.where(gray == gray[0, 0], 0, 255))

    def test_color_with_a_transparent_code(self, save, color):
        photo = read(save(color, "PNG", transparency=tuple(int(value) for value in color[0, 0])))
        np.testing.assert_array_equal(photo.luminance, luminance_codes(color))
        assert photo.alpha is not None
        assert photo.alpha[0, 0] == 0
        assert photo.alpha[1:].min() == 255

    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    def test_color_becomes_luminance(self, mode, save, color):
        photo = read(save(Image.fromarray(color).convert(mode), "PNG"))
        np.testing.assert_array_equal(photo.luminance, luminance_codes(color))
        assert (photo.alpha is not None) == (mode == "RGBA")

    def test_equal_red_green_and_blue_are_their_own_codes(self, save, gray):
        np.testing.assert_array_equal(read(save(np.dstack([gray] * 3), "PNG")).luminance, gray)

    def test_palette(self, save, color):
        image = Image.fromarray(color).quantize(16)
        expected = luminance_codes(np.asarray(image.convert("RGB")))
        np.testing.assert_array_equal(read(save(image, "PNG")).luminance, expected)

    @pytest.mark.parametrize("transparency", [3, bytes([0, 128, 255])], ids=["index", "table"])
    def test_palette_with_transparency(self, save, color, transparency):
        image = Image.fromarray(color).quantize(16)
        data = save(image, "PNG", transparency=transparency)
        photo = read(data)
        expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
        np.testing.assert_array_equal(photo.alpha, expected[..., 3])
        np.testing.assert_array_equal(photo.luminance, luminance_codes(np.ascontiguousarray(expected[..., :3])))

    def test_cmyk_without_a_profile(self, save):
        ink = np.zeros((8, 8, 4), np.uint8)
        ink[:, 4:, 3] = 255  # black
        data = save(Image.frombytes("CMYK", (8, 8), ink.tobytes()), "TIFF")
        codes = read(data).luminance
        assert codes[:, :4].min() == 255
        assert codes[:, 4:].max() == 0

    def test_cmyk_jpeg_of_photoshop_is_not_a_negative(self, save):
        white = Image.new("CMYK", (16, 16))  # Pillow writes CMYK JPEG the way Adobe does, inverted and marked
        assert read(save(white, "JPEG")).luminance.min() >= 254

    def test_ycbcr(self, color):
        image = Image.fromarray(color).convert("YCbCr")
        expected = luminance_codes(np.asarray(image.convert("RGB")))
        np.testing.assert_array_equal(read(image).luminance, expected)

    def test_lab_gives_the_gray_of_its_lightness(self, gray):
        lab = np.dstack([gray, np.full_like(gray, 200), gray])
        codes = read(tiff(lab, photometric="cielab")).luminance
        lightness = lightness_table(np.uint8)[codes]
        assert np.abs(lightness - gray / 255).max() < 0.01

    @pytest.mark.parametrize("mode", ["La", "RGBa", "RGBX", "HSV", "PA"])
    def test_modes_that_only_exist_in_memory(self, mode, color):
        base = {"La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "HSV": "RGB", "PA": "P"}[mode]
        image = Image.fromarray(color).convert(base).convert(mode)
        assert read(image).size == (36, 24)

    def test_floats_of_pil_are_scaled_by_how_far_they_go(self, gray):
        codes = read(Image.fromarray(gray).convert("F")).luminance
        np.testing.assert_array_equal(codes, gray.astype(np.uint16) * 257)


class TestSixteenBits:
    @pytest.fixture
    def deep(self) -> np.ndarray:
        return np.random.default_rng(2).integers(0, 65536, (24, 36), dtype=np.uint16)

    @pytest.fixture
    def deep_color(self) -> np.ndarray:
        return np.random.default_rng(3).integers(0, 65536, (24, 36, 3), dtype=np.uint16)

    def test_gray_png(self, save, deep):
        photo = read(save(deep, "PNG"))
        assert photo.luminance.dtype == np.uint16
        np.testing.assert_array_equal(photo.luminance, deep)

    def test_gray_png_with_a_transparent_code(self, save, deep):
        data = with_png_chunk(save(deep, "PNG"), b"tRNS", struct.pack(">H", deep[0, 0]))
        photo = read(data)
        np.testing.assert_array_equal(photo.luminance, deep)
        np.testing.assert_array_equal(photo.alpha, np.where(deep == deep[0, 0], 0, 65535))

    def test_color_png_keeps_the_precision_that_pillow_drops(self, deep_color):
        photo = read(bytes(imagecodecs.png_encode(deep_color)))
        np.testing.assert_array_equal(photo.luminance, luminance_codes(deep_color))

    @pytest.mark.parametrize("channels", [2, 4])
    def test_png_with_alpha(self, deep, deep_color, channels):
        pixels = np.dstack([deep if channels == 2 else deep_color, deep])
        photo = read(bytes(imagecodecs.png_encode(pixels)))
        np.testing.assert_array_equal(photo.alpha, deep)
        np.testing.assert_array_equal(photo.luminance, deep if channels == 2 else luminance_codes(deep_color))

    @pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
    @pytest.mark.parametrize("byteorder", ["<", ">"])
    def test_gray_tiff(self, deep, compression, byteorder):
        photo = read(tiff(deep, compression=compression, byteorder=byteorder))
        assert photo.luminance.dtype == np.uint16
        np.testing.assert_array_equal(photo.luminance, deep)

    @pytest.mark.parametrize("planar", ["contig", "separate"])
    def test_color_tiff(self, deep_color, planar):
        pixels = deep_color if planar == "contig" else np.moveaxis(deep_color, -1, 0).copy()
        photo = read(tiff(pixels, photometric="rgb", planarconfig=planar, compression="zlib"))
        np.testing.assert_array_equal(photo.luminance, luminance_codes(deep_color))

    def test_color_tiff_with_alpha(self, deep, deep_color):
        photo = read(tiff(np.dstack([deep_color, deep]), photometric="rgb", extrasamples=["unassalpha"]))
        np.testing.assert_array_equal(photo.luminance, luminance_codes(deep_color))
        np.testing.assert_array_equal(photo.alpha, deep)

    def test_color_tiff_with_premultiplied_alpha(self, deep_color):
        alpha = np.full(deep_color.shape[:2], 16384, np.uint16)
        pixels = np.dstack([deep_color // 4, alpha])
        photo = read(tiff(pixels, photometric="rgb", extrasamples=["assocalpha"]))
        error = np.abs(photo.luminance.astype(int) - luminance_codes(deep_color))
        assert np.percentile(error, 90) < 40
        np.testing.assert_array_equal(photo.alpha, alpha)

    def test_white_is_zero(self, deep):
        np.testing.assert_array_equal(read(tiff(deep, photometric="miniswhite")).luminance, 65535 - deep)

    @pytest.mark.parametrize("mode", ["I;16", "I;16B", "I"])
    def test_pil_images(self, deep, mode):
        image = Image.frombytes("I;16B", (36, 24), deep.astype(">u2").tobytes()) if mode == "I;16B" else None
        image = image or Image.fromarray(deep if mode == "I;16" else deep.astype(np.int32))
        assert image.mode == mode
        np.testing.assert_array_equal(read(image).luminance, deep)

    def test_pil_integers_of_8_bits_stay_8_bits(self, gray):
        photo = read(Image.fromarray(gray).convert("I"))
        assert photo.luminance.dtype == np.uint8
        np.testing.assert_array_equal(photo.luminance, gray)


class TestOddTiffs:
    @pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits"])
    @pytest.mark.parametrize("layout", ["strips", "tiles", "planes", "big-endian", "bigtiff"])
    def test_every_layout_of_color(self, color, compression, layout):
        options = {
            "strips": {"rowsperstrip": 5},
            "tiles": {"tile": (16, 16)},
            "planes": {"planarconfig": "separate"},
            "big-endian": {"byteorder": ">"},
            "bigtiff": {"bigtiff": True},
        }[layout]
        pixels = np.moveaxis(color, -1, 0).copy() if layout == "planes" else color
        photo = read(tiff(pixels, photometric="rgb", compression=compression, **options))
        np.testing.assert_array_equal(photo.luminance, luminance_codes(color))

    @pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits"])
    def test_white_is_zero(self, gray, compression):
        photo = read(tiff(gray, photometric="miniswhite", compression=compression))
        np.testing.assert_array_equal(photo.luminance, 255 - gray)

    @pytest.mark.parametrize("compression", ["raw", "group3", "group4", "tiff_ccitt", "tiff_lzw"])
    def test_1_bit(self, save, gray, compression):
        data = save(gray > 99, "TIFF", compression=compression)
        np.testing.assert_array_equal(read(data).luminance, np.where(gray > 99, 255, 0))

    @pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
    def test_1_bit_of_either_polarity(self, gray, photometric):
        bits = gray > 99
        expected = bits if photometric == "minisblack" else ~bits
        data = tiff(bits, photometric=photometric)
        np.testing.assert_array_equal(read(data).luminance, np.where(expected, 255, 0))

    @pytest.mark.parametrize("bits", [2, 4])
    def test_few_bits_fill_the_range(self, gray, bits):
        codes = gray >> (8 - bits)
        expected = codes * (255 // (2**bits - 1))
        np.testing.assert_array_equal(
            read(tiff(codes, bitspersample=bits, photometric="minisblack")).luminance, expected
        )

    def test_bits_in_reversed_order(self):
        data = struct.pack("<2sHI H", b"II", 42, 8, 9)
        for tag, value in [(256, 8), (257, 1), (258, 1), (259, 1), (262, 1), (266, 2), (273, 122), (278, 1), (279, 1)]:
            data += struct.pack("<HHII", tag, 4, 1, value)
        codes = read(data + bytes(4) + bytes([0b00000111])).luminance
        np.testing.assert_array_equal(codes, [[255, 255, 255, 0, 0, 0, 0, 0]])

    @pytest.mark.parametrize("channels", [1, 2, 4])
    def test_alpha_and_cmyk(self, gray, color, channels):
        pixels = np.dstack([gray, gray[::-1]]) if channels == 2 else np.dstack([color, gray])
        if channels == 1:
            codes = read(tiff(pixels, photometric="separated")).luminance
            np.testing.assert_array_equal(codes, read(Image.frombytes("CMYK", (36, 24), pixels.tobytes())).luminance)
            return
        kind = "minisblack" if channels == 2 else "rgb"
        photo = read(tiff(pixels, photometric=kind, planarconfig="contig", extrasamples=["unassalpha"]))
        np.testing.assert_array_equal(photo.alpha, pixels[..., -1])
        np.testing.assert_array_equal(photo.luminance, gray if channels == 2 else luminance_codes(color))

    @pytest.mark.parametrize("channels", [1, 3])
    def test_jpeg_inside(self, channels):
        smooth = np.tile(np.arange(64, dtype=np.uint8) * 4, (64, 1))
        pixels = smooth if channels == 1 else np.dstack([smooth] * 3)
        codes = read(tiff(pixels, compression="jpeg", photometric="minisblack" if channels == 1 else "rgb")).luminance
        assert np.abs(codes.astype(int) - smooth).max() <= 8

    def test_palette(self, gray):
        colors = np.random.default_rng(4).integers(0, 256, (3, 256), dtype=np.uint16) * 257
        photo = read(tiff(gray, photometric="palette", colormap=colors))
        expected = luminance_codes((colors // 257).astype(np.uint8).T[gray])
        np.testing.assert_array_equal(photo.luminance, expected)

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_floats_from_0_to_1(self, gray, dtype):
        codes = read(tiff((gray / 255).astype(dtype))).luminance
        assert codes.dtype == np.uint16
        assert np.abs(codes.astype(int) - gray.astype(int) * 257).max() <= (40 if dtype == np.float16 else 0)

    @pytest.mark.parametrize("top", [255, 65535])
    def test_floats_that_go_further(self, gray, top):
        codes = read(tiff(gray / np.float32(255) * top)).luminance
        assert np.abs(codes.astype(int) - gray.astype(int) * 257).max() <= 1

    def test_floats_in_color(self, color):
        codes = read(tiff(color / np.float32(255), photometric="rgb")).luminance
        np.testing.assert_array_equal(codes, luminance_codes(color.astype(np.uint16) * 257))

    def test_overshoot_is_cut_off(self):
        codes = read(tiff(np.array([[-0.01, 0.5, 1.2]], np.float32))).luminance
        np.testing.assert_array_equal(codes, [[0, 32768, 65535]])

    @pytest.mark.parametrize("value", [-3.0, 1e9])
    def test_floats_that_are_no_brightness_are_refused(self, value):
        with pytest.raises(ImageError, match=r"no brightnesses; save it with 0\.\.1"):
            read(tiff(np.array([[0, value]], np.float32)))

    @pytest.mark.parametrize("bits", [10, 12])
    def test_bits_between_8_and_16_fill_the_range(self, bits):
        codes = np.array([[0, 2**bits - 1]], np.uint16)
        np.testing.assert_array_equal(read(tiff(codes, bitspersample=bits)).luminance, [[0, 65535]])

    def test_32_bits_keep_their_upper_half(self):
        np.testing.assert_array_equal(
            read(tiff(np.array([[0, 2**32 - 1, 3 << 16]], np.uint32))).luminance, [[0, 65535, 3]]
        )

    def test_an_unknown_kind_is_refused_by_its_name(self):
        with pytest.raises(ImageError, match=r"of this kind .*CFA"):
            read(tiff(np.zeros((4, 4), np.uint16), photometric="cfa", extratags=[(33421, 3, 2, (2, 2), True)]))
