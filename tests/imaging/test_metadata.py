"""EXIF, XMP, resolution: orientation is applied once, everything else is kept and true."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, ImageOps, TiffImagePlugin

from colorizer_hf.imaging import Metadata, Photo, read, write

Base, IFD = ExifTags.Base, ExifTags.IFD
XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>'
    b'<rdf:Description tiff:Orientation="6" exif:PixelXDimension="1" tiff:ImageLength="2" dc:creator="J\xc3\xbcrgen">'
    b"<exif:PixelYDimension>2</exif:PixelYDimension></rdf:Description></rdf:RDF></x:xmpmeta>"
)
FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "HEIC", "AVIF", "JXL", "JPEG2000"]


def camera_exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make] = "Müller & Söhne".encode()
    exif[Base.Copyright] = "© 1931".encode()
    exif[Base.DateTime] = "2001:02:03 04:05:06"
    exif[Base.ImageDescription] = "at the lake"
    exif[Base.Software] = "a scanner"
    exif[Base.Artist] = "unknown"
    exif[Base.Orientation] = orientation
    exif[IFD.Exif] = {
        Base.DateTimeOriginal: "1931:05:06 07:08:09",
        Base.ExposureTime: TiffImagePlugin.IFDRational(1, 250),
        Base.ExifImageWidth: 1,
        Base.ExifImageHeight: 2,
        Base.MakerNote: b"private notes of the maker",
        Base.UserComment: b"ASCII\0\0\0at the lake",
    }
    exif[IFD.GPSInfo] = {1: "N", 2: (48.0, 8.0, 30.5)}
    return exif


def exif_of(block: bytes | None) -> Image.Exif:
    assert block is not None
    exif = Image.Exif()
    exif.load(block)
    return exif


def through(format: str, photo: Photo, tmp_path: Path, dtype: type = np.uint8) -> Photo:
    """Write a picture with the photo's metadata and read it again."""
    if format == "HEIC":
        pytest.importorskip("pillow_heif")
    path = tmp_path / f"out.{format.lower()}"
    width, height = photo.size
    write(np.zeros((height, width, 3), dtype), path, metadata=photo.metadata, format=format)
    return read(path)


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
    def test_is_applied_once(self, save, gray, orientation, format):
        options = {"lossless": True} if format == "WEBP" else {}
        data = save(gray, format, exif=camera_exif(orientation).tobytes(), **options)
        expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L"))
        photo = read(data)
        np.testing.assert_array_equal(photo.luminance, expected)
        assert photo.luminance.flags.c_contiguous
        assert exif_of(photo.metadata.exif)[Base.Orientation] == 1

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_is_applied_to_16_bits_and_alpha_too(self, tmp_path, orientation, gray):
        pixels = np.dstack([gray.astype(np.uint16) * 257] * 3 + [gray.astype(np.uint16)])
        path = tmp_path / "deep.tiff"
        tifffile.imwrite(
            path, pixels, photometric="rgb", extrasamples=["unassalpha"], extratags=[(274, 3, 1, orientation, True)]
        )
        photo = read(path)
        expected = read(Image.fromarray(gray)).luminance
        marked = Image.fromarray(expected)
        marked.getexif()[Base.Orientation] = orientation
        upright = np.asarray(ImageOps.exif_transpose(marked))
        np.testing.assert_array_equal(photo.luminance, upright.astype(np.uint16) * 257)
        np.testing.assert_array_equal(photo.alpha, upright)

    def test_written_and_read_again_is_not_turned_again(self, save, gray, tmp_path):
        photo = read(save(gray, "JPEG", exif=camera_exif(6)))
        assert photo.size == (24, 36)
        assert through("JPEG", photo, tmp_path).size == (24, 36)

    def test_of_a_pil_image_that_was_turned_already_is_gone(self, save, gray):
        turned = ImageOps.exif_transpose(Image.open(io.BytesIO(save(gray, "PNG", exif=camera_exif(6)))))
        assert read(turned).size == (24, 36)

    def test_of_a_pil_image_is_applied_at_every_reading(self, save, gray):
        image = Image.open(io.BytesIO(save(gray, "JPEG", exif=camera_exif(6).tobytes())))
        assert read(image).size == (24, 36)
        assert read(image).size == (24, 36)
        assert image.getexif()[Base.Orientation] == 6, "the caller's picture is left as it was"

    def test_of_heic_is_applied_once(self, gray):
        pillow_heif = pytest.importorskip("pillow_heif")
        half_black = np.zeros((64, 128), np.uint8)
        half_black[:, 64:] = 255
        image = Image.fromarray(half_black)
        buffer = io.BytesIO()
        pillow_heif.from_pillow(image).save(buffer, exif=camera_exif(6).tobytes(), quality=90)
        photo = read(buffer.getvalue())
        assert photo.size == (64, 128)
        assert photo.luminance[:50].max() < 10  # turned clockwise, the left half comes to lie on top
        assert photo.luminance[-50:].min() > 245

    @pytest.mark.parametrize("value", [0, 9, 77])
    def test_beyond_8_is_none(self, save, gray, value):
        np.testing.assert_array_equal(read(save(gray, "PNG", exif=camera_exif(value))).luminance, gray)


class TestExif:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    @pytest.mark.parametrize("format", FORMATS)
    def test_is_kept_in_every_format(self, save, gray, tmp_path, format, dtype):
        photo = through(format, read(save(gray, "JPEG", exif=camera_exif())), tmp_path, dtype)
        exif = exif_of(photo.metadata.exif)
        details, place = exif.get_ifd(IFD.Exif), exif.get_ifd(IFD.GPSInfo)
        assert exif[Base.DateTime] == "2001:02:03 04:05:06"
        assert exif[Base.ImageDescription] == "at the lake"
        assert exif[Base.Software] == "a scanner"
        assert exif[Base.Artist] == "unknown"
        assert details[Base.DateTimeOriginal] == "1931:05:06 07:08:09"
        assert details[Base.ExposureTime] == TiffImagePlugin.IFDRational(1, 250)
        assert details[Base.MakerNote] == b"private notes of the maker"
        assert place == {1: "N", 2: (48.0, 8.0, 30.5)}

    @pytest.mark.parametrize("format", FORMATS)
    def test_keeps_letters_beyond_ascii(self, save, gray, tmp_path, format):
        photo = through(format, read(save(gray, "JPEG", exif=camera_exif())), tmp_path)
        exif = exif_of(photo.metadata.exif)
        assert exif[Base.Make].encode("latin-1").decode() == "Müller & Söhne"
        assert exif[Base.Copyright].encode("latin-1").decode() == "© 1931"

    @pytest.mark.parametrize("format", FORMATS)
    def test_states_the_size_of_the_new_file(self, save, gray, tmp_path, format):
        photo = through(format, read(save(gray, "JPEG", exif=camera_exif(6))), tmp_path)
        details = exif_of(photo.metadata.exif).get_ifd(IFD.Exif)
        assert (details[Base.ExifImageWidth], details[Base.ExifImageHeight]) == (24, 36)

    def test_loses_the_thumbnail(self, save, gray):
        thumbnail = save(gray, "JPEG")
        first = struct.pack("<HHHIIIHII", 1, 0x0112, 3, 1, 1, 0, 0, 0, 0)[: 2 + 12] + struct.pack("<I", 26)
        second = (
            struct.pack("<H", 2) + struct.pack("<HHII", 513, 4, 1, 56) + struct.pack("<HHII", 514, 4, 1, len(thumbnail))
        )
        block = b"II*\0\x08\0\0\0" + first + second + bytes(4)
        block = block[:26] + second + bytes(4) + thumbnail
        data = save(gray, "JPEG", exif=b"Exif\0\0" + block)
        assert Image.open(io.BytesIO(data)).getexif().get_ifd(IFD.IFD1)
        photo = read(data)
        assert photo.metadata.exif is None or thumbnail not in photo.metadata.exif

    def test_of_a_tiff_loses_how_its_pixels_were_stored(self, save, gray):
        photo = read(save(gray, "TIFF", exif=camera_exif().tobytes()))
        tags = set(exif_of(photo.metadata.exif))
        assert tags == set(camera_exif())

    def test_that_is_damaged_is_left_out_with_a_note(self, save, gray):
        photo = read(save(gray, "JPEG", exif=b"Exif\0\0rubbish, not a TIFF structure"))
        assert photo.metadata.exif is None
        assert photo.notes == ("its EXIF data is damaged and was left out",)

    def test_too_large_for_a_jpeg_loses_its_largest_tags_with_a_note(self, tmp_path):
        exif = camera_exif()
        exif[Base.ImageDescription] = "x" * 70_000
        path = tmp_path / "out.jpg"
        notes = write(np.zeros((4, 4, 3), np.uint8), path, metadata=Metadata(exif=exif.tobytes()[6:]))
        assert notes == ("its EXIF data is too long for a JPEG; without ImageDescription it fits",)
        kept = exif_of(read(path).metadata.exif)
        assert Base.ImageDescription not in kept
        assert kept[Base.Artist] == "unknown"
        assert kept.get_ifd(IFD.Exif)[Base.DateTimeOriginal] == "1931:05:06 07:08:09"


class TestXmp:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    @pytest.mark.parametrize("format", FORMATS)
    def test_is_kept_and_true(self, save, gray, tmp_path, format, dtype):
        photo = read(save(gray, "JPEG", xmp=XMP))
        assert photo.size == (24, 36), "turned by the orientation in the XMP"
        xmp = through(format, photo, tmp_path, dtype).metadata.xmp
        assert xmp is not None
        assert b'tiff:Orientation="1"' in xmp
        assert b'exif:PixelXDimension="24"' in xmp
        assert b"<exif:PixelYDimension>36<" in xmp
        assert b'tiff:ImageLength="36"' in xmp
        assert "Jürgen".encode() in xmp

    @pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
    def test_is_found_in_every_format(self, gray, tmp_path, format):
        path = tmp_path / f"in.{format.lower()}"
        write(np.dstack([gray] * 3), path, metadata=Metadata(xmp=XMP))
        found = read(path).metadata.xmp
        assert found is not None
        assert b"x:xmpmeta" in found


class TestResolution:
    @pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "BMP"])
    @pytest.mark.parametrize("format", [*FORMATS, "BMP"])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_is_kept_in_every_format(self, save, gray, tmp_path, source, format, dtype):
        photo = read(save(gray, source, dpi=(300, 300)))
        assert photo.metadata.dpi == pytest.approx((300, 300), abs=0.5)
        assert through(format, photo, tmp_path, dtype).metadata.dpi == pytest.approx((300, 300), abs=0.5)

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF"])
    def test_is_in_exif_too_for_those_who_look_there(self, save, gray, format):
        buffer = io.BytesIO()
        metadata = read(save(gray, "JPEG", exif=camera_exif(), dpi=(300, 300))).metadata
        write(np.zeros((4, 4, 3), np.uint8), buffer, format=format, metadata=metadata)
        with Image.open(buffer) as picture:
            assert picture.getexif()[Base.XResolution] == 300

    def test_in_centimetres_is_understood(self, gray):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, gray, resolution=(100, 100), resolutionunit="CENTIMETER")
        assert read(buffer.getvalue()).metadata.dpi == pytest.approx((254, 254))

    @pytest.mark.parametrize("format", ["JPEG", "PNG"])
    @pytest.mark.parametrize(("by_exif", "expected"), [(300.0, 300), (72.0, 240)])
    def test_by_exif_goes_before_the_format_s_own_unless_it_is_the_72_of_unknown(
        self, save, gray, format, by_exif, expected
    ):
        exif = Image.Exif()
        exif[0x011A], exif[0x011B], exif[0x0128] = by_exif, by_exif, 2
        photo = read(save(gray, format, dpi=(240, 240), exif=exif.tobytes()))
        assert photo.metadata.dpi == pytest.approx((expected, expected), abs=0.5)

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "BMP"])
    def test_that_is_unknown_stays_unknown(self, gray, tmp_path, format):
        assert through(format, read(gray), tmp_path).metadata.dpi is None


def test_a_picture_that_says_nothing_has_empty_metadata(save, gray):
    assert read(save(gray, "PNG")).metadata == Metadata()
    assert read(gray).metadata == Metadata()


class TestColorSpace:
    def test_is_that_of_the_new_file(self, save, gray, tmp_path):
        exif = camera_exif()
        details = {Base.ColorSpace: 0xFFFF, Base.CompressedBitsPerPixel: 2.0, IFD.Interop: {1: "R03"}}
        exif[IFD.Exif] = {Base.DateTimeOriginal: "1931:05:06 07:08:09", **details}
        kept = through("JPEG", read(save(gray, "JPEG", exif=exif)), tmp_path).metadata.exif_tags()[IFD.Exif]
        assert kept[Base.ColorSpace] == 1
        assert kept[IFD.Interop] == {1: "R98"}
        assert Base.CompressedBitsPerPixel not in kept


def test_a_tag_of_the_wrong_type_is_left_out_alone(gray):
    buffer = io.BytesIO()
    tags = [(Base.Artist, 11, 1, 3.0, True), (Base.Copyright, 2, 0, "The museum", True)]
    tifffile.imwrite(buffer, gray, metadata=None, software=False, extratags=tags)
    photo = read(buffer.getvalue())
    kept = photo.metadata.exif_tags()
    assert kept[Base.Copyright] == "The museum"
    assert Base.Artist not in kept
    assert photo.notes == ("some of its EXIF tags are damaged and were left out",)
