"""EXIF and XMP in AVIF files, where they are items (ISO/IEC 14496-12, section 8.11; ISO/IEC 23008-12, annex A)."""

import struct
from collections.abc import Iterator

from .boxes import box, boxes
from .metadata import Metadata

_ADDRESSES = b"\0\0\0\0\x44\0"  # of items: version 0, addresses and lengths of four bytes each
_EXIF, _XMP = b"Exif\0", b"mime\0application/rdf+xml\0"


def avif_pieces(encoded: bytes, metadata: Metadata, size: tuple[int, int]) -> Iterator[bytes | memoryview]:
    """The same AVIF with EXIF and XMP.

    Args:
        encoded: an AVIF file as libavif writes it.
        metadata: what to put in; the resolution goes into EXIF.
        size: width and height.
    """
    exif, xmp = metadata.exif_for(size, with_dpi=True), metadata.xmp_for(size)
    items = [] if exif is None else [(_EXIF, bytes(4) + exif)]
    items += [] if xmp is None else [(_XMP, xmp)]
    first, end = next((first, end) for kind, first, end in boxes(encoded, within=()) if kind == b"meta")
    inside = {kind: encoded[at:behind] for kind, at, behind in boxes(encoded, first + 4, end, within=())}
    kinds = [kind for kind, _ in items]
    lengths = [len(content) for _, content in items]
    # The boxes grow, and what lies behind them moves by as much: first they are made to see how long they get.
    moved = len(_meta(inside, kinds, lengths, 0, 0)) - (end - first + 8)
    yield memoryview(encoded)[: first - 8]
    yield _meta(inside, kinds, lengths, moved, len(encoded) + moved + 8)
    yield memoryview(encoded)[end:]
    yield box(b"mdat", b"".join(content for _, content in items))


def _meta(inside: dict[bytes, bytes], kinds: list[bytes], lengths: list[int], moved: int, at: int) -> bytes:
    """The box of all that is known of the items, with more of them.

    Args:
        inside: its boxes, by kind.
        kinds: of the new items: type and name, as their entries have them.
        lengths: of the new items.
        moved: by how many bytes the old items lie farther behind.
        at: where the first new item lies; the others follow.
    """
    places, entries = inside[b"iloc"], inside[b"iinf"]
    if not places.startswith(_ADDRESSES) or entries[:4] != bytes(4):
        raise RuntimeError("the encoder described the items of the file in another way")
    (main,) = struct.unpack_from(">H", inside[b"pitm"], 4)
    (count,) = struct.unpack_from(">H", places, 6)
    located, last = _moved(places[8:], count, moved)
    described, references = entries[6:], inside.get(b"iref", bytes(4))
    for number, (kind, length) in enumerate(zip(kinds, lengths, strict=True), start=last + 1):
        located += struct.pack(">HHHII", number, 0, 1, at, length)
        described += box(b"infe", struct.pack(">BxxxHH", 2, number, 0) + kind)
        references += box(b"cdsc", struct.pack(">HHH", number, 1, main))
        at += length
    total = struct.pack(">H", count + len(kinds))
    changed = {b"iloc": _ADDRESSES + total + located, b"iinf": bytes(4) + total + described, b"iref": references}
    return box(b"meta", bytes(4) + b"".join(box(kind, content) for kind, content in (inside | changed).items()))


def _moved(places: bytes, count: int, moved: int) -> tuple[bytes, int]:
    """The entries of some items' places, farther behind; and the largest number of an item."""
    entries, numbers, at = bytearray(places), [], 0
    for _ in range(count):
        number, _, parts = struct.unpack_from(">HHH", places, at)
        numbers.append(number)
        for part in range(at + 6, at + 6 + 8 * parts, 8):
            struct.pack_into(">I", entries, part, struct.unpack_from(">I", places, part)[0] + moved)
        at += 6 + 8 * parts
    return bytes(entries), max(numbers)


def exif_in_avif(content: bytes) -> bytes:
    """The EXIF of an AVIF file as it stands there, a TIFF structure; empty if it is not there, or cannot be found."""
    tables = {kind: content[first:end] for kind, first, end in boxes(content) if kind in (b"iinf", b"iloc")}
    try:
        number = _number_of_item(tables[b"iinf"], b"Exif")
        item = b"".join(content[first : first + length] for first, length in _parts_of_item(tables[b"iloc"], number))
        return item[4 + int.from_bytes(item[:4], "big") :].removeprefix(b"Exif\0\0")
    except (IndexError, KeyError, ValueError):
        return b""


def _number_of_item(entries: bytes, kind: bytes) -> int:
    for _, first, end in boxes(entries, 8 if entries[0] else 6, within=()):
        entry = entries[first:end]
        width = 4 if entry[0] == 3 else 2
        if entry[6 + width : 10 + width] == kind:
            return int.from_bytes(entry[4 : 4 + width], "big")
    raise ValueError(f"there is no item of type {kind!r}")


def _parts_of_item(places: bytes, wanted: int) -> list[tuple[int, int]]:
    """First byte and length of each part of an item (section 8.11.3)."""
    version, at = places[0], 6
    widths = [places[4] >> 4, places[4] & 15, places[5] >> 4, places[5] & 15 if version else 0]

    def take(width: int) -> int:
        nonlocal at
        at += width
        if at > len(places):
            raise ValueError("the places of items are cut off")
        return int.from_bytes(places[at - width : at], "big")

    of_place, of_length, of_base, of_index = widths
    for _ in range(take(4 if version == 2 else 2)):
        number = take(4 if version == 2 else 2)
        is_in_file = not (take(2) & 15 if version else 0)
        take(2)  # the file; 0 stands for this one
        base, parts = take(of_base), []
        for _ in range(take(2)):
            take(of_index)
            first = base + take(of_place)
            parts.append((first, take(of_length)))
        if number == wanted and is_in_file:
            return parts
    raise ValueError(f"item {wanted} lies nowhere in the file")


__all__ = ["avif_pieces", "exif_in_avif"]
