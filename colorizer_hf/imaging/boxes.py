"""Boxes, of which JPEG 2000, JPEG XL, AVIF and HEIC files consist (ISO/IEC 14496-12, section 4.2)."""

import struct
from collections.abc import Collection, Iterator

_WITH_BOXES = (b"jp2h", b"res ", b"meta", b"iprp", b"ipco")
_VERSION = 4  # bytes of version and flags before the boxes of a `meta`


def box(kind: bytes, content: bytes) -> bytes:
    """A box of this kind."""
    return struct.pack(">I", len(content) + 8) + kind + content


def boxes(
    content: bytes, first: int = 0, behind: int | None = None, *, within: Collection[bytes] = _WITH_BOXES
) -> Iterator[tuple[bytes, int, int]]:
    """Kind, first byte and end of the content of each box; of the kinds `within`, the boxes that they hold instead.

    Stops where a box claims more than is there.
    """
    at, behind = first, len(content) if behind is None else behind
    while at + 8 <= behind:
        length, kind, head = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8], 8
        if length == 1:
            length, head = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        end = behind if length == 0 else at + length
        if end < at + head or end > behind:
            return
        if kind in within:
            yield from boxes(content, at + head + (_VERSION if kind == b"meta" else 0), end, within=within)
        else:
            yield kind, at + head, end
        at = end
