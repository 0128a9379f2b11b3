"""Which EXIF and TIFF tags are not true of a new picture any more: how the old file stored its pixels, and for whom."""

import re
from typing import Any
from xml.etree import ElementTree

from PIL import ExifTags, Image

from .exif import raw_text

Base, IFD = ExifTags.Base, ExifTags.IFD

GDAL_METADATA = 42112
_GDAL_NO_DATA = 42113
GEOREFERENCE = (33550, 33922, 34264, 34735, 34736, 34737, 50844, 50908, 50909, GDAL_METADATA)
"""Where on the ground the pixels of a TIFF lie: GeoTIFF 1.1 annex F, RPC coefficients, DGIWG, GDAL."""

RESOLUTION = (Base.XResolution, Base.YResolution, Base.ResolutionUnit)
"""Kept by itself."""

# Tags of the first directory that say how the old file stored its pixels. In a TIFF they stand beside the tags that
# describe the photograph; in a new file they would be wrong.
STORAGE = frozenset(
    [
        *range(254, 267),  # subfile type, size, bits, compression, photometric
        273,
        *range(277, 282),  # strips, samples
        *RESOLUTION,
        284,  # planes
        *range(288, 294),  # free space, fax options
        297,  # page number
        *range(300, 302),
        *range(317, 348),  # predictor, colour map, tiles, sub-images, inks, samples, JPEG tables; not Artist (315)
        *range(512, 533),  # JPEG in TIFF, YCbCr
        700,  # XMP: kept by itself
        33421,  # colour filter of a raw file
        33422,
        33723,  # captions, Photoshop's resources and layers: kept by themselves
        34377,
        34675,  # colour profile: the output has its own
        37724,
        _GDAL_NO_DATA,  # such pixels are transparent now; a band of colour may have the number anywhere
        *range(50706, 51126),  # DNG: raw colour
        59932,  # padding, and where a maker's notes once stood
        59933,
    ]
).difference(GEOREFERENCE)

# Private tags of microscopes' programs about planes, channels and where in the file they are.
_LAYOUT = frozenset(
    [*range(33628, 33632), 33560, *range(34361, 34364), 34412, 43314, *range(65324, 65333), *range(65420, 65460)]
)
_LAYOUT_ONLY = re.compile(r"ImageJ=|\{\"shape\":|shape=\(|\s*state\.")
_LAYOUT_AND_MORE = re.compile(r"\s*<(\?xml|OME|MetaData|DataObject|PerkinElmer-QPI|scn)\b|Aperio ")
_COLOR_SPACE_SRGB = 1
_STALE_DETAILS = (Base.CompressedBitsPerPixel, Base.Gamma)


def drop_stale(exif: Image.Exif, *, turned: bool) -> list[str]:
    """Take what is not true any more out of some tags.

    Args:
        exif: all tags read, directories as dictionaries.
        turned: whether the picture was turned or mirrored.

    Returns:
        What a user should know, as phrases.
    """
    notes = []
    for tag in (STORAGE | _LAYOUT).intersection(exif):
        del exif[tag]
    for tag in (Base.ImageDescription, GDAL_METADATA):
        if isinstance(exif.get(tag), bytes):
            exif[tag] = raw_text(exif[tag].decode("latin-1"))
    description = str(exif.get(Base.ImageDescription, ""))
    if _LAYOUT_ONLY.match(description) or _LAYOUT_AND_MORE.match(description):
        del exif[Base.ImageDescription]
    if _LAYOUT_AND_MORE.match(description):
        notes.append("its description of planes and channels, which the result does not have, was left out")
    _drop_statistics(exif)
    if turned and any(tag in exif for tag in GEOREFERENCE):
        for tag in set(GEOREFERENCE).intersection(exif):
            del exif[tag]
        notes.append("its georeference was left out, since the picture was turned")
    _drop_stale_details(exif.get(IFD.Exif, {}))
    return notes


def _drop_stale_details(details: dict[int, Any]) -> None:
    for tag in _STALE_DETAILS:
        details.pop(tag, None)
    if Base.ColorSpace in details:
        details[Base.ColorSpace] = _COLOR_SPACE_SRGB
    rules = details.get(IFD.Interop, {})
    if 1 in rules:
        rules[1] = "R98"  # sRGB; "R03" is Adobe RGB


def _drop_statistics(exif: Image.Exif) -> None:
    """Leave of GDAL's items those that do not count pixels nor belong to one of the old bands."""
    if GDAL_METADATA not in exif:
        return
    try:
        items = ElementTree.fromstring(str(exif[GDAL_METADATA]).rstrip("\0 \n"))
    except ElementTree.ParseError:
        del exif[GDAL_METADATA]
        return
    stale = [item for item in items if "sample" in item.attrib or item.get("name", "").startswith("STATISTICS_")]
    for item in stale:
        items.remove(item)
    if not len(items):
        del exif[GDAL_METADATA]
    elif stale:
        exif[GDAL_METADATA] = raw_text(ElementTree.tostring(items, encoding="unicode"))
