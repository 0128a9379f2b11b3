"""`without_location`: metadata for those who publish, without the place where a photograph was taken."""

import re
from dataclasses import replace

from PIL import ExifTags

from .exif import exif_block
from .metadata import Metadata
from .photoshop import IPTC_DIGEST, without_datasets
from .stale import GEOREFERENCE
from .xmp import find_properties, without

_NAMES_A_PLACE = re.compile("gps|latitude|longitude|geotag", re.IGNORECASE)

# Texts of XMP that say where a photograph was taken, and those of IPTC-IIM that mean the same (IPTC Photo Metadata).
_PLACES = re.compile(
    r"http://ns\.adobe\.com/photoshop/1\.0/ (City|State|Country)$"
    r"|http://iptc\.org/std/Iptc4xmpCore/1\.0/xmlns/ (Location|CountryCode)$"
    r"|http://iptc\.org/std/Iptc4xmpExt/2008-02-29/ (LocationShown|LocationCreated)$"
)
_IPTC_RECORD, _IPTC_PLACES = 2, (26, 27, 90, 92, 95, 100, 101)


def without_location(metadata: Metadata) -> Metadata:
    """The same without coordinates, named places and georeference, in EXIF, XMP, captions and texts.

    What a camera's maker keeps in notes of its own, and what people wrote into descriptions, is left as it is. XMP that
    cannot be understood is left out altogether, since it may state anything.
    """
    exif = metadata.exif_tags()
    for tag in {ExifTags.IFD.GPSInfo, *GEOREFERENCE}.intersection(exif):
        del exif[tag]
    iptc = metadata.iptc and without_datasets(
        metadata.iptc, lambda record, number: record == _IPTC_RECORD and number in _IPTC_PLACES
    )
    resources = metadata.photoshop
    if iptc != metadata.iptc:
        resources = tuple(entry for entry in resources if entry[0] != IPTC_DIGEST)
    return replace(
        metadata,
        exif=exif_block(exif) if exif else None,
        xmp=metadata.xmp and _xmp_without_location(metadata.xmp),
        iptc=iptc,
        photoshop=resources,
        texts=tuple(text for text in metadata.texts if not _NAMES_A_PLACE.search(text.keyword)),
    )


def _xmp_without_location(xmp: bytes) -> bytes | None:
    try:
        properties, _ = find_properties(xmp)
    except ValueError:
        return None
    return without(
        xmp,
        [
            one
            for one in properties
            if _PLACES.match(one.name) or any(_NAMES_A_PLACE.search(_local(name)) for name in (one.name, *one.inside))
        ],
    )


def _local(name: str) -> str:
    return name.rsplit(" ", 1)[-1]
