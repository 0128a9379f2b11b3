"""Bytes -> `Encoded` (header read) -> `Samples` (pixels decoded).

Pillow is the reader (`pillow_reading`). What it would reduce to 8 bits, or does not know, is decoded by others: TIFF by
tifffile (every kind of it, so that there is one way, and because Pillow's libtiff prints to the terminal about damage),
16-bit colour PNG, JPEG of more than 8 bits, JPEG XL, deep JPEG 2000 and AVIF by imagecodecs, deep HEIC by pillow-heif.

Damaged or strange metadata never stands in the way of pixels: a reader that stumbles over it gets the file without.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import IO

from .bmp_reading import open_bmp
from .codestreams import open_avif, open_heic, open_jpeg2000, open_jxl
from .encoded import Encoded, which_of
from .jpeg_reading import open_jpeg
from .pillow_reading import from_pillow, open_pillow
from .png_reading import open_png
from .pnm_reading import open_pnm
from .tiff_reading import open_tiff

_READERS: dict[str, Callable[[IO[bytes], int], Encoded]] = {
    "JPEG": open_jpeg,
    "PNG": open_png,
    "TIFF": open_tiff,
    "BMP": open_bmp,
    "PNM": open_pnm,
    "HEIC": open_heic,
    "AVIF": open_avif,
    "JPEG2000": open_jpeg2000,
    "JXL": open_jxl,
}


def open_encoded(file: IO[bytes], format: str, max_pixels: int) -> Encoded:
    """Read the header of a file whose format is known.

    Args:
        file: seekable, at any position.
        format: one of `formats.FORMATS`.
        max_pixels: how many pixels anything in the file may claim.

    Raises:
        ImageError: what is in the file is of a kind that is not read.
        Exception: whatever the decoders raise on damaged files.
    """
    if format in _READERS:
        return _READERS[format](file, max_pixels)
    image = open_pillow(file, format)
    if image.width * image.height > max_pixels:  # counting frames decodes in some formats
        return from_pillow(image)
    return replace(from_pillow(image), notes=which_of("frame", getattr(image, "n_frames", 1)))
