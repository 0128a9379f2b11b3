"""Metadata in the boxes of JPEG 2000 and JPEG XL files, of which Pillow reads none."""

from dataclasses import replace
from typing import IO

from .boxes import boxes
from .metadata import Words
from .photoshop import IPTC_RESOURCE, block_of

EXIF_BOX, XML_BOX, UUID_BOX = b"Exif", b"xml ", b"uuid"
EXIF_UUID = b"JpgTiffExif->JP2"
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # XMP part 3, section 1.1.4
GEOTIFF_UUID = bytes.fromhex("b14bf8bd083d4b43a5ae8cd7d5a6ce03")  # GeoJP2: a GeoTIFF of one pixel
IPTC_UUID = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")

_PACKED_BOX = b"brob"
_MOST_UNPACKED = 16_000_000  # bytes
_FIRST_BOX = b"\0\0\0\x0c"  # its length: no bare codestream


def find_in_jp2(file: IO[bytes]) -> Words:
    """EXIF, XMP, captions and georeference of a JPEG 2000 file."""
    exif, xmp, block, georeference = b"", None, b"", b""
    is_damaged = has_gml = has_other_xml = False
    whole = file.read()
    for kind, first, end in boxes(whole) if whole.startswith(_FIRST_BOX) else ():
        content = whole[first:end]
        if kind == _PACKED_BOX and content[:4] in (EXIF_BOX, XML_BOX):
            kind, content = content[:4], _unpacked(content[4:])
            is_damaged |= not content
        if kind == EXIF_BOX:
            exif = content[4 + int.from_bytes(content[:4], "big") :]
        elif kind == XML_BOX and b"xmpmeta" in content[:1000]:
            xmp = content
        elif kind == XML_BOX:
            has_other_xml = True
        elif kind == UUID_BOX and content[:16] == XMP_UUID:
            xmp = content[16:]
        elif kind == UUID_BOX and content[:16] == EXIF_UUID:
            exif = content[16:]
        elif kind == b"asoc" and b"gml" in content[:100]:
            has_gml = True
        elif kind == UUID_BOX and content[:16] == GEOTIFF_UUID:
            georeference = content[16:]
        elif kind == UUID_BOX and content[:16] == IPTC_UUID:
            block = block_of({IPTC_RESOURCE: content[16:]})
    notes = ("some of its metadata is damaged or too long and was left out",) if is_damaged else ()
    if has_gml and not georeference:
        notes = (*notes, "its georeference, which is GML and not GeoTIFF, was left out")
    if has_other_xml:
        notes = (*notes, "its XML data, which are not XMP, were left out")
    return Words(exif.removeprefix(b"Exif\0\0"), xmp, block, (), notes, georeference=georeference)


def find_in_jxl(file: IO[bytes]) -> Words:
    """In a JPEG XL the codestream has the orientation, which the decoder applies; EXIF's does not count."""
    return replace(find_in_jp2(file), is_upright=True)


def _unpacked(content: bytes) -> bytes:
    """Content of a box by Brotli, as JPEG XL has them; empty if it is damaged or too long."""
    import imagecodecs

    try:
        return bytes(imagecodecs.brotli_decode(content, out=_MOST_UNPACKED))
    except (RuntimeError, ValueError):
        return b""
