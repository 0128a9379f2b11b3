"""What a picture says about itself: taken from it, kept true, handed to the next file."""

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from PIL import ExifTags, Image

from .exif import copy_tags, drop_unwritable, exif_block, parse_exif
from .photoshop import IPTC_RESOURCE, KEPT_RESOURCES, block_of, resources_of
from .stale import GEOREFERENCE, RESOLUTION, drop_stale
from .xmp import still_true

ORIENTATION = ExifTags.Base.Orientation
_PIXEL_WIDTH, _PIXEL_HEIGHT = ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight

_UNKNOWN_DPI = (72.0, 72.0)  # Exif 2.3, section 4.6.4

JPEG_ROOM = 65_400
"""Bytes of EXIF or XMP that surely fit into a segment of a JPEG."""


class Text(NamedTuple):
    """A text as PNG files have them, with a name; comments of JPEG and GIF files are called "Comment".

    Attributes:
        keyword: "Title", "Author", "Description", "Copyright", "Comment" or any other of up to 79 letters.
        value: what it says.
        language: of the value, such as "en"; empty if unknown.
        translated: the keyword in that language.
    """

    keyword: str
    value: str
    language: str = ""
    translated: str = ""


def comment(said: str | bytes) -> Text:
    """A comment; bytes are of unknown encoding, which mostly is UTF-8."""
    if isinstance(said, bytes):
        try:
            said = said.decode()
        except UnicodeDecodeError:
            said = said.decode("latin-1")
    return Text("Comment", said)


@dataclass(frozen=True)
class Metadata:
    """What a picture says about itself beside its pixels.

    Attributes:
        exif: the EXIF block as a TIFF structure (no "Exif" prefix), orientation 1, no thumbnail; None for none. The
            tags of a GeoTIFF are in it too.
        xmp: the XMP packet (UTF-8 XML), orientation 1; None for none.
        dpi: horizontal and vertical resolution in pixels per inch; None if unknown.
        iptc: IPTC-IIM captions, byte for byte; None for none.
        photoshop: Photoshop's image resources that belong to captions, by number: address, copyright flag, digest.
        texts: those of a PNG, or comments.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    iptc: bytes | None = None
    photoshop: tuple[tuple[int, bytes], ...] = ()
    texts: tuple[Text, ...] = ()

    def exif_for(self, size: tuple[int, int], *, with_dpi: bool = False, without: Collection[int] = ()) -> bytes | None:
        """The EXIF block for a file.

        Args:
            size: width and height of the picture in it.
            with_dpi: state the resolution too, for formats that have no other place for it.
            without: tags that have another place in it.
        """
        exif = self.exif_tags_for(size)
        for tag in without:
            if tag in exif:
                del exif[tag]
        if with_dpi and self.dpi is not None:
            exif[ExifTags.Base.XResolution], exif[ExifTags.Base.YResolution] = self.dpi
            exif[ExifTags.Base.ResolutionUnit] = 2
        return exif_block(exif) if exif else None

    def exif_tags(self) -> Image.Exif:
        """The EXIF tags, the directories in them as dictionaries; none where there is no EXIF."""
        return copy_tags(parse_exif(self.exif or b""))

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

    def photoshop_block(self, *, with_iptc: bool = True) -> bytes | None:
        """Photoshop's image resources for a file, the captions among them; None for none."""
        resources = dict(self.photoshop)
        if with_iptc and self.iptc is not None:
            resources[IPTC_RESOURCE] = self.iptc
        return block_of(resources) or None


@dataclass(frozen=True)
class Words:
    """Metadata as a file has it, where Pillow does not find it, or not all of it.

    Attributes:
        exif: a TIFF structure; empty if there surely is none, None if Pillow is to be asked.
        xmp: the packet; None if Pillow is to be asked.
        photoshop: Photoshop's image resources.
        texts: texts and comments.
        notes: what a user should know, as phrases.
        is_upright: whether the picture was turned when its pixels were decoded, whatever EXIF says.
        georeference: a TIFF structure with the tags that say it, where they are not in EXIF.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    photoshop: bytes = b""
    texts: tuple[Text, ...] = ()
    notes: tuple[str, ...] = ()
    is_upright: bool = False
    georeference: bytes = b""


def collect(
    read_exif: Callable[[], Image.Exif], info: Mapping[Any, Any], words: Words
) -> tuple[Metadata, int, tuple[str, ...]]:
    """What is worth keeping of a picture that will be turned upright.

    Args:
        read_exif: gives the EXIF tags.
        info: Pillow's `info`: `xmp` and `dpi` are looked at.
        words: what Pillow does not find.

    Returns:
        The metadata, the EXIF orientation (1..8), and what a user should know, as phrases.
    """
    notes = list(words.notes)
    exif, orientation = Image.Exif(), 1
    try:
        exif = copy_tags(parse_exif(words.exif) if words.exif is not None else read_exif())
        if (words.exif or info.get("exif")) and not exif:
            raise ValueError("Pillow found nothing in it")
        exif.update(_georeference(words.georeference))
    except MemoryError:
        raise
    except Exception:  # Pillow fails on damaged tags in ways of its own: struct.error, TypeError, OverflowError, ...
        notes.append("its EXIF data is damaged and was left out")
    xmp = words.xmp or info.get("xmp")
    xmp = xmp.encode() if isinstance(xmp, str) else xmp  # as a TIFF's tag of the wrong type comes
    if not words.is_upright:
        orientation = _stated_orientation(exif, xmp)
    iptc, resources = _captions(words.photoshop)
    dpi = _dpi(info.get("dpi"), _exif_dpi(exif))
    notes += drop_stale(exif, turned=orientation != 1)
    if drop_unwritable(exif):
        notes.append("some of its EXIF tags are damaged and were left out")
    metadata = Metadata(_block_if_any(exif), _upright_xmp(xmp, orientation), dpi, iptc, resources, words.texts)
    return metadata, orientation, tuple(notes)


def _georeference(block: bytes) -> dict[int, Any]:
    found = copy_tags(parse_exif(block))
    return {tag: found[tag] for tag in GEOREFERENCE if tag in found}


def _captions(block: bytes) -> tuple[bytes | None, tuple[tuple[int, bytes], ...]]:
    """IPTC captions and the resources that belong to them."""
    found = resources_of(block)
    iptc = found.get(IPTC_RESOURCE)
    return iptc or None, tuple((number, found[number]) for number in KEPT_RESOURCES if found.get(number))


def _stated_orientation(exif: Image.Exif, xmp: Any) -> int:
    """The orientation by EXIF, or by XMP where EXIF states none."""
    stated = exif.get(ORIENTATION)
    if stated is None and isinstance(xmp, bytes):
        match = re.search(rb"\btiff:Orientation(?:\s*=\s*[\"']|>)\s*(\d)\b", xmp)
        stated = int(match[1]) if match else None
    return stated if isinstance(stated, int) and 1 <= stated <= 8 else 1


def _upright_xmp(xmp: Any, orientation: int) -> bytes | None:
    if not isinstance(xmp, bytes) or not xmp:
        return None
    return still_true(_set_xmp_number(xmp, rb"tiff:Orientation", 1), turned=orientation != 1)


def _block_if_any(exif: Image.Exif) -> bytes | None:
    """EXIF of a picture that is upright; None if there is nothing else in it."""
    if set(exif) <= {ORIENTATION}:
        return None
    if ORIENTATION in exif:
        exif[ORIENTATION] = 1
    return exif_block(exif)


def _set_xmp_number(xmp: bytes, name: bytes, value: int) -> bytes:
    """Give a property, written as an attribute or as an element, another value wherever it occurs."""
    return re.sub(rb"(\b" + name + rb"(?:\s*=\s*[\"']|>))\s*\d+", rb"\g<1>%d" % value, xmp)


def _dpi(stated: Any, by_exif: tuple[float, float] | None) -> tuple[float, float] | None:
    """The resolution by EXIF, or by the format's own field: EXIF has to state one, and says 72 where none is known."""
    own = _clean_dpi(stated)
    return own if by_exif is None or (own is not None and by_exif == _UNKNOWN_DPI) else by_exif


def _exif_dpi(exif: Image.Exif) -> tuple[float, float] | None:
    x, y, unit = (exif.get(tag) for tag in RESOLUTION)
    inches = {2: 1.0, 3: 2.54}.get(unit)
    try:
        return None if x is None or y is None or inches is None else _clean_dpi((x * inches, y * inches))
    except TypeError:  # several values where one belongs
        return None


def _clean_dpi(dpi: Any) -> tuple[float, float] | None:
    """Resolution as two sensible numbers, or None."""
    try:
        x, y = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    # 65535 is what a JPEG can say; nan fails every comparison.
    return (x, y) if all(math.isfinite(value) and 1 < value <= 65535 for value in (x, y)) else None
