"""`find_words`: metadata that stands in a file where Pillow does not look, or not far enough.

Pillow spoils captions of TIFF files; it reads those of JPEG files but one segment long, XMP but the first, texts of PNG
files but those before the pixels, and refuses files with too many; of JPEG XL and JPEG 2000 it knows none. Nothing here
stands in the way of pixels: what is damaged is left out, with a note.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import IO, Any

from PIL import Image, TiffImagePlugin

from .boxes import boxes
from .exif import exif_block, raw_text
from .metadata import Text, Words
from .photoshop import IPTC_RESOURCE, block_of, resources_of, sound_captions
from .stale import RESOLUTION, STORAGE
from .xmp import digest, extended_name, join

_MOST_TEXT = 16_000_000
"""Letters of a PNG's texts, together, or of one packed box, that are kept."""

_START_OF_SCAN, _COMMENT = 0xDA, 0xFE
_STANDALONE = (0x01, *range(0xD0, 0xD9))  # segments without a length

_XMP_KEYWORD = "XML:com.adobe.xmp"
_RAW_PROFILE = re.compile(r"Raw profile type (\w+)$")
# ImageMagick's remarks on the file that it read, and what file managers write about one.
_STALE_KEYWORD = re.compile(
    r"(date:(create|modify|timestamp)|icc:|Thumb::|jpeg:|png:|signature$|exif:thumbnail:|exif:(Orientation|ColorSpace)$)"
    r"|tiff:(alpha|endian|photometric|rows-per-strip)$"
)

_IPTC_TAG, _PHOTOSHOP_TAG = 33723, 34377
_RATIONALS = (5, 10)  # types of TIFF values

EXIF_BOX, XML_BOX, UUID_BOX = b"Exif", b"xml ", b"uuid"
_PACKED_BOX = b"brob"
_FIRST_BOX = b"\0\0\0\x0c"  # its length: no bare codestream
EXIF_UUID = b"JpgTiffExif->JP2"
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
GEOTIFF_UUID = bytes.fromhex("b14bf8bd083d4b43a5ae8cd7d5a6ce03")  # GeoJP2: a GeoTIFF of one pixel
IPTC_UUID = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")


def find_words(file: IO[bytes], format: str | None) -> Words:
    """Metadata in a file; empty where Pillow finds all.

    Args:
        file: seekable, at any position.
        format: one of `formats.FORMATS`.
    """
    finders = {
        "JPEG": _find_in_jpeg,
        "PNG": _find_in_png,
        "TIFF": _find_in_tiff,
        "GIF": _find_in_gif,
        "JPEG2000": _find_in_boxes,
        "JXL": _find_in_jxl,
    }
    find = finders.get(format or "")
    if find is None:
        return Words()
    file.seek(0)
    return find(file)


def words_of_image(image: Image.Image) -> Words:
    """What Pillow has found in a picture whose file is not at hand."""
    info = image.info
    known = info["photoshop"].items() if isinstance(info.get("photoshop"), dict) else ()
    resources = {number: content for number, content in known if isinstance(content, bytes)}
    texts = [
        Text(keyword, str(value), getattr(value, "lang", "") or "", getattr(value, "tkey", "") or "")
        for keyword, value in (getattr(image, "text", None) or {}).items()
        if not (keyword == _XMP_KEYWORD or _RAW_PROFILE.match(keyword) or _STALE_KEYWORD.match(keyword))
    ]
    comment = info.get("comment")
    if isinstance(comment, str | bytes) and comment and not texts:
        texts.append(Text("Comment", comment if isinstance(comment, str) else _decoded(comment)))
    return Words(photoshop=block_of(resources), texts=tuple(texts))


def _decoded(text: bytes) -> str:
    """Text of unknown encoding, which mostly is UTF-8."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _find_in_tiff(file: IO[bytes]) -> Words:
    """Captions, the only ones of a TIFF's tags that Pillow does not give as they are."""
    import tifffile

    blocks: dict[int, bytes] = {}
    exif, notes = None, ()
    try:
        tiff = tifffile.TiffFile(file)
        tags = tiff.pages.first.tags
        for number in (_IPTC_TAG, _PHOTOSHOP_TAG):
            if number in tags:
                file.seek(tags[number].valueoffset)
                blocks[number] = file.read(tags[number].valuebytecount)
        if tiff.is_bigtiff and tiff.byteorder == ">":
            exif, notes = _exif_of_tags(tags)
    except MemoryError:
        raise
    except Exception:  # whatever tifffile raises on damaged files
        return Words(notes=("some of its tags are damaged and were left out",))
    resources = resources_of(blocks.get(_PHOTOSHOP_TAG, b""))
    if iptc := sound_captions(blocks.get(_IPTC_TAG, b"")):
        resources[IPTC_RESOURCE] = iptc
    return Words(exif, photoshop=block_of(resources), notes=notes)


def _exif_of_tags(tags: Iterable[Any]) -> tuple[bytes, tuple[str, ...]]:
    """EXIF of a big-endian BigTIFF, of which Pillow knows nothing: the tags of its first directory."""
    exif, notes = Image.Exif(), ()
    for tag in tags:
        value = tag.value
        if tag.code in STORAGE and tag.code not in RESOLUTION:
            continue
        if isinstance(value, dict):  # a directory, by names instead of numbers
            notes = ("the EXIF details of a big-endian BigTIFF are not read and were left out",)
        elif tag.dtype in _RATIONALS and isinstance(value, tuple):
            numbers = tuple(TiffImagePlugin.IFDRational(*pair) for pair in zip(value[::2], value[1::2], strict=True))
            exif[tag.code] = numbers if len(numbers) > 1 else numbers[0]
        else:
            exif[tag.code] = raw_text(value.encode().decode("latin-1")) if isinstance(value, str) else value
    return exif_block(exif), notes


def _find_in_jpeg(file: IO[bytes]) -> Words:
    xmp: bytes | None = None
    exif, block, texts, extended = b"", b"", [], {}
    for marker, content in _segments(file):
        if marker == _COMMENT and content.strip(b"\0 "):
            texts.append(Text("Comment", _decoded(content.rstrip(b"\0"))))
        elif marker == 0xED and content.startswith(b"Photoshop 3.0\0"):
            block += content[14:]  # a long one goes on in the next segment
        elif marker == 0xE1 and content.startswith(b"Exif\0\0"):
            exif += content[6:]  # a long one goes on too
        elif marker == 0xE1 and content.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
            xmp = xmp or content[29:]
        elif marker == 0xE1 and content.startswith(b"http://ns.adobe.com/xmp/extension/\0"):
            name, (_, offset) = (
                content[35:67].decode("latin-1"),
                struct.unpack_from(">II", content.ljust(75, b"\0"), 67),
            )
            extended.setdefault(name, {})[offset] = content[75:]
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


def _find_in_png(file: IO[bytes]) -> Words:
    exif, xmp, block = b"", None, b""
    texts: list[Text] = []
    are_damaged, room = False, _MOST_TEXT
    for kind, content in _chunks(file):
        if kind == b"eXIf":
            exif = content or b""
            continue
        text = _parse_text(kind, content, room) if content is not None else None
        if text is None:
            are_damaged = True
            continue
        room -= len(text.value)
        if text.keyword == _XMP_KEYWORD:
            xmp = xmp or text.value.encode()
        elif match := _RAW_PROFILE.match(text.keyword):
            profile = _raw_profile(text.value)
            if match[1] in ("exif", "APP1") and profile.startswith(b"Exif\0\0"):
                exif = exif or profile
            elif match[1] in ("xmp", "APP1"):
                xmp = xmp or profile.removeprefix(b"http://ns.adobe.com/xap/1.0/\0") or None
            elif match[1] in ("iptc", "8bim"):
                block = block or _resources_of(profile)
        elif not _STALE_KEYWORD.match(text.keyword):
            texts.append(text)
    notes = (
        ("some of its texts or other data beside the pixels are damaged or too long, and were left out",)
        if are_damaged
        else ()
    )
    return Words(exif.removeprefix(b"Exif\0\0"), xmp, block, tuple(texts), notes)


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, bytes | None]]:
    """Kind and content of a PNG's chunks with words, before and behind the pixels; None for damaged content."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            return
        if kind not in (b"eXIf", b"tEXt", b"zTXt", b"iTXt"):
            file.seek(length + 4, 1)
            continue
        content, checksum = file.read(length), file.read(4)
        is_sound = int.from_bytes(checksum, "big") == zlib.crc32(kind + content)
        yield kind, content if is_sound else None


def _parse_text(kind: bytes, content: bytes, room: int) -> Text | None:
    """One text; None if it is damaged or too long (PNG third edition, section 11.3.3)."""
    name, _, rest = content.partition(b"\0")
    keyword = name.decode("latin-1")
    try:
        if kind == b"tEXt":
            return Text(keyword, rest.decode("latin-1")) if len(rest) <= room else None
        if kind == b"zTXt":
            return Text(keyword, _inflated(rest[1:], room).decode("latin-1"))
        is_compressed, rest = rest[:1] == b"\1", rest[2:]
        language, translated, value = rest.split(b"\0", 2)
        value = _inflated(value, room) if is_compressed else value
        text = Text(keyword, value.decode(), language.decode("latin-1"), translated.decode())
        return text if len(value) <= room else None
    except (ValueError, zlib.error):  # UnicodeDecodeError is one too
        return None


def _inflated(content: bytes, room: int) -> bytes:
    inflater = zlib.decompressobj()
    value = inflater.decompress(content, room + 1)
    if len(value) > room or not inflater.eof:
        raise ValueError("it is too long, or cut off")
    return value


def _raw_profile(text: str) -> bytes:
    """ImageMagick's way to put bytes into a PNG: a name, their number, and they in hexadecimal digits."""
    try:
        _, _, digits = text.strip().split("\n", 2)
        return bytes.fromhex("".join(digits.split()))
    except ValueError:
        return b""


def _resources_of(profile: bytes) -> bytes:
    """Photoshop's resources from a profile that is either that, or bare captions."""
    profile = profile.removeprefix(b"Photoshop 3.0\0")
    if profile.startswith(b"8BIM") or not profile:
        return profile
    return block_of({IPTC_RESOURCE: profile})


def _find_in_gif(file: IO[bytes]) -> Words:
    """Comments and XMP of a GIF (GIF89a; XMP part 3, section 1.1.2)."""
    xmp, texts = None, []
    flags = file.read(13)[10:11]
    _skip_colors(file, flags)
    while introducer := file.read(1):
        if introducer == b",":  # a picture
            _skip_colors(file, file.read(9)[8:])
            file.seek(1, 1)
            _sub_blocks(file)
        elif introducer == b"!":
            label = file.read(1)
            blocks = _sub_blocks(file)
            if label == b"\xfe" and any(blocks):
                texts.append(Text("Comment", _decoded(b"".join(blocks))))
            elif label == b"\xff" and blocks[:1] == [b"XMP DataXMP"]:
                # The packet lies there bare, so that its own letters were taken for lengths; behind it is a trailer.
                bare = b"".join(bytes([len(block)]) + block for block in blocks[1:])
                xmp = bare.split(b"\x01\xff\xfe\xfd")[0] or None
        else:
            break
    return Words(None, xmp, texts=tuple(texts))


def _skip_colors(file: IO[bytes], flags: bytes) -> None:
    if flags and flags[0] & 0x80:
        file.seek(3 << (flags[0] & 7) + 1, 1)


def _sub_blocks(file: IO[bytes]) -> list[bytes]:
    blocks = []
    while length := file.read(1).strip(b"\0"):
        blocks.append(file.read(length[0]))
    return blocks


def _find_in_boxes(file: IO[bytes]) -> Words:
    exif, xmp, block, georeference = b"", None, b"", b""
    is_damaged, has_gml = False, False
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
    return Words(exif.removeprefix(b"Exif\0\0"), xmp, block, (), notes, georeference=georeference)


def _find_in_jxl(file: IO[bytes]) -> Words:
    """In a JPEG XL the codestream has the orientation, which the decoder applies; EXIF's does not count."""
    return replace(_find_in_boxes(file), is_upright=True)


def _unpacked(content: bytes) -> bytes:
    """Content of a box by Brotli, as JPEG XL has them; empty if it is damaged or too long."""
    import imagecodecs

    try:
        return bytes(imagecodecs.brotli_decode(content, out=_MOST_TEXT))
    except (RuntimeError, ValueError):
        return b""
