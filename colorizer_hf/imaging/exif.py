"""EXIF tags by Pillow, which needs some help to keep them as they are."""

from typing import Any

from PIL import ExifTags, Image


def parse_exif(block: bytes) -> Image.Exif:
    """A TIFF structure as EXIF tags."""
    exif = Image.Exif()
    exif.load(block)
    return exif


def exif_block(exif: Image.Exif) -> bytes:
    """EXIF tags as a TIFF structure."""
    return exif.tobytes().removeprefix(b"Exif\0\0")


def drop_unwritable(exif: Image.Exif) -> bool:
    """Take out tags with values that are none of their kind, which Pillow cannot write; says whether there were any."""

    def is_writable(tags: Image.Exif) -> bool:
        try:
            exif_block(tags)
        except MemoryError:
            raise
        except Exception:  # struct.error, AttributeError, TypeError, ...
            return False
        return True

    if is_writable(exif):
        return False
    for tag, value in list(exif.items()):
        alone = Image.Exif()
        alone[tag] = value
        if not is_writable(alone):
            del exif[tag]
    return True


def copy_tags(exif: Image.Exif) -> Image.Exif:
    """The same tags, all read, free to be changed; without the second directory, the thumbnail."""
    copy = Image.Exif()
    copy.endian = exif.endian
    for tag, value in exif.items():
        copy[tag] = raw_text(value)
    for directory in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        if directory in exif:
            copy[directory] = {tag: raw_text(value) for tag, value in exif.get_ifd(directory).items()}
    details = copy.get(ExifTags.IFD.Exif, {})
    if ExifTags.IFD.Interop in details:
        details[ExifTags.IFD.Interop] = dict(exif.get_ifd(ExifTags.IFD.Interop))
    return copy


class _RawText(str):
    """EXIF text that is written as the bytes it was, mostly UTF-8.

    Pillow decodes such bytes as Latin-1 and encodes them as ASCII, which would make "?" of every é and ©.
    """

    __slots__ = ()

    def encode(self, encoding: str = "latin-1", errors: str = "replace") -> bytes:
        return super().encode("latin-1", "replace")


def raw_text(value: Any) -> Any:
    """The same EXIF value, such that Pillow writes a text as the bytes that it read."""
    return _RawText(value) if isinstance(value, str) else value
