"""Metadata in PNG files; Pillow reads what stands before the pixels, and refuses files with long texts."""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import IO

from .metadata import Text, Words
from .photoshop import IPTC_RESOURCE, block_of

MOST_TEXT = 16_000_000
"""Letters of a file's texts, together, that are kept."""

_XMP_KEYWORD = "XML:com.adobe.xmp"
_RAW_PROFILE = re.compile(r"Raw profile type (\w+)$")
# ImageMagick's remarks on the file that it read, and what file managers write about one.
_STALE_KEYWORD = re.compile(
    r"(date:(create|modify|timestamp)|icc:|Thumb::|jpeg:|png:|signature$|exif:thumbnail:|exif:(Orientation|ColorSpace)$)"
    r"|tiff:(alpha|endian|photometric|rows-per-strip)$"
)
_DAMAGED = "some of its texts or other data beside the pixels are damaged or too long, and were left out"


def is_worth_keeping(keyword: str) -> bool:
    """Whether a text says something of the picture by itself, not of the old file, nor is the place of other data."""
    return not (keyword == _XMP_KEYWORD or _RAW_PROFILE.match(keyword) or _STALE_KEYWORD.match(keyword))


def find_in_png(file: IO[bytes]) -> Words:
    """EXIF, XMP, captions and texts of a PNG, before and behind the pixels."""
    exif, xmp, block = b"", None, b""
    texts: list[Text] = []
    are_damaged, room = False, MOST_TEXT
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
        elif is_worth_keeping(text.keyword):
            texts.append(text)
    notes = (_DAMAGED,) if are_damaged else ()
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
