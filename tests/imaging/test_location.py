"""Without location: no place where a photograph was taken is left, everything else is."""

import io

import numpy as np
import pytest
from PIL import ExifTags, Image

from colorizer_hf.imaging import WRITTEN, Metadata, Text, read, without_location, write

Base, IFD = ExifTags.Base, ExifTags.IFD
CAPTION = b"\x1c\x02\x78\x00\x13Harvest at the mill"
CITY, COUNTRY, DEVICE = b"\x1c\x02\x5a\x00\x03Ulm", b"\x1c\x02\x65\x80\x04\0\0\0\x07Germany", b"\x1c\x01\x5a\x00\x01x"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="plate 12" '
    b'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="48,51.49N" exif:FNumber="8/1" '
    b'xmlns:drone="http://www.dji.com/drone-dji/1.0/" drone:GpsLongitude="2.29" drone:AbsoluteAltitude="9" '
    b'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="Ulm" photoshop:Credit="Archive" '
    b'xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
    b"<ext:LocationCreated><rdf:Bag><rdf:li ext:City='Ulm'/></rdf:Bag></ext:LocationCreated>"
    b"<ext:ArtworkOrObject><rdf:Bag><rdf:li><rdf:Description><exif:GPSLongitude>2,17E</exif:GPSLongitude>"
    b"</rdf:Description></rdf:li></rdf:Bag></ext:ArtworkOrObject>"
    b"<exif:GPSLongitude>2,17.67E</exif:GPSLongitude><dc:title>The mill</dc:title></rdf:Description>"
    b"</rdf:RDF></x:xmpmeta>"
)


@pytest.fixture
def metadata() -> Metadata:
    exif = Image.Exif()
    exif[Base.Make] = "Leica"
    exif[33550] = (10.0, 10.0, 0.0)
    exif[IFD.Exif] = {Base.DateTimeOriginal: "1931:05:06 07:08:09"}
    exif[IFD.GPSInfo] = {1: "N", 2: (48.0, 51.0, 29.5)}
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    texts = (Text("exif:GPSLatitude", "48/1"), Text("Author", "Zoë"))
    iptc = CAPTION + CITY + COUNTRY + DEVICE
    return Metadata(block, XMP, (300.0, 300.0), iptc, ((0x040A, b"\1"), (0x0425, b"digest of captions")), texts)


def test_places_are_gone_and_all_else_is_there(metadata):
    kept = without_location(metadata)
    exif = kept.exif_tags()
    assert set(exif) == {Base.Make, IFD.Exif}
    assert kept.xmp is not None
    assert not any(word in kept.xmp for word in (b"GPS", b"Gps", b"Ulm", b"2,17", b"48,51"))
    for word in (b"plate 12", b'exif:FNumber="8/1"', b"AbsoluteAltitude", b'photoshop:Credit="Archive"', b"The mill"):
        assert word in kept.xmp
    assert kept.iptc == CAPTION + DEVICE
    assert kept.photoshop == ((0x040A, b"\1"),), "the digest is of the captions as they were"
    assert kept.texts == (Text("Author", "Zoë"),)
    assert kept.dpi == metadata.dpi


@pytest.mark.parametrize("format", WRITTEN)
def test_no_byte_of_a_place_is_in_any_file(metadata, format):
    if format == "HEIC":
        pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    write(np.zeros((24, 36, 3), np.uint8), buffer, format=format, metadata=without_location(metadata))
    data = buffer.getvalue()
    assert not any(word in data for word in (b"GPS", b"Ulm", b"2,17", b"48,51", b"LocationCreated"))
    assert IFD.GPSInfo not in read(data).metadata.exif_tags()


def test_xmp_that_cannot_be_understood_is_not_published():
    assert without_location(Metadata(xmp=b"<x exif:GPSLatitude='48,51N'")).xmp is None


def test_nothing_stays_nothing():
    assert without_location(Metadata()) == Metadata()
