"""Metadata in JPEG, PNG, GIF, JPEG XL and JPEG 2000 files: pieces put between or behind what an encoder made."""

import struct
import zlib
from collections.abc import Iterator

from .box_words import EXIF_BOX, EXIF_UUID, GEOTIFF_UUID, IPTC_UUID, UUID_BOX, XML_BOX, XMP_UUID
from .boxes import box
from .metadata import JPEG_ROOM, Metadata, Text
from .profiles import srgb_profile
from .stale import GEOREFERENCE
from .tiff import georeference_block
from .xmp import digest, split

Buffer = bytes | bytearray | memoryview

_LONGEST_SEGMENT = 65533  # a JPEG segment counts its own two bytes of length
_INCH = 0.0254  # metres
_SHORT_TEXT = 1024  # letters; a longer one is packed
_PACKED_TEXT = 1 << 20  # bytes unpacked; of a longer one Pillow refuses the whole file, unless it is not packed


def jpeg_pieces(encoded: Buffer, metadata: Metadata, size: tuple[int, int]) -> Iterator[Buffer]:
    """The same JPEG with resolution, EXIF, XMP, captions, comments and the sRGB profile.

    Sources: JFIF 1.02; Exif 2.32 section 4.7; XMP part 3 section 1.1.3; ICC.1:2022 annex B.4.

    Args:
        encoded: a JPEG file, with or without a JFIF segment.
        metadata: what to put in.
        size: width and height.

    Raises:
        ValueError: EXIF is too long for a segment, or XMP cannot be split; `fit` sees to that.
    """
    encoded = memoryview(encoded)
    yield encoded[:2]  # start of image
    x, y = (round(value) for value in metadata.dpi or (1, 1))
    yield _segment(0xE0, b"JFIF\0\1\2" + struct.pack(">BHHBB", metadata.dpi is not None, x, y, 0, 0))
    if (exif := metadata.exif_for(size, with_dpi=metadata.exif is not None)) is not None:
        yield _segment(0xE1, b"Exif\0\0" + exif)
    if (xmp := metadata.xmp_for(size)) is not None:
        yield from _xmp_segments(xmp)
    if (block := metadata.photoshop_block()) is not None:
        yield from (_segment(0xED, b"Photoshop 3.0\0" + part) for part in _parts(block))
    yield _segment(0xE2, b"ICC_PROFILE\0\1\1" + srgb_profile())
    for text in metadata.texts:
        yield from (_segment(0xFE, part) for part in _parts(text.value.encode()))
    has_jfif = encoded[2:4] == b"\xff\xe0"
    yield encoded[4 + int.from_bytes(encoded[4:6], "big") if has_jfif else 2 :]


def _segment(marker: int, content: bytes) -> bytes:
    if len(content) > _LONGEST_SEGMENT:
        raise ValueError(f"a JPEG segment holds {_LONGEST_SEGMENT} bytes, got {len(content)}")
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _parts(content: bytes) -> Iterator[bytes]:
    return (content[start : start + JPEG_ROOM] for start in range(0, len(content), JPEG_ROOM))


def _xmp_segments(xmp: bytes) -> Iterator[bytes]:
    xmp, extended = split(xmp, JPEG_ROOM)
    yield _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
    for number, part in enumerate(_parts(extended)):
        place = digest(extended).encode() + struct.pack(">II", len(extended), number * JPEG_ROOM)
        yield _segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + place + part)


def png_pieces(encoded: Buffer, metadata: Metadata, size: tuple[int, int]) -> Iterator[Buffer]:
    """The same PNG with resolution, EXIF, XMP, captions, texts and the mark of sRGB (PNG third edition, section 11.3).

    Args:
        encoded: a PNG file.
        metadata: what to put in.
        size: width and height.
    """
    encoded = memoryview(encoded)
    end_of_header = 33
    yield encoded[:end_of_header]
    relative_colorimetric = b"\1"
    yield _chunk(b"sRGB", relative_colorimetric)
    if metadata.dpi is not None:
        x, y = (round(value / _INCH) for value in metadata.dpi)
        yield _chunk(b"pHYs", struct.pack(">IIB", x, y, 1))
    if (exif := metadata.exif_for(size, with_dpi=metadata.exif is not None)) is not None:
        yield _chunk(b"eXIf", exif)
    if (xmp := metadata.xmp_for(size)) is not None:
        yield _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    if (block := metadata.photoshop_block()) is not None:
        # PNG has no chunk for captions; ImageMagick and ExifTool read and write them so.
        yield _text_chunk(Text("Raw profile type iptc", f"\niptc\n{len(block):8}\n{block.hex()}\n"))
    yield from map(_text_chunk, metadata.texts)
    yield encoded[end_of_header:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _text_chunk(text: Text) -> bytes:
    """Latin-1 where that will do, which every reader knows; packed if it is long."""
    keyword = (text.keyword.encode("latin-1", "replace")[:79].strip() or b"Comment") + b"\0"
    is_packed = len(text.value) > _SHORT_TEXT and len(text.value.encode()) < _PACKED_TEXT
    try:
        value = text.value.encode("latin-1")
    except UnicodeEncodeError:
        value = None
    if value is None or text.language or text.translated or b"\0" in value:
        value = text.value.encode()
        names = text.language.encode("ascii", "replace") + b"\0" + text.translated.encode() + b"\0"
        return _chunk(b"iTXt", keyword + bytes([is_packed, 0]) + names + (zlib.compress(value) if is_packed else value))
    return _chunk(b"zTXt", keyword + b"\0" + zlib.compress(value)) if is_packed else _chunk(b"tEXt", keyword + value)


def gif_pieces(encoded: Buffer, metadata: Metadata, size: tuple[int, int]) -> Iterator[Buffer]:
    """The same GIF with XMP (XMP part 3, section 1.1.2) and comments (GIF89a, section 24).

    Args:
        encoded: a GIF file.
        metadata: what to put in.
        size: width and height.
    """
    encoded = memoryview(encoded)
    packed = encoded[10]
    end_of_header = 13 + (3 << (packed & 7) + 1 if packed & 0x80 else 0)
    yield b"GIF89a"  # the first version has no extensions
    yield encoded[6:end_of_header]
    if (xmp := metadata.xmp_for(size)) is not None:
        # The packet lies there bare; a reader of sub-blocks, wherever it lands in the trailer, is led to its end.
        yield b"\x21\xff\x0bXMP DataXMP" + xmp + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    for text in metadata.texts:
        value = text.value.encode()
        blocks = [value[start : start + 255] for start in range(0, len(value), 255)]
        yield b"\x21\xfe" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"
    yield encoded[end_of_header:]


def jxl_pieces(encoded: Buffer, metadata: Metadata, size: tuple[int, int]) -> Iterator[Buffer]:
    """The same JPEG XL file with EXIF and XMP (ISO/IEC 18181-2).

    Args:
        encoded: a JPEG XL file with its container.
        metadata: what to put in; the resolution goes into EXIF.
        size: width and height.
    """
    yield encoded
    if (exif := metadata.exif_for(size, with_dpi=True)) is not None:
        yield box(EXIF_BOX, bytes(4) + exif)
    if (xmp := metadata.xmp_for(size)) is not None:
        yield box(XML_BOX, xmp)


def jp2_pieces(encoded: Buffer, metadata: Metadata, size: tuple[int, int]) -> Iterator[Buffer]:
    """The same JPEG 2000 file with EXIF, XMP, captions and georeference in boxes of their customary numbers.

    Args:
        encoded: a JP2 file, not a bare codestream.
        metadata: what to put in; the resolution goes into EXIF.
        size: width and height.
    """
    yield encoded
    if block := georeference_block(metadata.exif_tags()):
        yield box(UUID_BOX, GEOTIFF_UUID + block)
    if (exif := metadata.exif_for(size, with_dpi=True, without=GEOREFERENCE)) is not None:
        yield box(UUID_BOX, EXIF_UUID + exif)
    if (xmp := metadata.xmp_for(size)) is not None:
        yield box(UUID_BOX, XMP_UUID + xmp)
    if metadata.iptc is not None:
        yield box(UUID_BOX, IPTC_UUID + metadata.iptc)
