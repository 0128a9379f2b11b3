"""`find_words`: metadata that stands in a file where Pillow does not look, or not far enough.

Nothing here stands in the way of pixels: what is damaged is left out, with a note.
"""

from collections.abc import Callable
from typing import IO

from PIL import Image

from .box_words import find_in_jp2, find_in_jxl
from .gif_words import find_in_gif
from .jpeg_words import find_in_jpeg
from .metadata import Text, Words, comment
from .photoshop import block_of
from .png_words import find_in_png, is_worth_keeping
from .pnm_reading import find_in_pnm
from .tga_words import find_in_tga
from .tiff_words import find_in_tiff

_FINDERS: dict[str, Callable[[IO[bytes]], Words]] = {
    "JPEG": find_in_jpeg,
    "PNG": find_in_png,
    "TIFF": find_in_tiff,
    "GIF": find_in_gif,
    "JPEG2000": find_in_jp2,
    "JXL": find_in_jxl,
    "PNM": find_in_pnm,
    "TGA": find_in_tga,
}


def find_words(file: IO[bytes], format: str) -> Words:
    """Metadata in a file; empty where Pillow finds all.

    Args:
        file: seekable, at any position.
        format: one of `formats.FORMATS`.
    """
    if format not in _FINDERS:
        return Words()
    file.seek(0)
    return _FINDERS[format](file)


def words_of_image(image: Image.Image) -> Words:
    """What Pillow has found in a picture whose file is not at hand."""
    info = image.info
    known = info["photoshop"].items() if isinstance(info.get("photoshop"), dict) else ()
    resources = {number: content for number, content in known if isinstance(content, bytes)}
    texts = [
        Text(keyword, str(value), getattr(value, "lang", "") or "", getattr(value, "tkey", "") or "")
        for keyword, value in (getattr(image, "text", None) or {}).items()
        if is_worth_keeping(keyword)
    ]
    said = info.get("comment")
    if isinstance(said, str | bytes) and said and not texts:
        texts.append(comment(said))
    return Words(photoshop=block_of(resources), texts=tuple(texts))
