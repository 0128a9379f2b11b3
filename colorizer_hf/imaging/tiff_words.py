"""Metadata in TIFF files that Pillow does not give as it is."""

from collections.abc import Iterable
from typing import IO, Any

from PIL import Image, TiffImagePlugin

from .exif import exif_block, raw_text
from .metadata import Words
from .photoshop import IPTC_RESOURCE, block_of, resources_of, sound_captions
from .stale import RESOLUTION, STORAGE

_IPTC_TAG, _PHOTOSHOP_TAG = 33723, 34377
_RATIONALS = (5, 10)  # types of TIFF values


def find_in_tiff(file: IO[bytes]) -> Words:
    """Captions of a TIFF, which Pillow spoils; of a big-endian BigTIFF, which it cannot read, all tags."""
    import tifffile

    blocks: dict[int, bytes] = {}
    exif, notes = None, ()
    try:
        tiff = tifffile.TiffFile(file)
        tags = tiff.pages.first.tags
        for number in (_IPTC_TAG, _PHOTOSHOP_TAG):
            if number in tags:
                file.seek(tags[number].valueoffset)
                blocks[number] = file.read(tags[number].valuebytecount)
        if tiff.is_bigtiff and tiff.byteorder == ">":
            exif, notes = _exif_of_tags(tags)
    except MemoryError:
        raise
    except Exception:  # whatever tifffile raises on damaged files
        return Words(notes=("some of its tags are damaged and were left out",))
    resources = resources_of(blocks.get(_PHOTOSHOP_TAG, b""))
    if iptc := sound_captions(blocks.get(_IPTC_TAG, b"")):
        resources[IPTC_RESOURCE] = iptc
    return Words(exif, photoshop=block_of(resources), notes=notes)


def _exif_of_tags(tags: Iterable[Any]) -> tuple[bytes, tuple[str, ...]]:
    """EXIF of a big-endian BigTIFF, of which Pillow knows nothing: the tags of its first directory."""
    exif, notes = Image.Exif(), ()
    for tag in tags:
        value = tag.value
        if tag.code in STORAGE and tag.code not in RESOLUTION:
            continue
        if isinstance(value, dict):  # a directory, by names instead of numbers
            notes = ("the EXIF details of a big-endian BigTIFF are not read and were left out",)
        elif tag.dtype in _RATIONALS and isinstance(value, tuple):
            numbers = tuple(TiffImagePlugin.IFDRational(*pair) for pair in zip(value[::2], value[1::2], strict=True))
            exif[tag.code] = numbers if len(numbers) > 1 else numbers[0]
        else:
            exif[tag.code] = raw_text(value.encode().decode("latin-1")) if isinstance(value, str) else value
    return exif_block(exif), notes
