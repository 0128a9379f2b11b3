"""XMP packets: their properties are found by the bytes they take, so that all others stay byte for byte.

Source: XMP specification part 1 (ISO 16684-1), and part 3 section 1.1.3.1 for packets that are too long for a JPEG.
"""

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from html import escape
from xml.parsers import expat

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
EMPTY_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"></rdf:RDF></x:xmpmeta>'
    '<?xpacket end="w"?>'
).encode()

_TOP = [f"{RDF} RDF", f"{RDF} Description"]  # names as the parser gives them: namespace, space, local name
_NOTE = "http://ns.adobe.com/xmp/note/"
_HAS_EXTENDED = f"{_NOTE} HasExtendedXMP"

_MOST_PREFIXES, _MOST_PROPERTIES = 1_000, 10_000  # usual are twenty, and a hundred

_START_TAG = re.compile(rb"<[^\s/>]+(?:\s+[^\s=]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*/?>")
_ATTRIBUTE = re.compile(rb"\s+([^\s=]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_END_OF_RDF = re.compile(rb"</[^>]*RDF\s*>")

# Of what else is in an image file, or how its pixels are stored: not true of any new file. None stands for all names.
_CAMERA = "http://ns.google.com/photos/1.0/camera/"
STALE: dict[str, re.Pattern[str] | None] = {
    _CAMERA: re.compile("MotionPhoto|MicroVideo"),
    "http://ns.google.com/photos/1.0/container/": None,
    "http://ns.google.com/photos/1.0/audio/": None,
    "http://ns.google.com/photos/1.0/depthmap/": None,
    "http://ns.google.com/photos/1.0/image/": None,
    "http://ns.google.com/photos/dd/1.0/device/": None,
    "http://ns.adobe.com/hdr-gain-map/1.0/": None,
    "http://ns.apple.com/HDRGainMap/1.0/": None,
    "http://ns.apple.com/pixeldatainfo/1.0/": None,
    "http://ns.adobe.com/xap/1.0/": re.compile("Thumbnails$"),
    "http://ns.adobe.com/photoshop/1.0/": re.compile("(ColorMode|ICCProfile)$"),
    "http://ns.adobe.com/exif/1.0/": re.compile("(ColorSpace|CompressedBitsPerPixel|NativeDigest)$"),
    "http://ns.adobe.com/tiff/1.0/": re.compile(
        "(BitsPerSample|Compression|PhotometricInterpretation|SamplesPerPixel|PlanarConfiguration|YCbCr.*"
        "|NativeDigest)$"
    ),
    "http://purl.org/dc/elements/1.1/": re.compile("format$"),
    "http://purl.org/dc/terms/": re.compile("provenance$"),  # a signed history in the old file, which ends there
    "http://ns.xiaomi.com/photos/1.0/camera/": None,
    _NOTE: None,
}
# Places in the picture, measured before it was turned.
STALE_IF_TURNED: dict[str, re.Pattern[str] | None] = {
    "http://www.metadataworkinggroup.com/schemas/regions/": None,
    "http://ns.microsoft.com/photo/1.2/": re.compile("RegionInfo$"),
    "http://ns.google.com/photos/1.0/panorama/": None,
}


@dataclass
class Property:
    """A property of the picture that a packet describes.

    Attributes:
        name: namespace, space, local name.
        value: its text, or the address that it points to; empty for structures.
        span: the bytes it takes in the packet, with the space before it if it is an attribute.
        value_span: of an attribute, the bytes of its value with the quotes; None for an element.
        prefixes: the namespaces that are declared around it.
        inside: names in its structure.
    """

    name: str
    value: str
    span: tuple[int, int]
    value_span: tuple[int, int] | None
    prefixes: dict[str, str]
    inside: set[str] = field(default_factory=set)


def find_properties(xmp: bytes) -> tuple[list[Property], int]:
    """What a packet says of its picture, in order, and the byte where more can be put: the end of its RDF.

    What is said of other pictures, such as the parts of a montage, lies deeper and is not meant.

    Raises:
        ValueError: it is no well-formed XML, or has no RDF, or is not UTF-8, or is far too large to be looked through.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    path: list[str] = []
    prefixes: dict[str, list[str]] = {}
    properties: list[Property] = []
    ends: list[int] = []

    def here(pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        if (match := pattern.match(xmp, parser.CurrentByteIndex)) is None:
            raise ValueError("it is not UTF-8, or has entities of its own, or an empty RDF")
        return match

    scopes: list[dict[str, str]] = []  # the last one, until something is declared or ends
    property_depth = 0

    def in_scope() -> dict[str, str]:
        if not scopes:
            scopes.append({prefix: uris[-1] for prefix, uris in prefixes.items() if uris and prefix != "xml"})
        return scopes[0]

    def declare(prefix: str | None, uri: str) -> None:
        prefixes.setdefault(prefix or "", []).append(uri)
        scopes.clear()
        if len(prefixes) > _MOST_PREFIXES:
            raise ValueError("it has far too many prefixes")

    def undeclare(prefix: str | None) -> None:
        prefixes[prefix or ""].pop()
        scopes.clear()

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal property_depth
        path.append(name)
        if len(properties) > _MOST_PROPERTIES:
            raise ValueError("it has far too many properties")
        if path[-2:] == _TOP:
            scope = in_scope()
            for match in _ATTRIBUTE.finditer(xmp, *here(_START_TAG).span()):
                prefix, _, local = match[1].decode().partition(":")
                full = f"{scope.get(prefix, '')} {local}"
                if full in attributes and scope.get(prefix) != RDF:
                    properties.append(Property(full, attributes[full], match.span(), match.span(2), scope))
        elif path[-3:-1] == _TOP:
            span, address = here(_START_TAG).span(), attributes.get(f"{RDF} resource", "")
            properties.append(Property(name, address, span, None, in_scope(), set(attributes)))
            property_depth = len(path)
        elif property_depth:
            properties[-1].inside.update([name, *attributes])

    def text(data: str) -> None:
        if path[-3:-1] == _TOP:
            properties[-1].value += data

    def end(name: str) -> None:
        nonlocal property_depth
        if len(path) <= property_depth:
            property_depth = 0
        if path[-3:-1] == _TOP:
            first, behind = properties[-1].span
            if xmp[behind - 2 : behind] != b"/>":
                properties[-1].span = first, xmp.index(b">", parser.CurrentByteIndex) + 1
        elif name == _TOP[0]:
            ends.append(here(_END_OF_RDF).start())
        path.pop()

    parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = start, text, end
    parser.StartNamespaceDeclHandler, parser.EndNamespaceDeclHandler = declare, undeclare
    try:
        parser.Parse(xmp.rstrip(b"\0"), True)
    except expat.ExpatError as error:
        raise ValueError(f"it is no XML: {error}") from error
    if not ends:
        raise ValueError("it has no RDF")
    return properties, ends[-1]


def without(xmp: bytes, unwanted: Iterable[Property]) -> bytes:
    """The packet without some of its properties."""
    return with_replaced(xmp, [(one.span, b"") for one in unwanted])


def with_replaced(xmp: bytes, changes: Iterable[tuple[tuple[int, int], bytes]]) -> bytes:
    """The packet with other bytes in some places, which are given by their first byte and the one behind the last."""
    parts, place = [], 0
    for (first, behind), new in sorted(changes):
        parts += [xmp[place:first], new]
        place = behind
    return b"".join([*parts, xmp[place:]])


def still_true(xmp: bytes, *, turned: bool) -> bytes | None:
    """The packet without what is not true of a new picture; None if nothing is left.

    Args:
        xmp: a packet; one that cannot be understood stays as it is.
        turned: whether the picture was turned or mirrored.
    """
    try:
        properties, _ = find_properties(xmp)
    except ValueError:
        return xmp
    tables = (STALE, STALE_IF_TURNED) if turned else (STALE,)
    stale = [one for one in properties if any(_is_in(table, one.name) for table in tables)]
    if not stale:
        return xmp
    return None if len(stale) == len(properties) else without(xmp, stale)


def _is_in(table: dict[str, re.Pattern[str] | None], name: str) -> bool:
    namespace, local = name.split(" ", 1) if " " in name else ("", name)
    pattern = table.get(namespace, _NOTHING)
    return pattern is None or bool(pattern.match(local))


_NOTHING = re.compile("(?!)")


def split(xmp: bytes, room: int) -> tuple[bytes, bytes]:
    """A packet as one that is short enough, and one with the largest of its properties, to which it points.

    Args:
        xmp: a packet; trailing blanks that programs reserve for changes do not count.
        room: how many bytes the first may have.

    Returns:
        Both; the second is empty if it is not needed.

    Raises:
        ValueError: it is too long and cannot be split.
    """
    if len(xmp) <= room:
        return xmp, b""
    if (tail := xmp.rfind(b"<?xpacket end")) >= 0:
        xmp = xmp[:tail].rstrip() + b"\n" + xmp[tail:]
    properties, _ = find_properties(xmp)
    left = len(xmp) + 300  # the pointer
    moved: list[Property] = []
    for one in sorted(properties, key=lambda one: one.span[0] - one.span[1]):
        if left <= room:
            break
        left -= one.span[1] - one.span[0]
        moved.append(one)
    if left > room:
        raise ValueError("it has little but structure")
    if not moved:
        return xmp, b""
    before, after = EMPTY_PACKET.split(b"</rdf:RDF>")
    start, end = before.split(b"?>", 1)[1], b"</rdf:RDF>" + after.split(b"<?")[0]
    extended = start + _descriptions(xmp, moved) + end
    pointer = f'xmlns:rdf="{RDF}" xmlns:xmpNote="{_NOTE}" xmpNote:HasExtendedXMP="{digest(extended)}"'
    return _with_more(without(xmp, moved), f'<rdf:Description rdf:about="" {pointer}/>'.encode()), extended


def digest(extended: bytes) -> str:
    """The name of an extended packet."""
    return hashlib.md5(extended, usedforsecurity=False).hexdigest().upper()


def extended_name(xmp: bytes) -> str | None:
    """The name of the extended packet that a packet points to."""
    try:
        properties, _ = find_properties(xmp)
    except ValueError:
        return None
    return next((one.value for one in properties if one.name == _HAS_EXTENDED), None)


def join(xmp: bytes, extended: bytes) -> bytes:
    """What `split` has split, as one packet.

    Raises:
        ValueError: one of them cannot be understood.
    """
    properties, _ = find_properties(xmp)
    xmp = without(xmp, [one for one in properties if one.name == _HAS_EXTENDED])
    return _with_more(xmp, _descriptions(extended, find_properties(extended)[0]))


def _with_more(xmp: bytes, description: bytes) -> bytes:
    end = find_properties(xmp)[1]
    return xmp[:end] + description + xmp[end:]


def _descriptions(xmp: bytes, properties: Collection[Property]) -> bytes:
    """Properties as descriptions that need nothing around them."""
    parts = []
    for one in properties:
        scope = {prefix: uri for prefix, uri in one.prefixes.items() if prefix} | {"rdf": RDF}
        names = "".join(f' xmlns:{prefix}="{escape(uri)}"' for prefix, uri in scope.items()).encode()
        content = xmp[slice(*one.span)]
        attribute, element = (content, b"") if one.value_span else (b"", content)
        parts.append(b'<rdf:Description rdf:about=""%s%s>%s</rdf:Description>' % (names, attribute, element))
    return b"".join(parts)
