"""What a photograph says is kept in every format that has a place for it, or a note says what found none."""

import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, PngImagePlugin

from colorizer_hf.imaging import WRITTEN, Metadata, Photo, Text, read, with_note, write
from colorizer_hf.imaging.fitting import PLACES

Base, IFD = ExifTags.Base, ExifTags.IFD
FORMATS = [name for name in WRITTEN if name != "HEIC" or find_spec("pillow_heif")]
IPTC = b"\x1c\x02\x00\x00\x02\x00\x04" + b"\x1c\x02\x78\x00\x13Harvest at the mill"
GEO = {
    33550: (10.0, 10.0, 0.0),
    33922: (0.0, 0.0, 0.0, 500000.25, 4600000.0, 0.0),
    34735: (1, 1, 0, 1, 1024, 0, 1, 1),
    34736: (298.257223563, 0.5),
    34737: "WGS 84 / UTM zone 33N|",
}


def block_of(**tags: object) -> bytes:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[Base[name]] = value
    return exif.tobytes().removeprefix(b"Exif\0\0")


def packet(content: str) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:p="http://ns.adobe.com/photoshop/1.0/">{content}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def georeferenced() -> bytes:
    exif = Image.Exif()
    for tag, value in GEO.items():
        exif[tag] = value
    exif[Base.Make] = "Leica"
    return exif.tobytes().removeprefix(b"Exif\0\0")


def written(format: str, metadata: Metadata) -> tuple[bytes, tuple[str, ...]]:
    buffer = io.BytesIO()
    notes = write(np.full((24, 36, 3), 90, np.uint8), buffer, format=format, metadata=metadata)
    return buffer.getvalue(), notes


def through(format: str, metadata: Metadata) -> tuple[Photo, tuple[str, ...]]:
    data, notes = written(format, metadata)
    return read(data), notes


fields = st.fixed_dictionaries(
    {},
    optional={
        "exif": st.sampled_from([block_of(Make="Leica"), georeferenced()]),
        "xmp": st.just(packet("<dc:source>plate 12</dc:source>")),
        "dpi": st.sampled_from([(300.0, 300.0), (600.0, 300.0)]),
        "iptc": st.just(IPTC),
        "texts": st.lists(
            st.sampled_from([Text("Comment", "a plate"), Text("Title", "Μύλος"), Text("Author", "Zoë")]),
            min_size=1,
            unique=True,
        ).map(tuple),
    },
)


def check_that_all_survives_or_is_named(photo: Photo, notes: tuple[str, ...], before: Metadata) -> None:
    kept, said = photo.metadata, " ".join(notes)
    exif, old_exif = kept.exif_tags(), before.exif_tags()
    if Base.Make in old_exif:
        assert exif.get(Base.Make) == "Leica" or "its EXIF data" in said
    if set(GEO) <= set(old_exif):
        assert all(exif.get(tag) == value for tag, value in GEO.items()) or "its georeference" in said
    if before.xmp is not None and b"plate 12" in before.xmp:
        assert b"plate 12" in (kept.xmp or b"") or "its XMP data" in said
    if before.dpi is not None:
        assert kept.dpi == pytest.approx(before.dpi, rel=1e-2) or "its resolution" in said
    if before.iptc is not None:
        assert kept.iptc == before.iptc or "its IPTC captions" in said
    for text in before.texts:
        block = kept.exif or b""
        in_exif = any(text.value.encode(code) in block for code in ("utf-8", "utf-16-le", "utf-16-be"))
        assert text in kept.texts or in_exif or f"its text {text.keyword!r}" in said
    if "added by a model" in str(old_exif.get(Base.Software)) or b"compositeWith" in (before.xmp or b""):
        noted = "added by a model" in str(exif.get(Base.Software)) or b"compositeWith" in (kept.xmp or b"")
        assert noted or "the note that a model added the colours" in said
    assert bool(notes) == (" has no place for " in said)


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=20, deadline=None)
@given(fields=fields, note=st.booleans())
def test_everything_survives_or_is_named(format, fields, note):
    before = with_note(Metadata(**fields)) if note else Metadata(**fields)
    check_that_all_survives_or_is_named(*through(format, before), before)


@settings(max_examples=60, deadline=None)
@given(source=st.sampled_from(FORMATS), target=st.sampled_from(FORMATS), fields=fields)
def test_everything_that_a_file_of_one_format_says_survives_in_another_or_is_named(source, target, fields):
    before = read(written(source, Metadata(**fields))[0]).metadata
    check_that_all_survives_or_is_named(*through(target, with_note(before)), with_note(before))


def test_the_documentation_says_what_each_format_has_a_place_for():
    page = (Path(__file__).parents[2] / "docs" / "metadata.md").read_text()
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if "|" in line
    ]
    assert [row[0] for row in rows] == list(PLACES)
    names = {"EXIF": "exif", "XMP": "xmp", "IPTC captions": "iptc", "resolution": "dpi"}
    for format, *cells in rows:
        said = {names.get(name, name) for name, cell in zip(head[1:], cells, strict=True) if cell == "yes"}
        assert said == PLACES[format] - {"resources"}
        assert ("in EXIF" in cells) == ("exif" in said and "comment" not in said)


@pytest.mark.parametrize("format", FORMATS)
def test_a_photograph_that_says_nothing_gets_no_notes(format):
    assert written(format, Metadata())[1] == ()
    if format != "BMP":
        assert written(format, with_note(Metadata()))[1] == ()


def test_notes_are_sentences():
    full = Metadata(block_of(Make="Leica"), packet("<dc:source>x</dc:source>"), (300.0, 300.0), IPTC)
    assert written("BMP", with_note(full))[1] == (
        "a BMP has no place for its EXIF data, its XMP data, its IPTC captions and the note that a model added the "
        "colours",
    )
    assert written("GIF", full)[1] == ("a GIF has no place for its EXIF data, its IPTC captions and its resolution",)
    assert written("BMP", with_note(Metadata()))[1] == (
        "a BMP has no place for the note that a model added the colours",
    )


class TestCaptions:
    @pytest.mark.parametrize("target", ["JPEG", "PNG", "TIFF"])
    @pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF"])
    def test_go_from_format_to_format_byte_for_byte(self, source, target):
        metadata = Metadata(iptc=IPTC, photoshop=((0x040A, b"\1"), (0x040B, b"https://example.org/12")))
        first, _ = through(source, metadata)
        second, notes = through(target, first.metadata)
        assert notes == ()
        assert second.metadata.iptc == IPTC
        assert second.metadata.photoshop == metadata.photoshop

    def test_in_jpeg_2000_have_no_flag_and_address_beside_them(self):
        metadata = Metadata(iptc=IPTC, photoshop=((0x040A, b"\1"), (0x040B, b"https://example.org/12"), (0x0425, b"d")))
        photo, notes = through("JPEG2000", metadata)
        assert photo.metadata.iptc == IPTC
        assert notes == ("a JPEG 2000 file has no place for its copyright flag and its web address",)

    def test_longer_than_a_segment_are_kept_in_a_jpeg(self):
        long = IPTC + b"\x1c\x02\x7a\x80\x04" + (150_000).to_bytes(4, "big") + b"x" * 150_000
        assert through("JPEG", Metadata(iptc=long))[0].metadata.iptc == long

    def test_are_found_by_other_readers(self):
        with Image.open(io.BytesIO(written("JPEG", Metadata(iptc=IPTC))[0])) as picture:
            assert picture.info["photoshop"][0x0404] == IPTC
        with tifffile.TiffFile(io.BytesIO(written("TIFF", Metadata(iptc=IPTC))[0])) as tiff:
            assert tiff.pages.first.tags[33723].value == IPTC


class TestTexts:
    def test_are_kept_in_png_for_other_readers(self):
        texts = (
            Text("Author", "Zoë"),
            Text("Description", "The mill by the river " * 100),
            Text("Title", "Μύλος", "el", "Τίτλος"),
        )
        data, notes = written("PNG", Metadata(texts=texts))
        assert notes == ()
        with Image.open(io.BytesIO(data)) as picture:
            assert isinstance(picture, PngImagePlugin.PngImageFile)
            assert {key: str(value) for key, value in picture.text.items()} == {
                text.keyword: text.value for text in texts
            }
            title = picture.text["Title"]
            assert isinstance(title, PngImagePlugin.iTXt)
            assert (title.lang, title.tkey) == ("el", "Τίτλος")
        assert read(data).metadata.texts == texts

    def test_however_long_they_are(self):
        """Packed, one of more than a megabyte would make Pillow refuse the file."""
        texts = (Text("Description", "The mill by the river " * 70_000), Text("Title", "Μύλος " * 170_000))
        data, _ = written("PNG", Metadata(texts=texts))
        with Image.open(io.BytesIO(data)) as picture:
            assert isinstance(picture, PngImagePlugin.PngImageFile)
            assert [str(value) for value in picture.text.values()] == [text.value for text in texts]

    @settings(max_examples=50, deadline=None)
    @given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=2000), st.sampled_from(["", "de"]))
    def test_any_text_comes_back_from_a_png(self, value, language):
        texts = (Text("Description", value, language),)
        assert through("PNG", Metadata(texts=texts))[0].metadata.texts == texts

    @pytest.mark.parametrize("format", ["JPEG", "TIFF", "WEBP"])
    def test_become_the_exif_tags_that_mean_the_same(self, format):
        texts = tuple(Text(name, f"{name} é") for name in ("Description", "Author", "Copyright", "Software"))
        photo, notes = through(format, with_note(Metadata(texts=texts)))
        exif = photo.metadata.exif_tags()
        assert exif[Base.ImageDescription].encode("latin-1").decode() == "Description é"
        assert exif[Base.Artist].encode("latin-1").decode() == "Author é"
        assert exif[Base.Copyright].encode("latin-1").decode() == "Copyright é"
        assert notes == (f"a {format} has no place for its text 'Software'",), (
            "the note that a model was at work is there"
        )

    def test_that_contradict_exif_are_named(self):
        metadata = Metadata(block_of(Artist="Zoë".encode()), texts=(Text("Author", "Zoë"), Text("Author", "Otto")))
        photo, notes = through("JPEG", metadata)
        assert photo.metadata.exif_tags()[Base.Artist].encode("latin-1").decode() == "Zoë"
        assert notes == ("a JPEG has no place for its text 'Author'",)

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF"])
    def test_comments_stay_comments(self, format):
        texts = (Text("Comment", "Zoë at the mill"),)
        photo, notes = through(format, Metadata(texts=texts))
        assert photo.metadata.texts == texts
        assert notes == ()

    @pytest.mark.parametrize("comment", ["a plate", "Zoë"])
    def test_comments_become_exif_s_where_there_are_none(self, comment):
        for format, order in (("TIFF", "le"), ("WEBP", "be")):
            photo, notes = through(format, Metadata(texts=(Text("Comment", comment),)))
            coded = photo.metadata.exif_tags()[IFD.Exif][Base.UserComment]
            kind, text = coded[:8], coded[8:]
            assert text.decode(f"utf-16-{order}" if kind == b"UNICODE\0" else "ascii") == comment
        assert notes == ()


class TestGeoreference:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_is_kept_in_tiff_for_other_readers(self, dtype):
        buffer = io.BytesIO()
        assert write(np.zeros((4, 6, 3), dtype), buffer, format="TIFF", metadata=Metadata(georeferenced())) == ()
        with tifffile.TiffFile(io.BytesIO(buffer.getvalue())) as tiff:
            tags = tiff.pages.first.tags
            for tag, value in GEO.items():
                assert tags[tag].value == value
            assert tiff.geotiff_metadata is not None
            assert tiff.geotiff_metadata["ModelPixelScale"] == [10.0, 10.0, 0.0]

    def test_is_kept_in_jpeg_2000_as_a_geotiff_for_other_readers(self):
        data, notes = written("JPEG2000", with_note(Metadata(georeferenced())))
        assert notes == ()
        first = data.index(bytes.fromhex("b14bf8bd083d4b43a5ae8cd7d5a6ce03")) + 16
        with tifffile.TiffFile(io.BytesIO(data[first:])) as tiff:
            assert tiff.pages.first.shape == (1, 1)
            assert {tag: tiff.pages.first.tags[tag].value for tag in GEO} == GEO
        exif = read(data).metadata.exif_tags()
        assert {tag: exif[tag] for tag in GEO} == GEO

    def test_of_jpeg_2000_that_is_only_gml_is_named(self):
        data, _ = written("JPEG2000", Metadata())
        gml = b"lbl gml.data" + b"<gml/>"
        photo = read(data + (len(gml) + 8).to_bytes(4, "big") + b"asoc" + gml)
        assert photo.notes == ("its georeference, which is GML and not GeoTIFF, was left out",)

    def test_of_a_picture_that_was_turned_is_no_longer_true(self, gray):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, gray, extratags=[(274, 3, 1, 6, True), (33550, 12, 3, GEO[33550], True)])
        photo = read(buffer.getvalue())
        assert 33550 not in photo.metadata.exif_tags()
        assert photo.notes == ("its georeference was left out, since the picture was turned",)

    def test_counts_of_the_old_pixels_are_dropped(self, gray):
        items = (
            '<GDALMetadata><Item name="ACQUIRED">1931 é</Item><Item name="STATISTICS_MEAN">7</Item>'
            '<Item name="SCALE" sample="0" role="scale">0.1</Item></GDALMetadata>'
        ).encode() + b"\0"
        buffer = io.BytesIO()
        tags = [(42112, 2, len(items), items, True), (42113, 2, 5, b"-999\0", True)]
        tifffile.imwrite(buffer, gray, extratags=tags, metadata=None)
        data, _ = written("TIFF", read(buffer.getvalue()).metadata)
        with tifffile.TiffFile(io.BytesIO(data)) as tiff:
            kept = tiff.pages.first.tags
            assert kept[42112].value == '<GDALMetadata><Item name="ACQUIRED">1931 é</Item></GDALMetadata>'
            assert 42113 not in kept, "transparent pixels say it"


class TestLayouts:
    @pytest.mark.parametrize("kind", ["imagej", "ome", "shaped"])
    def test_of_a_stack_are_dropped_so_that_the_result_opens(self, tmp_path: Path, kind):
        stack = np.random.default_rng(0).integers(0, 65535, (5, 24, 36)).astype(np.uint16)
        source = tmp_path / "stack.tif"
        ome = True if kind == "ome" else None
        tifffile.imwrite(source, stack, photometric="minisblack", imagej=kind == "imagej", ome=ome)
        photo = read(source)
        result = tmp_path / "result.tif"
        write(np.zeros((24, 36, 3), np.uint16), result, metadata=with_note(photo.metadata))
        assert tifffile.imread(result).shape == (24, 36, 3)
        with tifffile.TiffFile(result) as tiff:
            assert [series.shape for series in tiff.series] == [(24, 36, 3)]
            assert tiff.pages.first.description == ""
        left_out = "its description of planes and channels, which the result does not have, was left out"
        assert (left_out in photo.notes) == (kind == "ome"), "only that one says more"

    def test_a_caption_stays(self, tmp_path: Path):
        source = tmp_path / "caption.tif"
        tifffile.imwrite(source, np.zeros((4, 6), np.uint8), description="A mill, <1931>", metadata=None)
        assert read(source).metadata.exif_tags()[Base.ImageDescription] == "A mill, <1931>"


def test_plain_numbers_of_a_tiff_are_kept(tmp_path: Path):
    source, result = tmp_path / "in.tif", tmp_path / "out.tif"
    tags = [
        (33434, 5, 1, (1, 125), True),  # exposure time, where TIFF/EP has it
        (37380, 10, 1, (-1, 3), True),
        (18246, 3, 1, 5, True),
        (40091, 1, 4, b"M\0\xfc\0", True),
        (65000, 12, 2, (0.1, -7.5), True),
    ]
    tifffile.imwrite(source, np.zeros((4, 6), np.uint8), extratags=tags, metadata=None)
    write(np.zeros((4, 6, 3), np.uint8), result, metadata=read(source).metadata)
    with tifffile.TiffFile(source) as before, tifffile.TiffFile(result) as after:
        for tag, *_ in tags:
            assert after.pages.first.tags[tag].value == before.pages.first.tags[tag].value


class TestLongXmp:
    def test_goes_on_in_further_segments_of_a_jpeg(self):
        long = packet(f"<dc:description>{'word ' * 40_000}</dc:description><dc:source>plate 12</dc:source>")
        data, notes = written("JPEG", with_note(Metadata(xmp=long)))
        assert notes == ()
        with Image.open(io.BytesIO(data)) as picture:
            first = picture.info["xmp"]
        assert b"HasExtendedXMP" in first
        assert b"plate 12" in first, "what is short is found by readers of one segment"
        assert b"compositeWithTrainedAlgorithmicMedia" in first
        joined = read(data).metadata.xmp
        assert joined is not None
        assert joined.count(b"word ") == 40_000
        assert b"HasExtendedXMP" not in joined
        xmp = through("JPEG", Metadata(xmp=joined))[0].metadata.xmp
        assert xmp is not None
        assert xmp.count(b"word ") == 40_000

    def test_in_attributes_is_split_too(self):
        long = packet("").replace(b'rdf:about=""', b'rdf:about="" p:History="%s" p:City="Ulm"' % (b"x" * 100_000), 1)
        long = long.replace(b"rdf:Description ", b'rdf:Description xmlns:p="http://ns.adobe.com/photoshop/1.0/" ', 1)
        long = long.replace(b'xmlns:p="http://ns.adobe.com/photoshop/1.0/">', b">")
        joined = through("JPEG", Metadata(xmp=long))[0].metadata.xmp
        assert joined is not None
        assert joined.count(b"x" * 100_000) == 1
        assert b'p:City="Ulm"' in joined

    def test_that_cannot_be_split_is_left_out_with_a_sentence(self):
        photo, notes = through("JPEG", Metadata(xmp=b"no XML " * 20_000))
        assert photo.metadata.xmp is None
        assert notes == ("its XMP data is too long for a JPEG and was left out",)

    def test_of_which_a_part_is_missing_is_read_without_it(self, gray):
        long = packet(f"<dc:description>{'word ' * 40_000}</dc:description><dc:source>plate 12</dc:source>")
        data, _ = written("JPEG", Metadata(xmp=long))
        damaged = data.replace(b"http://ns.adobe.com/xmp/extension/", b"http://ns.adobe.com/xmp/elsewhere/", 1)
        photo = read(damaged)
        assert b"plate 12" in (photo.metadata.xmp or b"")
        assert photo.notes == ("a part of its XMP data is damaged and was left out",)


def test_gif_with_xmp_is_read_by_others():
    metadata = Metadata(xmp=packet("<dc:source>plate 12</dc:source>"), texts=(Text("Comment", "a" * 700),))
    data, _ = written("GIF", metadata)
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert picture.size == (36, 24)
        assert picture.info["comment"] == b"a" * 700
    assert b"!\xff\x0bXMP DataXMP" + (metadata.xmp or b"") in data
    assert read(data).metadata == metadata
