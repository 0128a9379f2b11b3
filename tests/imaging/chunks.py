"""Chunks of PNG files (PNG third edition, section 5)."""

import struct
import zlib


def chunk(kind: bytes, content: bytes, *, is_sound: bool = True) -> bytes:
    """A chunk; if it is not sound, its checksum is wrong."""
    checksum = zlib.crc32(kind + content) ^ (not is_sound)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def with_chunks(png: bytes | bytearray, *chunks: bytes, behind: bool = False) -> bytes:
    """The same PNG with more chunks, behind its header or behind the pixels."""
    place = len(png) - 12 if behind else 33
    return b"".join((png[:place], *chunks, png[place:]))
