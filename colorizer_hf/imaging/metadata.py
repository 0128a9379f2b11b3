"""EXIF, XMP and resolution: taken from a picture, kept true, handed to the next file."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, Image

ORIENTATION = ExifTags.Base.Orientation
_PREFIX = b"Exif\0\0"  # of EXIF in a JPEG, and of what Pillow makes
_PIXEL_WIDTH, _PIXEL_HEIGHT = ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight

# Tags of the first directory that say how the old file stored its pixels. In a TIFF they stand beside the tags that
# describe the photograph; in a new file they would be wrong.
_STORAGE_TAGS = frozenset(
    [
        *range(254, 267),  # subfile type, size, bits, compression, photometric
        273,
        *range(277, 282),  # strips, samples
        284,
        *range(288, 294),  # planes, free space, fax options
        297,  # page number
        *range(300, 302),
        *range(317, 348),  # predictor, colour map, tiles, sub-images, inks, samples, JPEG tables; not Artist (315)
        *range(512, 533),  # JPEG in TIFF, YCbCr
        700,  # XMP: kept by itself
        34377,  # Photoshop's layers
        34675,  # colour profile: the output has its own
        37724,
        *range(50706, 50742),  # DNG: raw colour
    ]
)
_RESOLUTION_TAGS = (ExifTags.Base.XResolution, ExifTags.Base.YResolution, ExifTags.Base.ResolutionUnit)


@dataclass(frozen=True)
class Metadata:
    """What a picture says about itself beside its pixels.

    Attributes:
        exif: the EXIF block as a TIFF structure (no "Exif" prefix), orientation 1, no thumbnail; None for none.
        xmp: the XMP packet (UTF-8 XML), orientation 1; None for none.
        dpi: horizontal and vertical resolution in pixels per inch; None if unknown.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None

    def exif_for(self, size: tuple[int, int], *, with_dpi: bool = False) -> bytes | None:
        """The EXIF block for a file.

        Args:
            size: width and height of the picture in it.
            with_dpi: state the resolution too, for formats that have no other place for it.
        """
        exif = self.exif_tags_for(size)
        if with_dpi and self.dpi is not None:
            exif[ExifTags.Base.XResolution], exif[ExifTags.Base.YResolution] = self.dpi
            exif[ExifTags.Base.ResolutionUnit] = 2
        return exif_block(exif) if exif else None

    def exif_tags(self) -> Image.Exif:
        """The EXIF tags, the directories in them as dictionaries; none where there is no EXIF."""
        exif = Image.Exif()
        exif.load(self.exif or b"")
        return _copy(exif)

    def exif_tags_for(self, size: tuple[int, int]) -> Image.Exif:
        """The EXIF tags for a file with a picture of this width and height."""
        exif = self.exif_tags()
        details = exif.get(ExifTags.IFD.Exif, {})
        for tag, value in zip((_PIXEL_WIDTH, _PIXEL_HEIGHT), size, strict=True):
            if tag in details:
                details[tag] = value
        return exif

    def xmp_for(self, size: tuple[int, int]) -> bytes | None:
        """The XMP packet for a file with a picture of this width and height."""
        if self.xmp is None:
            return None
        xmp = self.xmp
        for names, value in zip((rb"ImageWidth|PixelXDimension", rb"ImageLength|PixelYDimension"), size, strict=True):
            xmp = _set_xmp_number(xmp, rb"(?:tiff|exif):(?:" + names + rb")", value)
        return xmp


def collect(read_exif: Callable[[], Image.Exif], info: Mapping[Any, Any]) -> tuple[Metadata, int, bool]:
    """What is worth keeping of a picture that will be turned upright.

    Args:
        read_exif: gives the EXIF tags.
        info: Pillow's `info`: `xmp` and `dpi` are looked at.

    Returns:
        The metadata, the EXIF orientation (1..8), and whether damaged EXIF had to be left out.
    """
    xmp = info.get("xmp")
    xmp = _set_xmp_number(xmp, rb"tiff:Orientation", 1) if isinstance(xmp, bytes) and xmp else None
    dpi = _clean_dpi(info.get("dpi"))
    orientation = 1
    try:
        exif = read_exif()
        if info.get("exif") and not exif:
            raise ValueError("Pillow found nothing in it")
        if exif.get(ORIENTATION) in range(1, 9):
            orientation = exif[ORIENTATION]
        dpi = dpi or _exif_dpi(exif)
        return Metadata(_upright(exif, dpi is not None), xmp, dpi), orientation, False
    except MemoryError:
        raise
    except Exception:  # Pillow fails on damaged tags in ways of its own: struct.error, TypeError, OverflowError, ...
        return Metadata(None, xmp, dpi), orientation, True


def _upright(exif: Image.Exif, has_dpi: bool) -> bytes | None:
    """EXIF without storage tags and thumbnail (which shows the old picture, unturned), orientation 1."""
    exif = _copy(exif)
    for tag in _STORAGE_TAGS.union(() if has_dpi else _RESOLUTION_TAGS).intersection(exif):
        del exif[tag]
    if set(exif) <= {ORIENTATION}:
        return None
    if ORIENTATION in exif:
        exif[ORIENTATION] = 1
    return exif_block(exif)


def exif_block(exif: Image.Exif) -> bytes:
    """EXIF tags as a TIFF structure."""
    return exif.tobytes().removeprefix(_PREFIX)


def _copy(exif: Image.Exif) -> Image.Exif:
    """The same tags, all read, free to be changed; without the second directory, the thumbnail."""
    copy = Image.Exif()
    copy.endian = exif.endian
    for tag, value in exif.items():
        copy[tag] = raw_text(value)
    for directory in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        if directory in exif:
            copy[directory] = {tag: raw_text(value) for tag, value in exif.get_ifd(directory).items()}
    details = copy.get(ExifTags.IFD.Exif, {})
    if ExifTags.IFD.Interop in details:
        details[ExifTags.IFD.Interop] = dict(exif.get_ifd(ExifTags.IFD.Interop))
    return copy


class _RawText(str):
    """EXIF text that is written as the bytes it was, mostly UTF-8.

    Pillow decodes such bytes as Latin-1 and encodes them as ASCII, which would make "?" of every é and ©.
    """

    __slots__ = ()

    def encode(self, encoding: str = "latin-1", errors: str = "replace") -> bytes:
        return super().encode("latin-1", "replace")


def raw_text(value: Any) -> Any:
    """The same EXIF value, such that Pillow writes a text as the bytes that it read."""
    return _RawText(value) if isinstance(value, str) else value


def _set_xmp_number(xmp: bytes, name: bytes, value: int) -> bytes:
    """Give a property, written as an attribute or as an element, another value wherever it occurs."""
    return re.sub(rb"(\b" + name + rb"(?:\s*=\s*[\"']|>))\s*\d+", rb"\g<1>%d" % value, xmp)


def _exif_dpi(exif: Image.Exif) -> tuple[float, float] | None:
    x, y, unit = (exif.get(tag) for tag in _RESOLUTION_TAGS)
    inches = {2: 1.0, 3: 2.54}.get(unit)
    return None if x is None or y is None or inches is None else _clean_dpi((x * inches, y * inches))


def _clean_dpi(dpi: Any) -> tuple[float, float] | None:
    """Resolution as two sensible numbers, or None."""
    try:
        x, y = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    # 65535 is what a JPEG can say; nan fails every comparison.
    return (x, y) if all(math.isfinite(value) and 1 < value <= 65535 for value in (x, y)) else None
