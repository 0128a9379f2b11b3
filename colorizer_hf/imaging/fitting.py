"""`fit`: what a photograph says about itself, as far as a format has a place for it, and a word about the rest."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from PIL import ExifTags, Image

from .exif import exif_block, raw_text
from .metadata import JPEG_ROOM, Metadata, Text
from .provenance import states_only_the_note, states_the_note
from .stale import GEOREFERENCE
from .xmp import split

PLACES = {
    "JPEG": {"exif", "xmp", "iptc", "resources", "dpi", "comment"},
    "PNG": {"exif", "xmp", "iptc", "resources", "dpi", "comment", "texts"},
    "TIFF": {"exif", "xmp", "iptc", "resources", "dpi", "georeference"},
    "WEBP": {"exif", "xmp", "dpi"},
    "HEIC": {"exif", "xmp", "dpi"},
    "AVIF": {"exif", "xmp", "dpi"},
    "JXL": {"exif", "xmp", "dpi"},
    "JPEG2000": {"exif", "xmp", "iptc", "dpi", "georeference"},
    "GIF": {"xmp", "comment"},
    "BMP": {"dpi"},
}
"""What each format has a place for; where a resolution has none of its own, EXIF has one."""

_NAMES = {"AVIF": "an AVIF", "JXL": "a JPEG XL file", "JPEG2000": "a JPEG 2000 file"}

_RESOURCES = {0x040A: "copyright flag", 0x040B: "web address"}  # Photoshop's; a digest without captions says nothing

# PNG third edition, section 11.3.3.1, and the EXIF tags that mean the same.
_TEXT_TAGS = {
    "Description": ExifTags.Base.ImageDescription,
    "Author": ExifTags.Base.Artist,
    "Copyright": ExifTags.Base.Copyright,
    "Software": ExifTags.Base.Software,
}


def fit(metadata: Metadata, format: str) -> tuple[Metadata, tuple[str, ...]]:
    """Metadata for a file of a format.

    Args:
        metadata: what a photograph says about itself.
        format: one of `formats.WRITTEN`.

    Returns:
        What the format has a place for, and what a user should know about the rest, as phrases.
    """
    places = PLACES[format]
    lost: list[str] = []
    metadata = _with_texts_placed(metadata, format, lost)
    exif = metadata.exif_tags()
    if "georeference" not in places and any(tag in exif for tag in GEOREFERENCE):
        lost.append("its georeference")
        metadata = _without_tags(metadata, exif, GEOREFERENCE)
    lost += _lost_blocks(metadata, places)
    if "exif" not in places:
        metadata = replace(metadata, exif=None)
    if "xmp" not in places:
        metadata = replace(metadata, xmp=None)
    if "iptc" not in places:
        metadata = replace(metadata, iptc=None)
    if "resources" not in places:
        metadata = replace(metadata, photoshop=())
    if "dpi" not in places:
        metadata = replace(metadata, dpi=None)
    notes = [f"{_NAMES.get(format, f'a {format}')} has no place for {_listed(lost)}"] if lost else []
    if format == "JPEG":
        metadata = _made_to_fit_segments(metadata, notes)
    return metadata, tuple(notes)


def _lost_blocks(metadata: Metadata, places: set[str]) -> list[str]:
    exif, xmp = Metadata(exif=metadata.exif), Metadata(xmp=metadata.xmp)
    lost = []
    if "exif" not in places and metadata.exif is not None and not states_only_the_note(exif):
        lost.append("its EXIF data")
    if "xmp" not in places and metadata.xmp is not None and not states_only_the_note(xmp):
        lost.append("its XMP data")
    if "iptc" not in places and metadata.iptc is not None:
        lost.append("its IPTC captions")
    if "resources" not in places:
        lost += [f"its {_RESOURCES[number]}" for number, _ in metadata.photoshop if number in _RESOURCES]
    if "dpi" not in places and metadata.dpi is not None:
        lost.append("its resolution")
    if not places & {"exif", "xmp"} and states_the_note(metadata):
        lost.append("the note that a model added the colours")
    return lost


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _without_tags(metadata: Metadata, exif: Image.Exif, unwanted: Sequence[int]) -> Metadata:
    for tag in set(unwanted).intersection(exif):
        del exif[tag]
    return replace(metadata, exif=exif_block(exif) if exif else None)


def _with_texts_placed(metadata: Metadata, format: str, lost: list[str]) -> Metadata:
    """Texts where the format has them, else in the EXIF tags of the same meaning as far as those are free."""
    places = PLACES[format]
    if "texts" in places or not metadata.texts:
        return metadata
    exif, kept = metadata.exif_tags(), []
    for text in metadata.texts:
        tag = _TEXT_TAGS.get(text.keyword)
        if text.keyword == "Comment" and "comment" in places:
            kept.append(text)
        elif text.keyword == "Comment" and "exif" in places and _put_comment(exif, text.value, format):
            continue
        elif tag is None or "exif" not in places or _says_something_else(exif, tag, text):
            lost.append(f"its text {text.keyword!r}")
        else:
            exif[tag] = raw_text(text.value.encode().decode("latin-1"))
    return replace(metadata, exif=exif_block(exif) if exif else None, texts=tuple(kept))


def _put_comment(exif: Image.Exif, comment: str, format: str) -> bool:
    """Make a text EXIF's comment of the user, if that place is free (Exif 2.32, section 4.6.5)."""
    details = exif.get(ExifTags.IFD.Exif, {})
    if ExifTags.Base.UserComment in details:
        return False
    is_little = format == "TIFF" or exif.endian == "<"  # TIFF files are written so, whatever was read
    order = "utf-16-le" if is_little else "utf-16-be"
    coded = b"ASCII\0\0\0" + comment.encode() if comment.isascii() else b"UNICODE\0" + comment.encode(order)
    exif[ExifTags.IFD.Exif] = {**details, ExifTags.Base.UserComment: coded}
    return True


def _says_something_else(exif: Image.Exif, tag: int, text: Text) -> bool:
    said = str(exif.get(tag, "")).encode("latin-1", "replace").strip(b"\0 ")
    return said not in (b"", text.value.encode())


def _made_to_fit_segments(metadata: Metadata, notes: list[str]) -> Metadata:
    """EXIF without its largest tags, if it is too long for the one segment of a JPEG that it may have."""
    if metadata.xmp is not None:
        try:
            split(metadata.xmp, JPEG_ROOM)
        except ValueError:
            notes.append("its XMP data is too long for a JPEG and was left out")
            metadata = replace(metadata, xmp=None)
    exif = metadata.exif_tags()
    left_out: list[str] = []
    block = metadata.exif
    while block is not None and len(block) > JPEG_ROOM:
        directory, tag = max(_places(exif), key=lambda place: _length(place[0][place[1]]))
        del directory[tag]
        left_out.append(ExifTags.TAGS.get(tag, f"number {tag}"))
        block = exif_block(exif) if exif else None
    if left_out:
        notes.append(f"its EXIF data is too long for a JPEG; without {_listed(left_out)} it fits")
    return replace(metadata, exif=block)


def _places(exif: Image.Exif) -> Iterator[tuple[Any, int]]:
    """All tags, each with the directory that it is in."""
    for tag, value in exif.items():
        if isinstance(value, dict) and value:
            yield from ((value, inner) for inner in value)
        else:
            yield exif, tag


def _length(value: Any) -> int:
    """About how many bytes a value takes."""
    return len(value) * (1 if isinstance(value, str | bytes) else 8) if hasattr(value, "__len__") else 8
