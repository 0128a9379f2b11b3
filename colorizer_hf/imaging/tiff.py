"""TIFF files with EXIF: tifffile writes pixels and plain tags, the EXIF directories are put behind."""

import io
import struct
from typing import IO, Any

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin

from .metadata import Metadata
from .profiles import srgb_profile
from .stale import GEOREFERENCE

_XMP, _IPTC, _PHOTOSHOP = 700, 33723, 34377
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
_RESOLUTION = (ExifTags.Base.XResolution, ExifTags.Base.YResolution, ExifTags.Base.ResolutionUnit)
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED, _SIGNED, _SIGNED_RATIONAL, _DOUBLE = 1, 2, 3, 4, 5, 7, 9, 10, 12
_LITTLE_ENDIAN = b"II*\0\x08\0\0\0"


def write_tiff(file: IO[bytes], pixels: np.ndarray, metadata: Metadata) -> None:
    """Write (H, W, 3|4) uint8 or uint16 as a compressed TIFF with metadata.

    Args:
        file: empty, open for writing and reading.
        pixels: RGB or RGBA.
        metadata: what to put in.
    """
    import tifffile

    height, width = pixels.shape[:2]
    exif = metadata.exif_tags_for((width, height))
    xmp = metadata.xmp_for((width, height))
    blocks = {
        (_XMP, _BYTE): xmp,
        (_IPTC, _UNDEFINED): metadata.iptc,
        (_PHOTOSHOP, _BYTE): metadata.photoshop_block(with_iptc=False),
    }
    tags = [(tag, kind, len(block), block, True) for (tag, kind), block in blocks.items() if block]
    tifffile.imwrite(
        file,
        pixels,
        byteorder="<",
        photometric="rgb",
        extrasamples=["unassalpha"] if pixels.shape[2] == 4 else None,
        # Deflate at its fastest: a third of the time of level 6 for a twentieth more bytes.
        compression="zlib",
        compressionargs={"level": 1},
        predictor=True,
        resolution=metadata.dpi or (1, 1),
        resolutionunit="INCH" if metadata.dpi else "NONE",
        iccprofile=srgb_profile(),
        software=False,
        metadata=None,
        extratags=tags + plain_tags(exif),
    )
    _append_directories(file, exif)


def georeference_block(exif: Image.Exif) -> bytes:
    """The tags that say where on the ground a picture lies as a GeoTIFF of one pixel; empty if there are none."""
    import tifffile

    tags = [entry for entry in plain_tags(exif) if entry[0] in GEOREFERENCE]
    if not tags:
        return b""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.zeros((1, 1), np.uint8), byteorder="<", software=False, metadata=None, extratags=tags)
    return buffer.getvalue()


def plain_tags(exif: Image.Exif) -> list[tuple[int, int, int, Any, bool]]:
    """EXIF's first directory but for what is in directories of its own, for tifffile."""
    tags: list[tuple[int, int, int, Any, bool]] = []
    for tag, value in exif.items():
        if tag in _DIRECTORIES or tag in _RESOLUTION:
            continue
        if isinstance(value, str):
            value = value.encode() + b"\0"
            tags.append((tag, _ASCII, len(value), value, True))
        elif isinstance(value, bytes):
            tags.append((tag, _BYTE, len(value), value, True))
        elif (numbers := _numbers(value)) is not None:
            kind, count, values = numbers
            tags.append((tag, kind, count, values, True))
    return tags


def _numbers(value: Any) -> tuple[int, int, Any] | None:
    """Type, count and values of one or several numbers; None for what are none."""
    values = value if isinstance(value, tuple) else (value,)
    if not values:
        return None
    if all(isinstance(number, TiffImagePlugin.IFDRational) for number in values):
        pairs = [number.limit_rational(2**31 - 1) for number in values]
        is_signed = any(part < 0 for pair in pairs for part in pair)
        flat = tuple(int(part) for pair in pairs for part in pair)
        return _SIGNED_RATIONAL if is_signed else _RATIONAL, len(pairs), flat
    if all(isinstance(number, int) for number in values):
        low, high = min(values), max(values)
        if not -(2**31) <= low <= high < 2**32 or (low < 0 and high >= 2**31):
            return None
        kind = _SIGNED if low < 0 else _SHORT if high < 2**16 else _LONG
        return kind, len(values), values if len(values) > 1 else values[0]
    if all(isinstance(number, int | float) for number in values):
        return _DOUBLE, len(values), values if len(values) > 1 else values[0]
    return None


def _append_directories(file: IO[bytes], exif: Image.Exif) -> None:
    """Put the EXIF and GPS directories at the end of the file, and behind them the first one, which points there."""
    file.seek(0)
    if file.read(4) != _LITTLE_ENDIAN[:4] or not any(tag in exif for tag in _DIRECTORIES):
        return  # BigTIFF, for files over 4 GB, goes without
    pointers = []
    for tag in _DIRECTORIES:
        if tag in exif:
            offset = _even_end(file)
            file.write(_directory(exif[tag], tag, offset))
            pointers.append(struct.pack("<HHII", tag, _LONG, 1, offset))
    file.seek(4)
    file.seek(*struct.unpack("<I", file.read(4)))
    (count,) = struct.unpack("<H", file.read(2))
    entries = [file.read(12) for _ in range(count)] + pointers
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry))
    first = _even_end(file)
    file.write(struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4))
    file.seek(4)
    file.write(struct.pack("<I", first))


def _even_end(file: IO[bytes]) -> int:
    """Go to the end of the file, made even: directories begin at even bytes."""
    if file.seek(0, io.SEEK_END) % 2:
        file.write(b"\0")
    return file.tell()


def _directory(entries: dict[int, Any], tag: int, offset: int) -> bytes:
    directory = TiffImagePlugin.ImageFileDirectory_v2(_LITTLE_ENDIAN, group=tag)
    for entry, value in entries.items():
        directory[entry] = value
    return directory.tobytes(offset)
