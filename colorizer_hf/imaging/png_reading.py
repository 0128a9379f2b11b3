"""PNG files: 16 bits of colour kept, gamma applied, and pixels read whatever the other chunks are like."""

import zlib
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from typing import IO

from PIL import Image

from ..errors import ImageError
from .cicp import with_codes
from .encoded import Encoded, which_of
from .formats import HEAD_LENGTH
from .pillow_reading import from_pillow, open_pillow, pillow_samples
from .samples import Samples, array_samples

_SIGNATURE = 8  # bytes
_LONGEST_PROFILE = 1 << 20  # bytes; Pillow reads no longer ones
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_KEPT_LENGTHS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"pHYs": 9, b"acTL": 8}
_KEPT = (*_PIXELS, b"iCCP", b"fcTL", b"fdAT", *_KEPT_LENGTHS)
"""What says what the pixels mean. The lengths are checked because Pillow does not."""


def open_png(file: IO[bytes], max_pixels: int) -> Encoded:
    """Read the header of a PNG file; see `decoding.open_encoded`."""
    try:
        return _open(file, max_pixels)
    except (MemoryError, ImageError):
        raise
    except Exception:  # Pillow stumbles over metadata in ways of its own
        return _open(_stripped(file, _KEPT), max_pixels)


def _open(file: IO[bytes], max_pixels: int) -> Encoded:
    is_deep, notes = _is_16_bit_color(file), ()
    image = open_pillow(file, "PNG")
    if image.width * image.height <= max_pixels:  # an animation is looked through
        notes = which_of("frame", getattr(image, "n_frames", 1))
    encoded = replace(from_pillow(image), notes=notes)
    if codes := _code_points(file):
        encoded = with_codes(encoded, *codes)
    return replace(encoded, decode=lambda: _decode_deep(file) if is_deep else _decode(image, file))


def _code_points(file: IO[bytes]) -> tuple[int, int] | None:
    """Primaries and transfer function of a cICP chunk, which goes before profile and gamma (section 11.3.2.6)."""
    file.seek(_SIGNATURE)
    for kind, chunk in _chunks(file):
        if kind == b"cICP" and _is_sound(kind, chunk):
            return chunk[8], chunk[9]
        if kind == b"IDAT":
            break
    return None


def _is_16_bit_color(file: IO[bytes]) -> bool:
    file.seek(0)
    bit_depth, color_type = file.read(HEAD_LENGTH)[24:26]
    return bit_depth == 16 and color_type != 0  # 0: gray, which Pillow keeps


def _decode(image: Image.Image, file: IO[bytes]) -> Samples:
    """By Pillow, which reads the chunks behind the pixels too and may stumble over them."""
    try:
        return pillow_samples(image)
    except (MemoryError, ImageError):
        raise
    except Exception:
        return pillow_samples(open_pillow(_stripped(file, _KEPT), "PNG"))


def _decode_deep(file: IO[bytes]) -> Samples:
    import imagecodecs

    # Of other chunks it says on the terminal what it thinks of them.
    pixels = imagecodecs.png_decode(_stripped(file, _PIXELS).getvalue())
    channels = pixels.shape[2]
    return array_samples(pixels, "gray" if channels == 2 else "rgb", "straight" if channels in (2, 4) else None)


def _stripped(file: IO[bytes], kinds: Collection[bytes]) -> BytesIO:
    """The same PNG with these kinds of chunks only, and of those that pixels can do without the sound ones."""
    file.seek(0)
    stripped = BytesIO()
    stripped.write(file.read(_SIGNATURE))
    for kind, chunk in _chunks(file):
        if kind in kinds and (kind[:1].isupper() or _is_sound(kind, chunk)):
            stripped.write(chunk)
    return stripped


def _is_sound(kind: bytes, chunk: bytes) -> bool:
    content = chunk[8:-4]
    if kind == b"iCCP" and not _is_profile(content):
        return False
    has_length = len(content) == _KEPT_LENGTHS.get(kind, len(content))
    return has_length and zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def _is_profile(content: bytes) -> bool:
    """Whether a colour profile can be unpacked: behind its name and a zero that stands for zlib."""
    _, _, packed = content.partition(b"\0")
    with suppress(zlib.error):
        unpacking = zlib.decompressobj()
        unpacking.decompress(packed[1:], _LONGEST_PROFILE)
        return packed[:1] == b"\0" and unpacking.eof
    return False


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Kind and all bytes of each chunk from here on, until the file ends or is cut off."""
    while len(head := file.read(8)) == 8:
        length = int.from_bytes(head[:4], "big") + 4
        rest = file.read(length)
        yield head[4:], head + rest
        if head[4:] == b"IEND" or len(rest) < length:
            return
