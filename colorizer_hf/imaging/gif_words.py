"""Metadata in GIF files; Pillow does not read XMP."""

from typing import IO

from .metadata import Text, Words, comment


def find_in_gif(file: IO[bytes]) -> Words:
    """Comments and XMP of a GIF (GIF89a; XMP part 3, section 1.1.2)."""
    xmp: bytes | None = None
    texts: list[Text] = []
    flags = file.read(13)[10:11]
    _skip_colors(file, flags)
    while introducer := file.read(1):
        if introducer == b",":  # a picture
            _skip_colors(file, file.read(9)[8:])
            file.seek(1, 1)
            _sub_blocks(file)
        elif introducer == b"!":
            label = file.read(1)
            blocks = _sub_blocks(file)
            if label == b"\xfe" and any(blocks):
                texts.append(comment(b"".join(blocks)))
            elif label == b"\xff" and blocks[:1] == [b"XMP DataXMP"]:
                # The packet lies there bare, so that its own letters were taken for lengths; behind it is a trailer.
                bare = b"".join(bytes([len(block)]) + block for block in blocks[1:])
                xmp = bare.split(b"\x01\xff\xfe\xfd")[0] or None
        else:
            break
    return Words(None, xmp, texts=tuple(texts))


def _skip_colors(file: IO[bytes], flags: bytes) -> None:
    if flags and flags[0] & 0x80:
        file.seek(3 << (flags[0] & 7) + 1, 1)


def _sub_blocks(file: IO[bytes]) -> list[bytes]:
    blocks = []
    while length := file.read(1).strip(b"\0"):
        blocks.append(file.read(length[0]))
    return blocks
