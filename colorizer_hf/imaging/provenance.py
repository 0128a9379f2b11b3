"""A note in a picture's metadata that its colours were made by a model."""

from dataclasses import replace

from PIL import ExifTags

from ..version import __version__
from .exif import exif_block, raw_text
from .metadata import JPEG_ROOM, Metadata
from .xmp import EMPTY_PACKET, RDF, find_properties, with_replaced

SENTENCE = "colours added by a model, plausible, not historical"
SOFTWARE = f"colorizer_hf {__version__}: {SENTENCE}"

# Of IPTC's codes the one for a real photograph with parts made by a trained model. "algorithmicallyEnhanced" is for
# corrections, which invent nothing; "trainedAlgorithmicMedia" for pictures that a model made altogether.
_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SOURCE_TYPE = _SOURCE_TYPES + "compositeWithTrainedAlgorithmicMedia"
SAYS_ENOUGH = (SOURCE_TYPE, _SOURCE_TYPES + "trainedAlgorithmicMedia")

IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
NAME = "DigitalSourceType"
_PROPERTY = f"{IPTC} {NAME}"
_ELEMENT = (
    f'<Iptc4xmpExt:DigitalSourceType xmlns:Iptc4xmpExt="{IPTC}">{SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>'
).encode()
_DESCRIPTION = b'<rdf:Description rdf:about="" xmlns:rdf="%s">%s</rdf:Description>' % (RDF.encode(), _ELEMENT)


def with_note(metadata: Metadata) -> Metadata:
    """The metadata of a colorized picture: the same, and the note that its colours are a model's.

    EXIF's Software gets a sentence, and XMP IPTC's DigitalSourceType, each once however often this is done. What
    cannot be extended without harm stays as it is: damaged XMP, and EXIF that would become too long for a JPEG.
    """
    exif = _noted_exif(metadata)
    if metadata.exif is not None and len(metadata.exif) <= JPEG_ROOM < len(exif):
        exif = metadata.exif
    return replace(metadata, exif=exif, xmp=_noted_xmp(metadata.xmp or EMPTY_PACKET))


def states_the_note(metadata: Metadata) -> bool:
    """Whether it says that a model added the colours."""
    software = metadata.exif_tags().get(ExifTags.Base.Software, "")
    return SENTENCE in str(software) or (metadata.xmp is not None and SOURCE_TYPE.encode() in metadata.xmp)


def states_only_the_note(metadata: Metadata) -> bool:
    """Whether EXIF and XMP, as far as they are there, say nothing else than `with_note` puts into empty ones."""
    note = with_note(Metadata())
    return metadata.exif in (None, note.exif) and metadata.xmp in (None, note.xmp)


def _noted_exif(metadata: Metadata) -> bytes:
    exif = metadata.exif_tags()
    software = exif.get(ExifTags.Base.Software, "")
    if isinstance(software, bytes):
        software = software.decode("latin-1")
    software = str(software).strip("\0 ")  # a reader stops at the first zero
    others = [part for part in software.split("; ") if not part.endswith(SENTENCE)] if software else []
    exif[ExifTags.Base.Software] = raw_text("; ".join([*others, SOFTWARE]))
    return exif_block(exif)


def _noted_xmp(xmp: bytes) -> bytes:
    """The packet with our source type instead of another one; unchanged if it is damaged."""
    try:
        properties, end = find_properties(xmp)
    except ValueError:
        return xmp
    statements = [one for one in properties if one.name == _PROPERTY]
    if not statements:
        return with_replaced(xmp, [((end, end), _DESCRIPTION)])
    quoted = f'"{SOURCE_TYPE}"'.encode()
    others = [one for one in statements if one.value.strip() not in SAYS_ENOUGH]
    return with_replaced(xmp, [(one.value_span, quoted) if one.value_span else (one.span, _ELEMENT) for one in others])
