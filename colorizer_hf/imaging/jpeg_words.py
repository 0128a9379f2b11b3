"""Metadata in JPEG files; of captions Pillow reads but one segment, of XMP but the first."""

import struct
from collections.abc import Iterator
from typing import IO

from .metadata import Text, Words, comment
from .xmp import digest, extended_name, join

_START_OF_SCAN, _COMMENT = 0xDA, 0xFE
_STANDALONE = (0x01, *range(0xD0, 0xD9))  # segments without a length


def find_in_jpeg(file: IO[bytes]) -> Words:
    """EXIF, XMP, captions and comments of a JPEG."""
    xmp: bytes | None = None
    exif, block = b"", b""
    texts: list[Text] = []
    extended: dict[str, dict[int, bytes]] = {}
    for marker, content in _segments(file):
        if marker == _COMMENT and content.strip(b"\0 "):
            texts.append(comment(content.rstrip(b"\0")))
        elif marker == 0xED and content.startswith(b"Photoshop 3.0\0"):
            block += content[14:]  # a long one goes on in the next segment
        elif marker == 0xE1 and content.startswith(b"Exif\0\0"):
            exif += content[6:]  # a long one goes on too
        elif marker == 0xE1 and content.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
            xmp = xmp or content[29:]
        elif marker == 0xE1 and content.startswith(b"http://ns.adobe.com/xmp/extension/\0"):
            (offset,) = struct.unpack_from(">I", content.ljust(75, b"\0"), 71)
            extended.setdefault(content[35:67].decode("latin-1"), {})[offset] = content[75:]
    xmp, notes = _with_extended(xmp, extended)
    return Words(exif, xmp, block, tuple(texts), notes)


def _segments(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Marker and content of the segments in front of a JPEG's pixels, as far as they are sound."""
    file.seek(2)
    while file.read(1) == b"\xff":
        marker = 0xFF
        while marker == 0xFF:  # which may be repeated
            marker = int.from_bytes(file.read(1), "big")
        if marker in _STANDALONE:
            continue
        length = int.from_bytes(file.read(2), "big") - 2
        if marker == _START_OF_SCAN or length < 0:
            return
        yield marker, file.read(length)


def _with_extended(xmp: bytes | None, extended: dict[str, dict[int, bytes]]) -> tuple[bytes | None, tuple[str, ...]]:
    """A packet with the rest that other segments hold (XMP part 3, section 1.1.3.1)."""
    name = None if xmp is None else extended_name(xmp)
    if xmp is None or name is None:
        return xmp, ()
    rest = b"".join(content for _, content in sorted(extended.get(name, {}).items()))
    try:
        if digest(rest) != name.upper():
            raise ValueError("it is incomplete")
        return join(xmp, rest), ()
    except ValueError:
        return xmp, ("a part of its XMP data is damaged and was left out",)
