"""BMP files, with the colour profile of their newer headers, which Pillow leaves aside."""

import struct
from dataclasses import replace
from typing import IO

from .encoded import Encoded
from .pillow_reading import from_pillow, open_pillow

_HEADER, _LENGTH = 14, 124  # where the picture's header starts, and how long the one with a profile is (BITMAPV5HEADER)
_KIND, _PLACE = 56, 112  # of its colours; of the profile and its length
_EMBEDDED, _LINKED = b"DEBM", b"KNIL"
_ELSEWHERE = "its colour profile was ignored: it lies in another file"


def open_bmp(file: IO[bytes], max_pixels: int) -> Encoded:
    """Read the header of a BMP file; see `decoding.open_encoded`."""
    encoded = from_pillow(open_pillow(file, "BMP"))
    file.seek(_HEADER)
    header = file.read(_LENGTH)
    if len(header) < _LENGTH or int.from_bytes(header[:4], "little") < _LENGTH:
        return encoded
    kind = header[_KIND : _KIND + 4]
    if kind == _LINKED:
        return replace(encoded, notes=(_ELSEWHERE,))
    if kind != _EMBEDDED:
        return encoded
    at, length = struct.unpack_from("<II", header, _PLACE)
    file.seek(_HEADER + at)
    return replace(encoded, info={**encoded.info, "icc_profile": file.read(length)})


__all__ = ["open_bmp"]
