"""Photoshop's image resources, which carry IPTC captions in JPEG, TIFF and PNG files.

Sources: Adobe Photoshop File Formats, "Image Resource Blocks"; IPTC-IIM 4.2, chapter 3 for the captions themselves.
"""

import struct
from collections.abc import Callable, Iterator

IPTC_RESOURCE = 0x0404
IPTC_DIGEST = 0x0425
_COPYRIGHT_FLAG, _ADDRESS = 0x040A, 0x040B

KEPT_RESOURCES = (_COPYRIGHT_FLAG, _ADDRESS, IPTC_DIGEST)
"""What stays true of a new picture beside the captions; others are thumbnails, profiles, guides, printing."""

_MARK = b"8BIM"
_MARKS = (_MARK, b"AgHg", b"DCSR", b"MeSa", b"PHUT")  # of other programs, whose numbers mean other things
_DATASET = 0x1C  # how each dataset of IPTC begins
_LONG_DATASET = 0x8000


def resources_of(block: bytes) -> dict[int, bytes]:
    """The resources of a block by number, as far as it is sound; of several of one number the first."""
    found: dict[int, bytes] = {}
    place = 0
    while block[place : place + 4] in _MARKS and place + 12 <= len(block):
        mark = block[place : place + 4]
        number, name_length = struct.unpack_from(">HB", block, place + 4)
        place += 6 + (name_length + 2) // 2 * 2  # the name with its length is padded to an even number
        if place + 4 > len(block):
            break
        (length,) = struct.unpack_from(">I", block, place)
        if mark == _MARK:
            found.setdefault(number, block[place + 4 : place + 4 + length])
        place += 4 + length + length % 2
    return found


def block_of(resources: dict[int, bytes]) -> bytes:
    """Resources without names as a block."""
    return b"".join(
        _MARK + struct.pack(">HHI", number, 0, len(content)) + content + bytes(len(content) % 2)
        for number, content in sorted(resources.items())
    )


def sound_captions(iptc: bytes) -> bytes:
    """The captions in tag 33723, in the order in which their bytes make sense; empty if in none.

    Many programs write them as 32-bit numbers, some of them with the bytes of each turned around.
    """
    turned = b"".join(iptc[place : place + 4][::-1] for place in range(0, len(iptc), 4))
    return next((candidate for candidate in (iptc, turned) if candidate[:1] == bytes([_DATASET])), b"")


def without_datasets(iptc: bytes, unwanted: Callable[[int, int], bool]) -> bytes:
    """Captions without some of their datasets, which are told by record and number."""
    return b"".join(content for record, number, content in _datasets(iptc) if not unwanted(record, number))


def _datasets(iptc: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Record, number and bytes of each dataset, as far as the captions are sound."""
    place = 0
    while place + 5 <= len(iptc) and iptc[place] == _DATASET:
        record, number, length = struct.unpack_from(">BBH", iptc, place + 1)
        behind = place + 5
        if length & _LONG_DATASET:  # the length has a length
            size = length & ~_LONG_DATASET
            length = int.from_bytes(iptc[behind : behind + size], "big")
            behind += size
        yield record, number, iptc[place : behind + length]
        place = behind + length
