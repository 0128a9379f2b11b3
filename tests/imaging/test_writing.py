"""What `write` promises about pixels, formats and files."""

import errno
import io
import os
import stat
import threading
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageCms
from PIL.JpegImagePlugin import JpegImageFile

from colorizer_hf.color import luminance_codes
from colorizer_hf.errors import ImageError
from colorizer_hf.imaging import SUFFIXES, WRITTEN, read, write


@pytest.fixture
def deep() -> np.ndarray:
    """(24, 36, 3) uint16."""
    return np.random.default_rng(5).integers(0, 65536, (24, 36, 3), dtype=np.uint16)


def pillow(path: Path | io.BytesIO) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def smooth_picture() -> np.ndarray:
    """(64, 96, 3) uint8 that every codec can follow."""
    rows, columns = np.mgrid[0:64, 0:96]
    return np.stack([rows * 4, columns * 2, 255 - rows * 3], axis=-1).astype(np.uint8)


class TestFormats:
    @pytest.mark.parametrize("suffix", [suffix for suffix, format in SUFFIXES.items() if format in WRITTEN])
    def test_every_suffix_gives_a_file_of_its_format(self, tmp_path, suffix):
        if SUFFIXES[suffix] == "HEIC":
            pytest.importorskip("pillow_heif")
        path = tmp_path / f"out{suffix.upper()}"
        pixels = smooth_picture()
        write(pixels, path)
        photo = read(path)
        assert photo.format == SUFFIXES[suffix]
        error = np.abs(photo.luminance.astype(int) - luminance_codes(pixels))
        assert error.mean() < (6 if photo.format == "GIF" else 2)

    @pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
    def test_lossless_formats_keep_8_bits_exactly(self, tmp_path, color, suffix):
        write(color, tmp_path / f"out{suffix}")
        np.testing.assert_array_equal(pillow(tmp_path / f"out{suffix}"), color)

    @pytest.mark.parametrize("suffix", [".png", ".tif"])
    def test_png_and_tiff_keep_8_bit_alpha_exactly(self, tmp_path, color, gray, suffix):
        pixels = np.dstack([color, gray])
        write(pixels, tmp_path / f"out{suffix}")
        np.testing.assert_array_equal(pillow(tmp_path / f"out{suffix}"), pixels)

    @settings(max_examples=25, deadline=None)
    @given(
        pixels=hnp.arrays(
            np.uint16,
            st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([3, 4])),
            elements=st.integers(0, 65535),
        )
    )
    def test_png_and_tiff_keep_16_bits_exactly(self, pixels):
        png, tiff = io.BytesIO(), io.BytesIO()
        write(pixels, png, format="PNG")
        write(pixels, tiff, format="TIFF")
        np.testing.assert_array_equal(imagecodecs.png_decode(png.getvalue()), pixels)
        np.testing.assert_array_equal(tifffile.imread(io.BytesIO(tiff.getvalue())), pixels)

    @pytest.mark.parametrize("suffix", [".jxl", ".jp2"])
    @pytest.mark.parametrize("channels", [3, 4])
    def test_jpeg_xl_and_jpeg_2000_keep_16_bits_and_at_full_quality_exactly(self, tmp_path, deep, suffix, channels):
        pixels = np.dstack([deep, deep[..., 0]])[..., :channels]
        write(pixels, tmp_path / f"out{suffix}", quality=100)
        decode = {".jxl": imagecodecs.jpegxl_decode, ".jp2": imagecodecs.jpeg2k_decode}[suffix]
        np.testing.assert_array_equal(decode((tmp_path / f"out{suffix}").read_bytes()), pixels)

    @pytest.mark.parametrize(("suffix", "bits"), [(".avif", 12), (".heic", 10)])
    @pytest.mark.parametrize("channels", [3, 4])
    def test_avif_and_heic_keep_as_many_bits_as_they_can(self, tmp_path, suffix, bits, channels):
        if suffix == ".heic":
            pytest.importorskip("pillow_heif")
        ramp = np.linspace(20_000, 24_000, 256).astype(np.uint16)  # 16 shades of 8 bits
        pixels = np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (64, 256, channels)))
        assert write(pixels, tmp_path / f"out{suffix}") == ()
        photo = read(tmp_path / f"out{suffix}")
        shades = 2**bits * 4_000 // 65_536
        assert photo.luminance.dtype == np.uint16
        assert len(np.unique(photo.luminance)) > shades // 2 > 16
        assert np.abs(photo.luminance.astype(int) - ramp).mean() < 100
        assert (photo.alpha is None) == (channels == 3)

    @pytest.mark.parametrize("suffix", [".jpg", ".webp", ".bmp", ".gif"])
    def test_other_formats_round_16_bits_to_8_and_say_so(self, tmp_path, suffix):
        pixels = smooth_picture()
        assert write(pixels, tmp_path / f"8{suffix}") == ()
        deep = np.minimum(pixels * np.uint32(257) + 100, 65535).astype(np.uint16)
        notes = write(deep, tmp_path / f"16{suffix}")
        assert notes == (f"a {SUFFIXES[suffix]} has 8 bits for each colour, fewer than the picture",)
        np.testing.assert_array_equal(pillow(tmp_path / f"16{suffix}"), pillow(tmp_path / f"8{suffix}"))

    def test_rounding_goes_to_the_nearest(self, tmp_path):
        codes = np.array([0, 128, 129, 257, 385, 386, 65406, 65407, 65535], np.uint16)
        pixels = np.repeat(codes[None, :, None], 3, axis=2)
        write(pixels, tmp_path / "out.bmp")
        np.testing.assert_array_equal(pillow(tmp_path / "out.bmp")[0, :, 0], np.rint(codes / 257))

    @pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_formats_without_transparency_lay_the_picture_on_white(self, tmp_path, suffix, dtype):
        top = np.iinfo(dtype).max
        pixels = np.zeros((16, 48, 4), dtype)
        pixels[:, 16:32, 3] = top // 2
        pixels[:, 32:, 3] = top
        on_white = f"a {SUFFIXES[suffix]} has no transparency, so the picture lies on white"
        assert on_white in write(pixels, tmp_path / f"out{suffix}", quality=100)
        assert on_white not in write(np.full_like(pixels, top), tmp_path / f"opaque{suffix}")
        flat = pillow(tmp_path / f"out{suffix}")
        assert flat[:, :12].min() >= 253
        assert np.abs(flat[:, 20:28].astype(int) - 128).max() <= 2
        assert flat[:, 36:].max() <= 2

    def test_gif_keeps_what_is_fully_transparent(self, tmp_path, color):
        alpha = np.full(color.shape[:2], 255, np.uint8)
        alpha[:10] = 0
        write(np.dstack([color, alpha]), tmp_path / "out.gif")
        photo = read(tmp_path / "out.gif")
        assert photo.alpha is not None
        np.testing.assert_array_equal(photo.alpha, alpha)

    def test_quality_decides_about_size(self, tmp_path, color):
        for suffix in (".jpg", ".webp", ".avif", ".jxl", ".jp2"):
            sizes = []
            for quality in (30, 95):
                write(color, tmp_path / f"out{suffix}", quality=quality)
                sizes.append((tmp_path / f"out{suffix}").stat().st_size)
            assert sizes[0] < sizes[1]

    def test_high_quality_jpeg_keeps_chroma_at_full_size(self, tmp_path, color):
        write(color, tmp_path / "out.jpg")
        with JpegImageFile(tmp_path / "out.jpg") as image:
            assert all(component[1:3] == (1, 1) for component in vars(image)["layer"])

    @pytest.mark.parametrize("suffix", [".jpg", ".webp", ".tif"])
    def test_files_are_marked_as_srgb(self, tmp_path, color, suffix):
        write(color, tmp_path / f"out{suffix}")
        with Image.open(tmp_path / f"out{suffix}") as image:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_png_is_marked_as_srgb(self, color, dtype):
        buffer = io.BytesIO()
        write(color.astype(dtype), buffer, format="PNG")
        assert Image.open(buffer).info["srgb"] == 1

    def test_the_same_pixels_give_the_same_bytes(self, color):
        for format in ("JPEG", "PNG", "TIFF", "WEBP"):
            first, second = io.BytesIO(), io.BytesIO()
            write(color, first, format=format)
            write(color, second, format=format)
            assert first.getvalue() == second.getvalue()

    @pytest.mark.parametrize("order", ["turned", "mirrored", "channels first"])
    def test_views_are_written_as_they_look(self, tmp_path, color, order):
        view = {
            "turned": np.rot90(color),
            "mirrored": color[:, ::-1],
            "channels first": np.moveaxis(np.moveaxis(color, -1, 0).copy(), 0, -1),
        }[order]
        for suffix in (".png", ".tif", ".bmp"):
            write(view, tmp_path / f"out{suffix}")
            np.testing.assert_array_equal(pillow(tmp_path / f"out{suffix}"), view)


class TestDestinations:
    def test_a_file_object_gets_the_bytes_at_its_position(self, color):
        buffer = io.BytesIO(b"before")
        buffer.seek(6)
        write(color, buffer, format="png")
        assert buffer.getvalue().startswith(b"before\x89PNG")

    def test_a_pipe_will_do_even_for_tiff(self, color):
        reading, writing = os.pipe()
        received = []
        with os.fdopen(reading, "rb") as source:
            receiver = threading.Thread(target=lambda: received.append(source.read()))
            receiver.start()
            with os.fdopen(writing, "wb") as pipe:
                write(color, pipe, format="TIFF")
            receiver.join()
        np.testing.assert_array_equal(tifffile.imread(io.BytesIO(received[0])), color)

    def test_a_file_object_needs_a_format(self, color):
        with pytest.raises(ValueError, match="format must be given for a file object"):
            write(color, io.BytesIO())

    def test_the_format_argument_wins_over_the_suffix(self, tmp_path, color):
        write(color, tmp_path / "out.jpg", format="PNG")
        assert read(tmp_path / "out.jpg").format == "PNG"

    @pytest.mark.parametrize("name", ["out", "out.xyz", "out.pdf"])
    def test_an_unknown_suffix_is_refused(self, tmp_path, color, name):
        with pytest.raises(ImageError, match=r"out.*: its suffix names no format that is written here; use \.jpg"):
            write(color, tmp_path / name)

    @pytest.mark.parametrize(
        ("pixels", "options", "message"),
        [
            (np.zeros((4, 4), np.uint8), {}, r"shape \(H, W, 3\) or \(H, W, 4\), got \(4, 4\)"),
            (np.zeros((0, 4, 3), np.uint8), {}, "shape"),
            (np.zeros((4, 4, 3)), {}, "uint8 or uint16, got float64"),
            (np.zeros((4, 4, 3), np.uint8), {"quality": 0}, "quality must be in 1..100, got 0"),
            (np.zeros((4, 4, 3), np.uint8), {"format": "PDF"}, "format must be one of JPEG, PNG.*got 'PDF'"),
        ],
    )
    def test_wrong_arguments_are_refused(self, tmp_path, pixels, options, message):
        with pytest.raises(ValueError, match=message):
            write(pixels, tmp_path / "out.png", **options)
        assert list(tmp_path.iterdir()) == []


class TestFiles:
    def test_replaces_a_file(self, tmp_path, color):
        path = tmp_path / "out.png"
        path.write_bytes(b"old")
        write(color, path)
        np.testing.assert_array_equal(pillow(path), color)
        assert list(tmp_path.iterdir()) == [path]

    def test_replaces_none_if_told_not_to(self, tmp_path, color):
        path = tmp_path / "out.png"
        path.write_bytes(b"old")
        with pytest.raises(ImageError, match=r"out\.png: it exists already; choose another name or allow overwriting"):
            write(color, path, overwrite=False)
        assert path.read_bytes() == b"old"
        write(color, tmp_path / "new.png", overwrite=False)

    def test_has_the_permissions_of_any_new_file(self, tmp_path, color):
        (tmp_path / "other").touch()
        write(color, tmp_path / "out.png")
        assert stat.S_IMODE((tmp_path / "out.png").stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)

    def test_a_link_stays_a_link(self, tmp_path, color):
        (tmp_path / "link.png").symlink_to("real.png")
        write(color, tmp_path / "link.png")
        assert (tmp_path / "link.png").is_symlink()
        np.testing.assert_array_equal(pillow(tmp_path / "real.png"), color)

    @pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".bmp", ".gif", ".avif", ".jxl", ".jp2"])
    @pytest.mark.parametrize("existing", [None, b"precious"])
    def test_a_full_disk_leaves_nothing_behind(self, tmp_path, color, monkeypatch, suffix, existing):
        """A write that fails half-way: the real encoder, on a file that stops taking bytes."""
        path = tmp_path / f"out{suffix}"
        if existing:
            path.write_bytes(existing)
        opened = Path.open

        def small_disk(self: Path, mode: str = "r", *args: Any) -> Any:
            file = opened(self, mode, *args)
            return FullDisk(file) if "x" in mode else file

        monkeypatch.setattr(Path, "open", small_disk)
        with pytest.raises(ImageError, match=r"out\.\w+: it could not be written \(.*No space left"):
            write(color, path)
        monkeypatch.undo()
        assert (path.read_bytes() if path.exists() else None) == existing
        assert [entry for entry in tmp_path.iterdir() if entry != path] == []

    def test_an_interrupt_leaves_nothing_behind(self, tmp_path, color, monkeypatch):
        def interrupt(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(imagecodecs, "png_encode", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write(color, tmp_path / "out.png")
        assert list(tmp_path.iterdir()) == []

    def test_a_missing_folder_is_named(self, tmp_path, color):
        with pytest.raises(ImageError, match=r"gone/out\.png: its folder does not exist; create it first"):
            write(color, tmp_path / "gone" / "out.png")

    def test_a_folder_in_its_place_is_named(self, tmp_path, color):
        (tmp_path / "out.png").mkdir()
        with pytest.raises(ImageError, match=r"out\.png: it is a folder"):
            write(color, tmp_path / "out.png")

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may write everywhere")
    def test_a_folder_that_may_not_be_changed_is_named(self, tmp_path, color):
        tmp_path.chmod(0o500)
        with pytest.raises(ImageError, match="not allowed to write there"):
            write(color, tmp_path / "out.png")

    @pytest.mark.parametrize(("suffix", "longest"), [(".webp", 16383), (".jpg", 65500)])
    def test_a_picture_too_long_for_the_format_is_refused(self, tmp_path, suffix, longest):
        with pytest.raises(ImageError, match=r"more than a \w+ can hold; write a PNG or TIFF"):
            write(np.zeros((1, longest + 1, 3), np.uint8), tmp_path / f"out{suffix}")
        write(np.zeros((1, longest, 3), np.uint8), tmp_path / f"out{suffix}")
        assert read(tmp_path / f"out{suffix}").size == (longest, 1)


class FullDisk(io.RawIOBase):
    """A file on a disk with room for fifty bytes."""

    def __init__(self, file: Any) -> None:
        self.file, self.room = file, 50

    def write(self, content: Any, /) -> int:
        self.room -= memoryview(content).nbytes
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self.file.write(content)

    def readinto(self, buffer: Any, /) -> int:
        return self.file.readinto(buffer)

    def seek(self, *where: int) -> int:
        return self.file.seek(*where)

    def tell(self) -> int:
        return self.file.tell()

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.file.close()
        super().close()
