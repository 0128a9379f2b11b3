"""A note in a picture's metadata that its colours were made by a model."""

import re
from dataclasses import dataclass, replace
from xml.parsers import expat

from PIL import ExifTags

from ..version import __version__
from .metadata import Metadata, exif_block, raw_text

_SENTENCE = "colours added by a model, plausible, not historical"
_SOFTWARE = f"colorizer_hf {__version__}: {_SENTENCE}"

# Of IPTC's codes the one for a real photograph with parts made by a trained model. "algorithmicallyEnhanced" is for
# corrections, which invent nothing; "trainedAlgorithmicMedia" for pictures that a model made altogether.
_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_SOURCE_TYPE = _SOURCE_TYPES + "compositeWithTrainedAlgorithmicMedia"
_SAYS_ENOUGH = (_SOURCE_TYPE, _SOURCE_TYPES + "trainedAlgorithmicMedia")

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_TOP = [f"{_RDF} RDF", f"{_RDF} Description"]  # names as the parser gives them: namespace, space, local name
_PROPERTY = f"{_IPTC} DigitalSourceType"
_ELEMENT = (
    f'<Iptc4xmpExt:DigitalSourceType xmlns:Iptc4xmpExt="{_IPTC}">{_SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>'
).encode()
_DESCRIPTION = b'<rdf:Description rdf:about="" xmlns:rdf="%s">%s</rdf:Description>' % (_RDF.encode(), _ELEMENT)
_EMPTY_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"></rdf:RDF></x:xmpmeta>'
    '<?xpacket end="w"?>'
).encode()

_START_TAG = re.compile(rb"<[^\s/>]+(?:\s+[^\s=]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*/?>")
_ATTRIBUTE = re.compile(rb"\s+([^\s=]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_END_OF_RDF = re.compile(rb"</[^>]*RDF\s*>")

_ROOM = 65_400  # bytes of EXIF or XMP that surely fit into a JPEG, which goes without what is longer


def with_note(metadata: Metadata) -> Metadata:
    """The metadata of a colorized picture: the same, and the note that its colours are a model's.

    EXIF's Software gets a sentence, and XMP IPTC's DigitalSourceType, each once however often this is done. What
    cannot be extended without harm stays as it is: damaged XMP, and a block that would become too long for a JPEG.
    """
    return replace(
        metadata,
        exif=_unless_too_long(metadata.exif, _noted_exif(metadata)),
        xmp=_unless_too_long(metadata.xmp, _noted_xmp(metadata.xmp or _EMPTY_PACKET)),
    )


def _unless_too_long(old: bytes | None, new: bytes) -> bytes:
    return old if old is not None and len(old) <= _ROOM < len(new) else new


def _noted_exif(metadata: Metadata) -> bytes:
    exif = metadata.exif_tags()
    software = exif.get(ExifTags.Base.Software, "")
    if isinstance(software, bytes):
        software = software.decode("latin-1")
    software = str(software).strip("\0 ")  # a reader stops at the first zero
    others = [part for part in software.split("; ") if not part.endswith(_SENTENCE)] if software else []
    exif[ExifTags.Base.Software] = raw_text("; ".join([*others, _SOFTWARE]))
    return exif_block(exif)


@dataclass
class _Statement:
    """Where a packet states the source type.

    Attributes:
        value: What it says.
        span: First byte, and the byte behind the last, of what can be replaced.
        replacement: What says the source type of a colorized picture in its place.
    """

    value: str
    span: tuple[int, int]
    replacement: bytes


def _noted_xmp(xmp: bytes) -> bytes:
    """The packet with our source type instead of another one; unchanged if it is damaged."""
    try:
        statements, end = _find_statements(xmp)
    except (expat.ExpatError, ValueError):
        return xmp
    for statement in reversed(statements or [_Statement("", (end, end), _DESCRIPTION)]):
        if statement.value.strip() not in _SAYS_ENOUGH:
            first, behind = statement.span
            xmp = xmp[:first] + statement.replacement + xmp[behind:]
    return xmp


def _find_statements(xmp: bytes) -> tuple[list[_Statement], int]:
    """Where a packet states its picture's source type, and where it could: before the end of its RDF.

    Statements about other pictures, such as the parts of a montage, lie deeper and are not meant.

    Raises:
        ExpatError: it is no well-formed XML.
        ValueError: it has nowhere to put a statement, or no UTF-8 to find it in.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    path: list[str] = []
    statements: list[_Statement] = []
    ends: list[int] = []

    def here(pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        if (match := pattern.match(xmp, parser.CurrentByteIndex)) is None:
            raise ValueError("it is not UTF-8, or has entities of its own, or an empty RDF")
        return match

    def start(name: str, attributes: dict[str, str]) -> None:
        path.append(name)
        if path[-2:] == _TOP and _PROPERTY in attributes:
            matches = _ATTRIBUTE.finditer(xmp, *here(_START_TAG).span())
            (place,) = (match.span(2) for match in matches if match[1].endswith(b":DigitalSourceType"))
            statements.append(_Statement(attributes[_PROPERTY], place, f'"{_SOURCE_TYPE}"'.encode()))
        elif path[-3:] == [*_TOP, _PROPERTY]:
            statements.append(_Statement(attributes.get(f"{_RDF} resource", ""), here(_START_TAG).span(), _ELEMENT))

    def text(data: str) -> None:
        if path[-3:] == [*_TOP, _PROPERTY]:
            statements[-1].value += data

    def end(name: str) -> None:
        if path[-3:] == [*_TOP, _PROPERTY]:
            first, behind = statements[-1].span
            if xmp[behind - 2 : behind] != b"/>":
                statements[-1].span = first, xmp.index(b">", parser.CurrentByteIndex) + 1
        elif name == _TOP[0]:
            ends.append(here(_END_OF_RDF).start())
        path.pop()

    parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = start, text, end
    parser.Parse(xmp.rstrip(b"\0"), True)
    if not ends:
        raise ValueError("it has no RDF")
    return statements, ends[-1]
