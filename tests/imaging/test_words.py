"""What files say beside their pixels is found wherever it stands, and never stands in the pixels' way."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, PngImagePlugin, TiffImagePlugin

from colorizer_hf.imaging import Metadata, Text, read, with_note, write
from tests.imaging.chunks import chunk, with_chunks

IPTC = b"\x1c\x02\x00\x00\x02\x00\x04" + b"\x1c\x02\x78\x00\x13Harvest at the mill" + b"\x1c\x02\x19\x00\x04mill"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="plate 12"/>'
    b"</rdf:RDF></x:xmpmeta>"
)
DAMAGED = "some of its texts or other data beside the pixels are damaged or too long, and were left out"


def resource(number: int, content: bytes, name: bytes = b"\0\0") -> bytes:
    return (
        b"8BIM"
        + struct.pack(">H", number)
        + name
        + struct.pack(">I", len(content))
        + content
        + b"\0" * (len(content) % 2)
    )


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def tiff(pixels: np.ndarray, *tags: tuple, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, extratags=tags, metadata=None, **options)
    return buffer.getvalue()


class TestJpeg:
    def test_captions_are_kept_byte_for_byte(self, save, gray):
        data = with_segments(save(gray, "JPEG"), segment(0xED, b"Photoshop 3.0\0" + resource(0x0404, IPTC)))
        assert read(data).metadata.iptc == IPTC

    def test_captions_behind_named_and_odd_resources_are_found(self, save, gray):
        other = b"MeSa" + resource(0x0404, b"of another program")[4:]
        block = resource(0x03E9, b"odd", b"\5Paths") + other + resource(0x0404, IPTC) + resource(0x040A, b"\1")
        data = with_segments(save(gray, "JPEG"), segment(0xED, b"Photoshop 3.0\0" + block))
        metadata = read(data).metadata
        assert metadata.iptc == IPTC
        assert metadata.photoshop == ((0x040A, b"\1"),), "what belongs to captions, without the others"

    def test_captions_longer_than_a_segment_are_joined(self, save, gray):
        long = IPTC + b"\x1c\x02\x7a\x80\x04" + struct.pack(">I", 100_000) + b"x" * 100_000
        block = resource(0x0404, long)
        parts = [block[:60_000], block[60_000:]]
        data = with_segments(save(gray, "JPEG"), *(segment(0xED, b"Photoshop 3.0\0" + part) for part in parts))
        assert read(data).metadata.iptc == long

    def test_comments_are_kept(self, save, gray):
        data = with_segments(save(gray, "JPEG"), segment(0xFE, "Zoë at the mill".encode()), segment(0xFE, b"caf\xe9"))
        assert read(data).metadata.texts == (Text("Comment", "Zoë at the mill"), Text("Comment", "café"))

    def test_comment_of_a_picture_in_memory_is_kept(self, save, gray):
        image = Image.open(io.BytesIO(save(gray, "JPEG", comment="a plate")))
        assert read(image).metadata.texts == (Text("Comment", "a plate"),)

    def test_captions_of_a_picture_in_memory_are_kept(self, save, gray):
        data = with_segments(save(gray, "JPEG"), segment(0xED, b"Photoshop 3.0\0" + resource(0x0404, IPTC)))
        assert read(Image.open(io.BytesIO(data))).metadata.iptc == IPTC

    @settings(max_examples=50, deadline=None)
    @given(st.binary(max_size=200))
    def test_damage_in_captions_does_not_harm_pixels(self, block):
        pixels = np.arange(64 * 48, dtype=np.uint8).reshape(48, 64)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG")
        data = with_segments(buffer.getvalue(), segment(0xED, b"Photoshop 3.0\0" + block))
        np.testing.assert_array_equal(read(data).luminance, read(buffer.getvalue()).luminance)


class TestPng:
    def test_texts_of_every_kind_are_kept(self, save, gray):
        texts = (
            chunk(b"tEXt", b"Author\0Zo\xeb"),
            chunk(b"zTXt", b"Description\0\0" + zlib.compress(b"The mill by the river")),
            chunk(b"iTXt", b"Title\0\0\0el\0" + "Τίτλος\0Μύλος".encode()),
            chunk(b"iTXt", b"Source\0\1\0\0\0" + zlib.compress("Стекло".encode())),
        )
        assert read(with_chunks(save(gray, "PNG"), *texts)).metadata.texts == (
            Text("Author", "Zoë"),
            Text("Description", "The mill by the river"),
            Text("Title", "Μύλος", "el", "Τίτλος"),
            Text("Source", "Стекло"),
        )

    def test_texts_of_a_picture_in_memory_are_kept(self, save, gray):
        texts = chunk(b"tEXt", b"Author\0Zo\xeb"), chunk(b"iTXt", b"Title\0\0\0el\0\0" + "Μύλος".encode())
        image = Image.open(io.BytesIO(with_chunks(save(gray, "PNG"), *texts)))
        assert read(image).metadata.texts == (Text("Author", "Zoë"), Text("Title", "Μύλος", "el"))

    @pytest.mark.parametrize("mode", ["gray", "deep gray", "deep colour"])
    def test_words_behind_the_pixels_are_found(self, gray, mode):
        deep = gray.astype(np.uint16) * 257
        pixels = {"gray": gray, "deep gray": deep, "deep colour": np.dstack([deep] * 3)}[mode]
        exif = Image.Exif()
        exif[ExifTags.Base.Make] = "Leica"
        words = (
            chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
            chunk(b"tEXt", b"Author\0A. Photographer"),
            chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")),
        )
        metadata = read(with_chunks(imagecodecs.png_encode(pixels), *words, behind=True)).metadata
        assert metadata.xmp == XMP
        assert metadata.texts == (Text("Author", "A. Photographer"),)
        assert metadata.exif_tags()[ExifTags.Base.Make] == "Leica"

    @pytest.mark.parametrize(("name", "title"), [("iptc", "iptc"), ("8bim", "8bim"), ("iptc", "IPTC profile")])
    @pytest.mark.parametrize("prefix", [b"", b"Photoshop 3.0\0"])
    def test_captions_as_imagemagick_and_exiftool_write_them_are_found(self, save, gray, name, title, prefix):
        content = prefix + resource(0x0404, IPTC)
        lines = [content.hex()[at : at + 72] for at in range(0, 2 * len(content), 72)]
        text = "\n".join(["", title, f"{len(content):8}", *lines, ""])
        info = PngImagePlugin.PngInfo()
        info.add_text(f"Raw profile type {name}", text, zip=True)
        metadata = read(save(gray, "PNG", pnginfo=info)).metadata
        assert metadata.iptc == IPTC
        assert metadata.texts == (), "it is not shown as a text"

    def test_remarks_on_the_old_file_are_dropped(self, save, gray):
        info = PngImagePlugin.PngInfo()
        for keyword in ("date:create", "icc:description", "Thumb::URI", "signature", "jpeg:colorspace", "tiff:endian"):
            info.add_text(keyword, "x")
        info.add_text("Warning", "kept")
        assert read(save(gray, "PNG", pnginfo=info)).metadata.texts == (Text("Warning", "kept"),)

    def test_damaged_texts_are_left_out_with_a_note(self, save, gray):
        bad = bytearray(chunk(b"tEXt", b"Author\0spoilt"))
        bad[-1] ^= 1
        data = with_chunks(save(gray, "PNG"), bytes(bad), chunk(b"tEXt", b"Title\0sound"), behind=True)
        photo = read(data)
        assert photo.metadata.texts == (Text("Title", "sound"),)
        assert photo.notes == (DAMAGED,)

    def test_text_that_unpacks_to_far_too_much_is_left_out_with_a_note(self, save, gray):
        bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000), 9))
        photo = read(with_chunks(save(gray, "PNG"), bomb, behind=True))
        np.testing.assert_array_equal(photo.luminance, gray)
        assert photo.metadata.texts == ()
        assert photo.notes == (DAMAGED,)

    def test_long_texts_that_pillow_refuses_are_kept(self, save, gray):
        text = "The mill by the river. " * 70_000
        long = chunk(b"zTXt", b"Description\0\0" + zlib.compress(text.encode()))
        photo = read(with_chunks(save(gray, "PNG"), long))
        assert photo.metadata.texts == (Text("Description", text),)
        assert photo.notes == ()


class TestTiff:
    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("kind", ["bytes", "undefined", "numbers", "numbers in the other order"])
    def test_captions_are_kept_byte_for_byte(self, gray, order, kind):
        padded = IPTC + bytes(-len(IPTC) % 4)
        own, other = f"{order}I", f"{'>' if order == '<' else '<'}I"
        tag = {
            "bytes": (33723, 1, len(padded), padded, True),
            "undefined": (33723, 7, len(padded), padded, True),
            "numbers": (33723, 4, len(padded) // 4, tuple(np.frombuffer(padded, own).tolist()), True),
            "numbers in the other order": (
                33723,
                4,
                len(padded) // 4,
                tuple(np.frombuffer(padded, other).tolist()),
                True,
            ),
        }[kind]
        assert read(tiff(gray, tag, byteorder=order)).metadata.iptc == padded

    def test_tags_of_a_big_endian_bigtiff_are_kept(self, gray):
        tags = [
            (315, 2, 5, "Zoë".encode() + b"\0", True),
            (33434, 5, 1, (1, 125), True),
            (33550, 12, 3, (1.0, 2.0, 0.0), True),
        ]
        photo = read(tiff(gray, *tags, bigtiff=True, byteorder=">", description="The mill", resolution=(300, 300)))
        exif = photo.metadata.exif_tags()
        assert exif[ExifTags.Base.ImageDescription] == "The mill"
        assert exif[ExifTags.Base.Artist].encode("latin-1").decode() == "Zoë"
        assert exif[33434] == TiffImagePlugin.IFDRational(1, 125)
        assert exif[33550] == (1.0, 2.0, 0.0)
        assert photo.metadata.dpi == (300, 300)
        assert photo.notes == ()

    def test_captions_among_photoshops_resources_are_found(self, gray):
        block = resource(0x03ED, bytes(16)) + resource(0x0404, IPTC)
        assert read(tiff(gray, (34377, 1, len(block), block, True))).metadata.iptc == IPTC


class TestGif:
    def test_comments_are_kept(self, save, gray):
        assert read(save(gray, "GIF", comment=b"a plate")).metadata.texts == (Text("Comment", "a plate"),)


def test_what_is_stale_is_dropped_in_any_place(tmp_path: Path) -> None:
    """A film and a gain map that are not in the new file, gray thumbnails, how the old pixels were stored."""
    stale = (
        'xmlns:c="http://ns.google.com/photos/1.0/camera/" c:MotionPhoto="1" c:MicroVideoOffset="4012" c:BurstID="b" '
        'xmlns:g="http://ns.adobe.com/hdr-gain-map/1.0/" g:Version="1.0" '
        'xmlns:p="http://ns.adobe.com/photoshop/1.0/" p:ICCProfile="Dot Gain 20%" p:City="Ulm" '
        'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:BitsPerSample="8" tiff:Make="Leica" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:o="http://ns.google.com/photos/1.0/container/">'
        "<xmp:Thumbnails><rdf:Alt><rdf:li>gray</rdf:li></rdf:Alt></xmp:Thumbnails>"
        "<o:Directory><rdf:Seq><rdf:li>MotionPhoto</rdf:li></rdf:Seq></o:Directory>"
    )
    xmp = XMP.replace(b'dc:source="plate 12"/>', b'dc:source="plate 12" ' + stale.encode() + b"</rdf:Description>")
    path = tmp_path / "a.png"
    write(np.zeros((4, 4, 3), np.uint8), path, metadata=Metadata(xmp=xmp))
    kept = read(path).metadata.xmp
    assert kept is not None
    for word in (b"MotionPhoto", b"MicroVideo", b"Version", b"ICCProfile", b"BitsPerSample", b"Thumb", b"Directory"):
        assert word not in kept
    for word in (b'c:BurstID="b"', b'p:City="Ulm"', b'tiff:Make="Leica"', b'dc:source="plate 12"'):
        assert word in kept


def test_a_packet_with_nothing_else_goes_altogether(save, gray) -> None:
    xmp = XMP.replace(b"dc:source", b'xmlns:c="http://ns.google.com/photos/1.0/camera/" c:MotionPhoto')
    assert read(save(gray, "JPEG", xmp=xmp)).metadata.xmp is None


@pytest.mark.parametrize(
    "content",
    [
        b"<x:a/>" * 100_000,
        b"<x:b>" * 50_000 + b"</x:b>" * 50_000,
        b"".join(b'<q%d:a xmlns:q%d="u"/>' % (number, number) for number in range(20_000)),
        b"<x:c>" + b" " * 2_000_000 + b"</x:c>",
    ],
    ids=["many properties", "deep", "many prefixes", "long"],
)
def test_xmp_that_nobody_could_mean_does_not_hold_up_reading_and_writing(gray, content):
    head, tail = XMP.replace(b"/>", b">", 1).split(b"</rdf:RDF>")
    hostile = head + content + b"</rdf:Description></rdf:RDF>" + tail
    png = with_chunks(imagecodecs.png_encode(gray), chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + hostile))
    photo = read(png)
    np.testing.assert_array_equal(photo.luminance, gray)
    write(np.zeros((4, 4, 3), np.uint8), io.BytesIO(), format="JPEG", metadata=with_note(photo.metadata))


class TestAvif:
    @pytest.mark.parametrize("orientation", [1, 6])
    def test_letters_beyond_ascii_stay_where_exif_and_the_picture_say_different_orientations(self, save, orientation):
        exif = Image.Exif()
        exif[ExifTags.Base.Artist] = "Artist"
        exif[ExifTags.Base.Orientation] = 1
        file = save(Image.new("RGB", (36, 24)), "AVIF", exif=exif.tobytes())
        file = file.replace(b"Artist", "Ünal".encode() + b"z")  # as long
        entry = struct.pack(">HHIH", ExifTags.Base.Orientation, 3, 1, 1)
        photo = read(file.replace(entry, entry[:-2] + struct.pack(">H", orientation)))
        assert str(photo.metadata.exif_tags()[ExifTags.Base.Artist]).encode("latin-1").decode() == "Ünalz"
        assert photo.size == (36, 24), "the picture says how it is turned, not EXIF"


class TestPnm:
    @pytest.mark.parametrize("head", [b"P5\n# Mill, 1931\n4 2\n255\n", b"P5 4 #Mill, 1931\n 2 255\n"])
    def test_comments_are_kept(self, head):
        assert read(head + b"#prices\n").metadata.texts == (Text("Comment", "Mill, 1931"),)

    def test_several_are_one_of_several_lines(self):
        file = b"P7\n# Mill\n# 1931\nWIDTH 4\nHEIGHT 2\nDEPTH 1\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\n" + bytes(8)
        assert read(file).metadata.texts == (Text("Comment", "Mill\n1931"),)


class TestTga:
    def test_the_name_of_the_picture_is_a_comment(self, save, gray):
        assert read(save(gray, "TGA", id_section=b"Mill, 1931")).metadata.texts == (Text("Comment", "Mill, 1931"),)

    def test_the_extension_area_is_read(self, save, gray):
        file = save(gray, "TGA")
        file = file[: file.rindex(struct.pack("<II", 0, 0) + b"TRUEVISION")]
        extension = bytearray(495)
        extension[:2] = struct.pack("<H", 495)
        for place, said in ((2, b"A. Miller"), (43, b"Harvest"), (124, b"at the mill"), (426, b"Scanner")):
            extension[place : place + len(said)] = said
        photo = read(file + bytes(extension) + struct.pack("<II", len(file), 0) + b"TRUEVISION-XFILE.\0")
        assert photo.metadata.texts == (
            Text("Comment", "Harvest\nat the mill"),
            Text("Author", "A. Miller"),
            Text("Software", "Scanner"),
        )
        np.testing.assert_array_equal(photo.luminance, gray)


class TestJpeg2000:
    def boxed(self, pixels: np.ndarray, kind: bytes, content: bytes, *, in_head: bool) -> bytes:
        file = bytes(imagecodecs.jpeg2k_encode(pixels, codecformat="jp2", level=0, reversible=True))
        added = struct.pack(">I", len(content) + 8) + kind + content
        if not in_head:
            return file + added
        at = file.index(b"jp2h") - 4
        (length,) = struct.unpack_from(">I", file, at)
        head = struct.pack(">I", length + len(added)) + file[at + 4 : at + length] + added
        return file[:at] + head + file[at + length :]

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_its_resolution_is_kept_in_any_depth(self, gray, dtype):
        per_metre = struct.pack(">4H2b", 30000, 254, 15000, 254, 2, 2)  # 300 per inch down, 150 across
        resolution = struct.pack(">I", 18) + b"resc" + per_metre
        photo = read(self.boxed(gray.astype(dtype), b"res ", resolution, in_head=True))
        assert photo.metadata.dpi == pytest.approx((150, 300))

    def test_xml_that_is_not_xmp_is_named(self, gray):
        photo = read(self.boxed(gray, b"xml ", b"<record>Mill</record>", in_head=False))
        assert photo.notes == ("its XML data, which are not XMP, were left out",)
