"""Metadata in TGA files, of which Pillow reads none (TGA 2.0, sections 5 and 7)."""

from typing import IO

from .metadata import Text, Words, comment

_FOOTER = 26
_MARK = b"TRUEVISION-XFILE.\0"
_EXTENSION = 495
_FIELDS = {"Author": (2, 43), "Software": (426, 467)}
_COMMENT_LINES = ((43, 124), (124, 205), (205, 286), (286, 367))


def find_in_tga(file: IO[bytes]) -> Words:
    """What the picture is called, and its author, comments and program."""
    length = file.read(18)[:1]
    name = _said(file.read(length[0])) if length else b""
    extension = _extension(file)
    lines = [name, *(_said(extension[first:end]) for first, end in _COMMENT_LINES)]
    texts = [comment(b"\n".join(line for line in lines if line))] if any(lines) else []
    for keyword, (first, end) in _FIELDS.items():
        if said := _said(extension[first:end]):
            texts.append(Text(keyword, comment(said).value))
    return Words(texts=tuple(texts))


def _extension(file: IO[bytes]) -> bytes:
    size = file.seek(0, 2)
    file.seek(max(size - _FOOTER, 0))
    footer = file.read()
    if not footer.endswith(_MARK) or not (at := int.from_bytes(footer[:4], "little")):
        return b""
    file.seek(at)
    extension = file.read(_EXTENSION)
    return extension if len(extension) == _EXTENSION and extension[:2] == b"\xef\x01" else b""


def _said(field: bytes) -> bytes:
    """A field up to its first zero; empty if that is no text."""
    said = field.partition(b"\0")[0].strip()
    return said if all(letter >= 32 or letter in b"\t\r\n" for letter in said) else b""


__all__ = ["find_in_tga"]
