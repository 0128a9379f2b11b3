"""JPEG files of all kinds: of 8 bits by Pillow, those that it does not know by imagecodecs."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO

import numpy as np
from PIL import Image
from PIL.ExifTags import IFD

from ..errors import ImageError
from .encoded import Encoded, which_of
from .pillow_reading import from_pillow, open_pillow, pillow_samples
from .profiles import ColorSpace, adobe_rgb_profile
from .samples import Samples, array_samples

_MENDED = "some of its metadata are damaged and were left out"
_ENDED = "its end mark is missing; all its pixels are there"

_USUAL_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive, with Huffman coding
_OTHER_FRAMES = (0xC3, 0xC9, 0xCA)  # lossless; with arithmetic coding
_JPEG_LS = 0xF7
_FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), _JPEG_LS)  # T.81, table B.1
_WITHOUT_LENGTH = (0x01, *range(0xD0, 0xDA))  # no start of scan: that has one
_START_OF_SCAN, _END_OF_IMAGE, _COMMENT = 0xDA, b"\xff\xd9", 0xFE
_APPLICATION = range(0xE0, 0xF0)
_NEEDED_APPLICATION = (0xE0, 0xE2, 0xEE)  # JFIF, colour profile, Adobe's kind of colours
_COLOR_SPACES: dict[int, ColorSpace] = {1: "gray", 3: "rgb", 4: "cmyk"}
_THUMBNAILS = ("Large Thumbnail (VGA Equivalent)", "Large Thumbnail (Full HD Equivalent)")

_junk = b"\x55\xaa\x33" * 40
_MORE = _junk + b"".join(b"\xff" + bytes([0xD0 + number]) + _junk for number in range(8))
"""Pixels that nobody would mistake for an end, for scans with and without restart marks."""


@dataclass(frozen=True)
class _Frame:
    """What the frame header of a JPEG says (T.81, B.2.2), and where it stands: at its marker."""

    kind: int
    at: int
    bits: int
    height: int
    width: int
    components: int


def open_jpeg(file: IO[bytes], max_pixels: int) -> Encoded:
    """Read the header of a JPEG file; see `decoding.open_encoded`."""
    frame = _find_frame(file)
    if frame is not None and (frame.kind not in _USUAL_FRAMES or frame.bits != 8):
        return _open_unusual(file, frame)
    try:
        image = open_pillow(file, "JPEG")
    except (MemoryError, ImageError):
        raise
    except Exception:  # Pillow stumbles over metadata in ways of its own
        mended = _without_metadata(file)
        return _encoded(open_pillow(mended, "JPEG"), mended, (_MENDED,))
    return _encoded(image, file, _which_picture(image))


def _encoded(image: Image.Image, file: IO[bytes], notes: tuple[str, ...]) -> Encoded:
    encoded = replace(from_pillow(image), notes=notes, decode=lambda: _decode(image, file))
    if encoded.info.get("icc_profile") or not _is_in_adobe_rgb(image):
        return encoded
    return replace(encoded, info={**encoded.info, "icc_profile": adobe_rgb_profile()})


def _is_in_adobe_rgb(image: Image.Image) -> bool:
    """Whether EXIF says so, as cameras do that add no profile (DCF 2.0, optional colour space)."""
    with suppress(Exception):  # damaged tags are metadata
        return image.getbands() == ("R", "G", "B") and image.getexif().get_ifd(IFD.Interop).get(1) == "R03"
    return False


def _decode(image: Image.Image, file: IO[bytes]) -> Samples:
    try:
        return pillow_samples(image)
    except OSError:  # Pillow does without no end mark
        ended = _ended(file)
        if ended is None:
            raise
        return replace(pillow_samples(open_pillow(ended, "JPEG")), notes=(_ENDED,))


def _ended(file: IO[bytes]) -> BytesIO | None:
    """The same JPEG with an end mark, if that is all that it lacks.

    A decoder makes gray of what is missing. So where more would follow, the picture would be another one.
    """
    import imagecodecs

    file.seek(0)
    content = file.read().rstrip(b"\xff")
    with suppress(RuntimeError):  # imagecodecs' errors
        as_it_is, with_more = (imagecodecs.jpeg8_decode(content + more + _END_OF_IMAGE) for more in (b"", _MORE))
        if np.array_equal(as_it_is, with_more):
            return BytesIO(content + _END_OF_IMAGE)
    return None


def _which_picture(image: Image.Image) -> tuple[str, ...]:
    """Of the pictures of a stereo camera, or a phone that adds others, the first one is read (CIPA DC-007)."""
    with suppress(Exception):  # a damaged index is metadata
        index = image._getmp() or {}  # ty: ignore[missing-attribute]
        kinds = [entry["Attribute"]["MPType"] for entry in index.get(0xB002, [])]
        return which_of("picture", sum(kind not in _THUMBNAILS for kind in kinds))
    return ()


def _open_unusual(file: IO[bytes], frame: _Frame) -> Encoded:
    """A JPEG that Pillow does not decode; it still reads the metadata, from a head that looks usual."""
    if frame.kind not in (*_USUAL_FRAMES, *_OTHER_FRAMES, _JPEG_LS):
        raise ImageError(
            "it is a hierarchical or differential JPEG, which no program reads; save it as an ordinary one"
        )
    if frame.components not in _COLOR_SPACES:
        raise ImageError(f"it is a JPEG of {frame.components} components; save it as gray or RGB")
    file.seek(0)
    content = file.read()
    usual = bytearray(content)
    usual[frame.at + 1], usual[frame.at + 4] = 0xC0, 8
    image = open_pillow(BytesIO(usual), "JPEG")
    size = (frame.width, frame.height)
    return replace(from_pillow(image), size=size, decode=lambda: _decode_unusual(content, frame))


def _decode_unusual(content: bytes, frame: _Frame) -> Samples:
    import imagecodecs

    decode = imagecodecs.jpegls_decode if frame.kind == _JPEG_LS else imagecodecs.jpeg8_decode
    pixels = decode(content)
    if frame.components == 4:
        pixels = pixels.dtype.type(2**frame.bits - 1) - pixels  # as Adobe writes ink: counted from the full amount
    return replace(array_samples(pixels, _COLOR_SPACES[frame.components]), top=2**frame.bits - 1)


def _without_metadata(file: IO[bytes]) -> BytesIO:
    """The same JPEG without what pixels do not need."""
    mended = BytesIO()
    mended.write(b"\xff\xd8")
    behind = 2
    for marker, at, length in list(_segments(file)):
        behind = at + length
        if marker != _COMMENT and (marker not in _APPLICATION or marker in _NEEDED_APPLICATION):
            file.seek(at)
            mended.write(file.read(length))
    file.seek(behind)
    mended.write(file.read())
    return mended


def _find_frame(file: IO[bytes]) -> _Frame | None:
    for marker, at, _ in _segments(file):
        if marker in _FRAMES:
            file.seek(at + 4)
            head = file.read(6)
            if len(head) == 6:
                numbers = (int.from_bytes(head[first:last], "big") for first, last in ((0, 1), (1, 3), (3, 5), (5, 6)))
                return _Frame(marker, at, *numbers)
    return None


def _segments(file: IO[bytes]) -> Iterator[tuple[int, int, int]]:
    """Marker, first byte and length of each segment up to the first scan's head, that included."""
    at = 2
    while True:
        file.seek(at)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF:
            return
        if head[1] == 0xFF:  # fill bytes
            at += 1
        elif head[1] in _WITHOUT_LENGTH:
            at += 2
        else:
            length = 2 + int.from_bytes(head[2:], "big")
            yield head[1], at, length
            if head[1] == _START_OF_SCAN:
                return
            at += length
