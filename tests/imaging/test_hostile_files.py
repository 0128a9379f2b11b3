"""What `read` promises about files that are damaged, or lie, or are not there."""

import io
import os
import struct
import threading
import warnings
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from colorizer_hf.errors import ImageError
from colorizer_hf.imaging import read


def png_claiming(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and ends where its pixels would begin."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    header = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + header + struct.pack(">I", 1000) + b"IDAT"


def jpeg_claiming(width: int, height: int) -> bytes:
    """A real JPEG whose header says another size."""
    buffer = io.BytesIO()
    Image.new("L", (8, 8)).save(buffer, "JPEG")
    data = buffer.getvalue()
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def tiff_claiming(width: int, height: int, **tags: int) -> bytes:
    """A TIFF header of an 8-bit gray picture with one strip."""
    entries = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: max(1, height), 279: 16}
    entries |= {int(tag[1:]): value for tag, value in tags.items()}
    packed = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(entries.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(4)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """A small file of each kind, with everything in it that can break."""
    gray = np.random.default_rng(0).integers(0, 256, (24, 36), dtype=np.uint8)
    color = np.dstack([gray, gray[::-1], gray[:, ::-1]])
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    exif[0x8769] = {0x9003: "1931:05:06 07:08:09"}
    profile = bytes(imagecodecs.cms_profile("gray", gamma=1.8))
    files = {}
    for name, pixels, format, options in [
        ("jpeg", gray, "JPEG", {"icc_profile": profile, "xmp": b"<x tiff:Orientation='6'/>"}),
        ("progressive jpeg", color, "JPEG", {"progressive": True}),
        ("png", gray, "PNG", {"icc_profile": profile}),
        ("png with alpha", np.dstack([color, gray]), "PNG", {}),
        ("webp", color, "WEBP", {}),
        ("bmp", color, "BMP", {}),
        ("gif", gray, "GIF", {"save_all": True, "append_images": [Image.fromarray(255 - gray)]}),
        ("tiff", gray, "TIFF", {}),
        ("tiff lzw", color, "TIFF", {"compression": "tiff_lzw"}),
        ("tiff jpeg", color, "TIFF", {"compression": "jpeg"}),
        ("tiff group4", gray > 99, "TIFF", {"compression": "group4"}),
    ]:
        buffer = io.BytesIO()
        block = {} if "tiff " in name or format in ("BMP", "GIF") else {"exif": exif.tobytes()}
        Image.fromarray(pixels).save(buffer, format, **options, **block)
        files[name] = buffer.getvalue()
    files["png 16"] = bytes(imagecodecs.png_encode(color.astype(np.uint16) * 257))
    tiff_options: dict[str, Any] = {"tiff 16": {"compression": "zlib"}, "tiff tiles": {"tile": (16, 16)}}
    for name, options in tiff_options.items():
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, color.astype(np.uint16) * 257, photometric="rgb", iccprofile=profile, **options)
        files[name] = buffer.getvalue()
    deep = color.astype(np.uint16) * 257
    encoders: list[tuple[str, Any, dict[str, Any]]] = [
        ("jpeg 12", imagecodecs.jpeg8_encode, {"bitspersample": 12}),
        ("jpeg lossless", imagecodecs.jpeg8_encode, {"lossless": True, "bitspersample": 12}),
        ("jpeg ls", imagecodecs.jpegls_encode, {}),
        ("avif 10", imagecodecs.avif_encode, {"bitspersample": 10}),
        ("jpeg 2000 12", imagecodecs.jpeg2k_encode, {"level": 0, "bitspersample": 12}),
        ("jpeg xl 12", imagecodecs.jpegxl_encode, {"lossless": True, "bitspersample": 12, "usecontainer": True}),
    ]
    for name, encode, options in encoders:
        bits = options.get("bitspersample", 16)
        files[name] = bytes(encode(deep >> (16 - bits), **options))
    for name, format in [("avif", "AVIF"), ("jpeg 2000", "JPEG2000"), ("tga", "TGA"), ("pnm", "PPM"), ("mpo", "MPO")]:
        buffer = io.BytesIO()
        if format == "MPO":
            Image.fromarray(color).save(buffer, format, save_all=True, append_images=[Image.fromarray(255 - gray)])
        else:
            Image.fromarray(color).save(buffer, format)
        files[name] = buffer.getvalue()
    for name, pixels in [("tiff floats", gray / np.float32(255)), ("tiff signed", gray.astype(np.int16))]:
        buffer = io.BytesIO()
        with tifffile.TiffWriter(buffer) as writer:
            named = [(281, 3, 1, 255, True), (42113, 2, 0, "0", True)]
            writer.write(pixels[::4, ::4], subfiletype=1, subifds=1)
            writer.write(pixels, extratags=named)
        files[name] = buffer.getvalue()
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 64), "gray")).save(buffer)
    return files | {"heic": buffer.getvalue()}


class TestPlacesWhereNoPictureIs:
    def test_a_missing_file(self, tmp_path):
        with pytest.raises(ImageError, match=r"gone\.jpg: there is no such file; check the name"):
            read(tmp_path / "gone.jpg")

    def test_a_folder_named_like_a_picture(self, tmp_path):
        (tmp_path / "photos.jpg").mkdir()
        with pytest.raises(ImageError, match=r"photos\.jpg: it is a folder; name the pictures in it"):
            read(tmp_path / "photos.jpg")

    def test_a_link_to_nowhere(self, tmp_path):
        (tmp_path / "link.jpg").symlink_to(tmp_path / "nowhere.jpg")
        with pytest.raises(ImageError, match=r"link\.jpg: it is a link to .*nowhere\.jpg, which does not exist"):
            read(tmp_path / "link.jpg")

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may read everything")
    def test_a_file_without_permission(self, tmp_path):
        path = tmp_path / "secret.jpg"
        path.write_bytes(b"x")
        path.chmod(0)
        with pytest.raises(ImageError, match=r"secret\.jpg: you are not allowed to read it"):
            read(path)

    def test_a_name_that_no_file_can_have(self):
        with pytest.raises(ImageError, match="it cannot be opened"):
            read("photo\0.jpg")

    def test_an_empty_file(self, tmp_path):
        (tmp_path / "empty.jpg").touch()
        with pytest.raises(ImageError, match=r"empty\.jpg: it is empty; copy or download it again"):
            read(tmp_path / "empty.jpg")

    @pytest.mark.parametrize("content", [b"a shopping list", b"\0" * 64, b"%PDF-1.7", b"\x89PNG", b"<svg/>"])
    def test_something_else_named_like_a_picture(self, tmp_path, content):
        (tmp_path / "list.png").write_bytes(content)
        with pytest.raises(ImageError, match=r"list\.png: it is not a picture of a format that is read here"):
            read(tmp_path / "list.png")


class TestSizes:
    @pytest.mark.parametrize("data", [png_claiming, jpeg_claiming, tiff_claiming], ids=["png", "jpeg", "tiff"])
    def test_more_pixels_than_the_limit_are_refused_by_the_header_alone(self, data):
        with pytest.raises(ImageError, match=r"65500 x 65500 pixels, more than the limit of 200,000,000"):
            read(data(65500, 65500))

    @pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
    @pytest.mark.parametrize("data", [png_claiming, tiff_claiming], ids=["png", "tiff"])
    def test_no_pixels_are_refused(self, data, size):
        with pytest.raises(ImageError):
            read(data(*size))

    def test_0_by_0_tiff_is_named(self):
        with pytest.raises(ImageError, match=r"it has no pixels \(0 x 0\)"):
            read(tiff_claiming(0, 0))

    def test_the_limit_holds_for_every_source(self, gray):
        for source in (gray, Image.fromarray(gray)):
            with pytest.raises(ImageError, match="36 x 24 pixels, more than the limit of 863"):
                read(source, max_pixels=36 * 24 - 1)
            assert read(source, max_pixels=36 * 24).size == (36, 24)

    def test_the_limit_is_the_callers_and_not_pillows(self, save, monkeypatch):
        data = save(Image.new("L", (3000, 3000)), "PNG")
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4_000_000)
        with pytest.raises(Image.DecompressionBombError):
            Image.open(io.BytesIO(data))
        assert read(data).size == (3000, 3000)
        assert Image.MAX_IMAGE_PIXELS == 4_000_000

    def test_tiles_beyond_the_limit_are_refused(self):
        data = tiff_claiming(8, 8, t258=16, t322=65520, t323=65520, t324=8, t325=64)
        with pytest.raises(ImageError, match="tiles of 65520 x 65520"):
            read(data)

    def test_several_widths_at_once_are_damage(self, gray):
        """Arithmetic with such a width would fill the memory."""
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, gray, tile=(16, 16))
        data = bytearray(buffer.getvalue())
        with tifffile.TiffFile(io.BytesIO(data)) as tiff:
            at = tiff.pages.first.tags["TileWidth"].offset
        data[at + 4 : at + 12] = struct.pack("<II", 3, 8)  # three values, read from the start of the file
        with pytest.raises(ImageError, match="damaged"):
            read(bytes(data))

    def test_thousands_of_samples_per_pixel_are_refused(self):
        with pytest.raises(ImageError):
            read(tiff_claiming(1000, 1000, t258=16, t277=65535))


class TestDamage:
    @pytest.mark.parametrize(
        "name", ["jpeg", "progressive jpeg", "png", "png 16", "bmp", "tiff", "tiff lzw", "tiff 16"]
    )
    def test_a_file_cut_in_half_is_called_damaged(self, files, name, tmp_path):
        path = tmp_path / "half"
        path.write_bytes(files[name][: len(files[name]) // 2])
        with pytest.raises(ImageError, match="half: it is damaged or cut off; copy or download it again"):
            read(path)

    @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_any_damage_is_read_or_called_an_image_error(self, files, data):
        name = data.draw(st.sampled_from(sorted(files)))
        content = bytearray(files[name])
        for _ in range(data.draw(st.integers(0, 4))):
            at = data.draw(st.integers(0, len(content) - 1) | st.integers(0, min(200, len(content) - 1)))
            content[at] = data.draw(st.integers(0, 255) | st.sampled_from([0, 1, 127, 128, 255]))
        if data.draw(st.booleans()):
            del content[data.draw(st.integers(0, len(content))) :]
        with suppress(ImageError):
            photo = read(bytes(content), max_pixels=100_000)
            assert 0 < photo.luminance.size <= 100_000

    def test_out_of_memory_is_not_called_damage(self, monkeypatch, gray):
        def exhausted(*_: object) -> None:
            raise MemoryError

        monkeypatch.setattr(np, "empty", exhausted)
        with pytest.raises(MemoryError):
            read(gray)

    def test_pillows_warnings_stay_inside(self, save, gray):
        exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\xff\xff\0\0\x00\x10\0\0\0\0\0\0"  # a text beyond the end
        data = save(gray, "JPEG", exif=exif)
        before = list(warnings.filters)
        threads = [threading.Thread(target=read, args=(data,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert read(data).size == (36, 24)
        assert list(warnings.filters) == before

    def test_messages_are_one_sentence_without_the_decoders_words(self, files):
        with pytest.raises(ImageError) as caught:
            read(files["png"][:60])
        assert "\n" not in str(caught.value)
        assert caught.value.__cause__ is not None, "kept for --debug"


def test_a_pil_image_of_a_damaged_file_is_named(tmp_path: Path, save, gray):
    path = tmp_path / "cut.png"
    path.write_bytes(save(gray, "PNG")[:300])
    with Image.open(path) as image, pytest.raises(ImageError, match=r"cut\.png: it is damaged or cut off"):
        read(image)
