"""TIFF files with EXIF: tifffile writes pixels and plain tags, the EXIF directories are put behind."""

import io
import struct
from typing import IO, Any

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin

from .metadata import Metadata
from .profiles import srgb_profile

_XMP = 700
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
_RESOLUTION = (ExifTags.Base.XResolution, ExifTags.Base.YResolution, ExifTags.Base.ResolutionUnit)
_BYTE, _ASCII, _LONG = 1, 2, 4  # types of TIFF values
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
    tags = [(_XMP, _BYTE, len(xmp), xmp, True)] if xmp else []
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
        extratags=tags + _plain_tags(exif),
    )
    _append_directories(file, exif)


def _plain_tags(exif: Image.Exif) -> list[tuple[int, int, int, Any, bool]]:
    """The texts, numbers and bytes of EXIF's first directory, for tifffile."""
    tags: list[tuple[int, int, int, Any, bool]] = []
    for tag, value in exif.items():
        if tag in _DIRECTORIES or tag in _RESOLUTION:
            continue
        if isinstance(value, str):
            text = value.encode() + b"\0"
            tags.append((tag, _ASCII, len(text), text, True))
        elif isinstance(value, bytes):
            tags.append((tag, _BYTE, len(value), value, True))
        elif isinstance(value, int) and 0 <= value < 2**32:
            tags.append((tag, _LONG, 1, value, True))
    return tags


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
