"""The note that a model made the colours: there in every format, once, and at nothing's cost."""

import codecs
import io
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from colorizer_hf.imaging import Metadata, read, with_note, write
from colorizer_hf.version import __version__

Base, IFD = ExifTags.Base, ExifTags.IFD
SENTENCE = f"colorizer_hf {__version__}: colours added by a model, plausible, not historical"
CODES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
COMPOSITE = CODES + "compositeWithTrainedAlgorithmicMedia"

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
PROPERTY = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
NAMESPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
)


def packet(attributes: str = "", elements: str = "", after: str = "") -> bytes:
    """An XMP packet that says something about its picture."""
    description = f'<rdf:Description rdf:about="" {attributes}>{elements}</rdf:Description>{after}'
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f"<rdf:RDF {NAMESPACES}>{description}</rdf:RDF></x:xmpmeta>\n{' ' * 50}\n" + '<?xpacket end="w"?>'
    ).encode()


def descriptions(xmp: bytes | None) -> list[ElementTree.Element]:
    assert xmp is not None
    root = ElementTree.fromstring(xmp.rstrip(b"\0"))
    return root.findall(f".//{RDF}RDF/{RDF}Description")


def source_types(xmp: bytes | None) -> list[str]:
    """Everything that a packet says about its picture's source type."""
    found = []
    for description in descriptions(xmp):
        found += [description.attrib[PROPERTY]] if PROPERTY in description.attrib else []
        found += [element.text or "" for element in description.findall(PROPERTY)]
    return found


def everything_else(xmp: bytes | None) -> list[str]:
    """The descriptions without the source type; those that have nothing else to say are left out."""
    kept = []
    for description in descriptions(xmp):
        description.attrib.pop(PROPERTY, None)
        for element in description.findall(PROPERTY):
            description.remove(element)
        description.tail = None
        if len(description) or set(description.attrib) > {f"{RDF}about"}:
            kept.append(ElementTree.tostring(description, encoding="unicode"))
    return kept


def exif_of(**tags: object) -> bytes:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[Base[name]] = value
    return exif.tobytes().removeprefix(b"Exif\0\0")


def tags_of(block: bytes | None) -> Image.Exif:
    exif = Image.Exif()
    exif.load(block or b"")
    return exif


def software(metadata: Metadata) -> str:
    return tags_of(metadata.exif)[Base.Software]


def written(format: str, metadata: Metadata, folder: Path) -> Path:
    if format == "HEIC":
        pytest.importorskip("pillow_heif").register_heif_opener()
    path = folder / f"out.{format.lower()}"
    write(np.zeros((24, 36, 3), np.uint8), path, metadata=metadata, format=format)
    return path


class TestFiles:
    @pytest.mark.parametrize(
        "metadata", [Metadata(), Metadata(exif_of(Make="Leica"), packet('dc:format="x"'))], ids=str
    )
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIC", "AVIF"])
    def test_carry_it_for_other_readers(self, tmp_path: Path, format: str, metadata: Metadata) -> None:
        with Image.open(written(format, with_note(metadata), tmp_path)) as picture:
            assert picture.getexif()[Base.Software] == SENTENCE
            assert source_types(picture.info["xmp"]) == [COMPOSITE]

    @pytest.mark.parametrize(
        "metadata", [Metadata(), Metadata(exif_of(Make="Leica"), packet('dc:format="x"'))], ids=str
    )
    def test_of_tiff_carry_it_for_other_readers(self, tmp_path: Path, metadata: Metadata) -> None:
        with tifffile.TiffFile(written("TIFF", with_note(metadata), tmp_path)) as tiff:
            tags = tiff.pages.first.tags
            assert tags["Software"].value == SENTENCE
            assert source_types(tags["XMP"].value) == [COMPOSITE]

    def test_of_gif_carry_it_in_xmp(self, tmp_path: Path) -> None:
        metadata = read(written("GIF", with_note(Metadata()), tmp_path)).metadata
        assert source_types(metadata.xmp) == [COMPOSITE]

    def test_that_have_no_place_for_it_are_written_all_the_same(self, tmp_path: Path) -> None:
        assert read(written("BMP", with_note(Metadata()), tmp_path)).metadata == Metadata()

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "HEIC", "AVIF", "JXL", "JPEG2000"])
    def test_colorized_twice_carry_it_once(self, tmp_path: Path, format: str) -> None:
        metadata = Metadata(exif_of(Software="a scanner", Make="Leica"), packet("", "<dc:format>image/x</dc:format>"))
        once = read(written(format, with_note(metadata), tmp_path)).metadata
        twice = read(written(format, with_note(once), tmp_path)).metadata
        assert software(twice) == f"a scanner; {SENTENCE}"
        assert source_types(twice.xmp) == [COMPOSITE]
        assert twice == once


class TestExif:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("a scanner", f"a scanner; {SENTENCE}"),
            ("a scanner; a retoucher", f"a scanner; a retoucher; {SENTENCE}"),
            ("a camera\0\0\0 ", f"a camera; {SENTENCE}"),
            ("", SENTENCE),
            (b"in bytes", f"in bytes; {SENTENCE}"),
            (SENTENCE.replace(__version__, "0.0.1"), SENTENCE),
            (f"a scanner; {SENTENCE}; a retoucher", f"a scanner; a retoucher; {SENTENCE}"),
        ],
        ids=repr,
    )
    def test_software_gets_the_sentence_once_at_its_end(self, before: str | bytes, after: str) -> None:
        assert software(with_note(Metadata(exif_of(Software=before)))) == after

    def test_software_beyond_ascii_is_kept(self) -> None:
        noted = with_note(Metadata(exif_of(Software="Größenwahn ©".encode())))
        assert software(noted).encode("latin-1").decode() == f"Größenwahn ©; {SENTENCE}"

    @given(
        st.dictionaries(
            st.sampled_from(["Make", "Model", "Artist", "Copyright", "ImageDescription", "DateTime"]),
            st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1),
        ),
        st.integers(0, 2**31),
        st.binary(min_size=5),
    )
    def test_every_other_tag_stays(self, texts: dict[str, str], number: int, maker_note: bytes) -> None:
        exif = tags_of(exif_of(**texts))
        exif[IFD.Exif] = {Base.MakerNote: maker_note, Base.DateTimeOriginal: "1931:05:06 07:08:09"}
        exif[IFD.GPSInfo] = {1: "N", 2: (48.0, 8.0, 30.5)}
        exif[Base.ImageNumber] = number
        before = tags_of(exif.tobytes())
        after = tags_of(with_note(Metadata(exif.tobytes().removeprefix(b"Exif\0\0"))).exif)
        for directory in (IFD.Exif, IFD.GPSInfo):
            assert after.get_ifd(directory) == before.get_ifd(directory)
        same = set(before) - {IFD.Exif, IFD.GPSInfo}
        assert {tag: after[tag] for tag in same} == {tag: before[tag] for tag in same}
        assert set(after) == set(before) | {Base.Software}

    def test_that_just_fits_into_a_jpeg_is_not_made_too_long(self, tmp_path: Path) -> None:
        full = Metadata(exif_of(ImageDescription="x" * 65_300))
        with Image.open(written("JPEG", with_note(full), tmp_path)) as picture:
            assert picture.getexif()[Base.ImageDescription] == "x" * 65_300

    def test_that_is_too_long_for_a_jpeg_anyway_gets_it(self) -> None:
        assert software(with_note(Metadata(exif_of(ImageDescription="x" * 70_000)))) == SENTENCE


PRINT = CODES + "print"
xmp_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"], exclude_characters="<&\"'>"))


class TestXmp:
    @pytest.mark.parametrize(
        "before",
        [
            packet(f'ext:DigitalSourceType="{PRINT}" dc:format="x"'),
            packet(f"tiff:Make = 'a>b' ext:DigitalSourceType  =  '{PRINT}' "),
            packet("", f"<dc:format>x</dc:format>\n<ext:DigitalSourceType>{PRINT}</ext:DigitalSourceType >"),
            packet("", f'<ext:DigitalSourceType rdf:resource="{PRINT}"/><dc:format>x</dc:format>'),
            packet("", f'<ext:DigitalSourceType rdf:resource="{PRINT}"></ext:DigitalSourceType>'),
            packet("", "<ext:DigitalSourceType/>"),
            packet(f"dc:format=' ext:DigitalSourceType=\"{PRINT}\"' ext:DigitalSourceType='{PRINT}'"),
            packet("", "<ext:DigitalSourceType><rdf:Bag><rdf:li>odd</rdf:li></rdf:Bag></ext:DigitalSourceType>"),
            packet(
                "",
                '<i:DigitalSourceType xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">x</i:DigitalSourceType>',
            ),
            packet(
                f'ext:DigitalSourceType="{PRINT}"',
                after="<rdf:Description><ext:DigitalSourceType>x</ext:DigitalSourceType></rdf:Description>",
            ),
        ],
        ids=range(10),
    )
    def test_another_source_type_gives_way(self, before: bytes) -> None:
        after = with_note(Metadata(xmp=before)).xmp
        assert set(source_types(after)) == {COMPOSITE}
        assert len(source_types(after)) == len(source_types(before))
        assert everything_else(after) == everything_else(before)

    def test_of_a_picture_that_a_model_made_altogether_still_says_so(self) -> None:
        before = packet(f'ext:DigitalSourceType="{CODES}trainedAlgorithmicMedia"')
        assert with_note(Metadata(xmp=before)).xmp == before

    def test_about_the_parts_of_a_montage_is_not_touched(self) -> None:
        part = f'<dc:source><rdf:Description ext:DigitalSourceType="{PRINT}" dc:format="x"/></dc:source>'
        after = with_note(Metadata(xmp=packet("", part))).xmp
        assert source_types(after) == [COMPOSITE]
        assert everything_else(after) == everything_else(packet("", part))

    def test_text_that_only_looks_like_it_is_not_touched(self) -> None:
        look_alike = f"<!-- </rdf:RDF> --><dc:title><![CDATA[ext:DigitalSourceType='{PRINT}' </rdf:RDF>]]></dc:title>"
        before = packet(f"dc:format=' ext:DigitalSourceType=\"{PRINT}\"'", look_alike)
        after = with_note(Metadata(xmp=before)).xmp
        assert source_types(after) == [COMPOSITE]
        assert everything_else(after) == everything_else(before)

    @given(xmp_text, xmp_text, st.sampled_from([b"", b"\0", b"\0" * 5]), st.booleans(), st.booleans())
    def test_everything_else_stays_byte_for_byte(
        self, format: str, title: str, tail: bytes, has_mark: bool, has_type: bool
    ) -> None:
        attributes = f'dc:format="{format}"' + f' ext:DigitalSourceType="{PRINT}"' * has_type
        before = codecs.BOM_UTF8 * has_mark + packet(attributes, f"<dc:title>{title}</dc:title>") + tail
        after = with_note(Metadata(xmp=before)).xmp
        assert after is not None
        assert source_types(after) == [COMPOSITE]
        added = rb'<rdf:Description rdf:about="" [^>]*><Iptc4xmpExt:DigitalSourceType [^>]*>[^<]*</[^>]*></[^>]*>'
        undone = after.replace(COMPOSITE.encode(), PRINT.encode()) if has_type else re.sub(added, b"", after)
        assert undone == before

    @pytest.mark.parametrize(
        "xmp",
        [
            packet()[:-120],
            packet().replace(b"</rdf:RDF>", b""),
            packet().replace(b"<rdf:Description", b"<undeclared:Description"),
            packet('dc:format="\xe9"').replace("\xe9".encode(), b"\xe9"),
            packet().decode().encode("utf-16"),
            packet().replace(b"rdf-syntax-ns", b"another"),
            b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
            b"</x:xmpmeta>",
            b'<!DOCTYPE x [<!ENTITY e "</rdf:RDF>">]>' + packet().split(b"?>", 1)[1].replace(b"</rdf:RDF>", b"&e;"),
            b"\0",
            b"no XML at all",
        ],
        ids=range(10),
    )
    def test_that_cannot_be_extended_stays_as_it_is(self, xmp: bytes) -> None:
        noted = with_note(Metadata(xmp=xmp))
        assert noted.xmp == xmp
        assert software(noted) == SENTENCE

    @given(st.data())
    def test_that_is_damaged_anywhere_breaks_nothing(self, data: st.DataObject) -> None:
        damaged = bytearray(packet(f'ext:DigitalSourceType="{PRINT}"', "<dc:title>x</dc:title>"))
        byte = st.integers(0, 255).filter(lambda value: value != ord("}"))  # ElementTree takes none in a namespace
        for _ in range(data.draw(st.integers(1, 3))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(byte)
        after = with_note(Metadata(xmp=bytes(damaged))).xmp
        assert after is not None
        if after != damaged:
            assert source_types(after)[-1] == COMPOSITE

    def test_that_is_too_long_for_a_segment_of_a_jpeg_gets_it_too(self, tmp_path: Path) -> None:
        full = packet("", f"<dc:title>{'x' * 100_000}</dc:title><dc:source>a plate</dc:source>")
        with Image.open(written("JPEG", with_note(Metadata(xmp=full)), tmp_path)) as picture:
            assert source_types(picture.info["xmp"]) == [COMPOSITE], "readers of one segment find it"
            assert b"a plate" in picture.info["xmp"]


@given(
    st.none()
    | st.builds(lambda text: exif_of(Software=text), st.text(st.characters(min_codepoint=32, max_codepoint=126))),
    st.none() | st.builds(packet, st.just("") | st.just(f'ext:DigitalSourceType="{PRINT}"')),
)
def test_noting_twice_is_noting_once(exif: bytes | None, xmp: bytes | None) -> None:
    once = with_note(Metadata(exif, xmp, (300, 300)))
    assert with_note(once) == once
    assert once.dpi == (300, 300)


def test_the_packet_made_for_a_picture_without_one_is_complete() -> None:
    xmp = with_note(Metadata()).xmp
    assert xmp is not None
    assert re.match(rb'<\?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"\?><x:xmpmeta ', xmp)
    assert xmp.endswith(b'<?xpacket end="w"?>')
    buffer = io.BytesIO()
    write(np.zeros((4, 4, 3), np.uint8), buffer, metadata=with_note(Metadata()), format="PNG")
    assert read(buffer).metadata.xmp == xmp
