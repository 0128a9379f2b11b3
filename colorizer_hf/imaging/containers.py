"""Metadata in JPEG and PNG files: pieces put behind the head of what an encoder made."""

import struct
import zlib
from collections.abc import Iterator

from .metadata import Metadata
from .profiles import srgb_profile

Buffer = bytes | bytearray | memoryview

_LONGEST_SEGMENT = 65533  # a JPEG segment counts its own two bytes of length
_INCH = 0.0254  # metres


def jpeg_pieces(encoded: Buffer, metadata: Metadata, size: tuple[int, int]) -> Iterator[Buffer]:
    """The same JPEG with resolution, EXIF, XMP and the sRGB profile.

    Sources: JFIF 1.02; Exif 2.32 section 4.7; XMP part 3 section 1.1.3; ICC.1:2022 annex B.4.

    Args:
        encoded: a JPEG file, with or without a JFIF segment.
        metadata: what to put in; EXIF and XMP that are too long for a segment are left out.
        size: width and height.
    """
    encoded = memoryview(encoded)
    yield encoded[:2]  # start of image
    x, y = (round(value) for value in metadata.dpi or (1, 1))
    yield _segment(0xE0, b"JFIF\0\1\2" + struct.pack(">BHHBB", metadata.dpi is not None, x, y, 0, 0))
    if (exif := metadata.exif_for(size)) is not None:
        yield _segment(0xE1, b"Exif\0\0" + exif)
    if (xmp := metadata.xmp_for(size)) is not None:
        yield _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
    yield _segment(0xE2, b"ICC_PROFILE\0\1\1" + srgb_profile())
    has_jfif = encoded[2:4] == b"\xff\xe0"
    yield encoded[4 + int.from_bytes(encoded[4:6], "big") if has_jfif else 2 :]


def _segment(marker: int, content: bytes) -> bytes:
    if len(content) > _LONGEST_SEGMENT:
        return b""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def png_pieces(encoded: Buffer, metadata: Metadata, size: tuple[int, int]) -> Iterator[Buffer]:
    """The same PNG with resolution, EXIF, XMP and the mark of sRGB (PNG third edition, section 11.3).

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
    if (exif := metadata.exif_for(size)) is not None:
        yield _chunk(b"eXIf", exif)
    if (xmp := metadata.xmp_for(size)) is not None:
        yield _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    yield encoded[end_of_header:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
