"""Pictures that Pillow decodes: those of 8 bits, and gray ones of 16.

Pillow's plugins are called directly: `Image.open` would check sizes against a process-wide limit and warn, where each
call here has a limit of its own, and it would try formats that nobody asked for.
"""

import importlib
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

import numpy as np
from PIL import Image

from ..errors import ImageError
from .encoded import Encoded
from .formats import HEIC_IS_MISSING
from .profiles import ColorSpace, gamma_profile
from .samples import Samples

_PLUGINS = {
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "WEBP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "HEIC": ("pillow_heif", "HeifImageFile"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "JPEG2000": ("PIL.Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    "TGA": ("PIL.TgaImagePlugin", "TgaImageFile"),
}

_BAND_MODES = {
    "1": "L",
    "L": "L",
    "LA": "LA",
    "La": "LA",
    "P": "RGB",
    "PA": "RGBA",
    "RGB": "RGB",
    "RGBX": "RGB",
    "RGBA": "RGBA",
    "RGBa": "RGBA",
    "YCbCr": "RGB",
    "HSV": "RGB",
    "CMYK": "CMYK",
    "LAB": "LAB",
}
"""Pillow's modes of 8 bits, and the one of four that each is turned into."""

_COLOR_SPACES: dict[str, ColorSpace] = {"L": "gray", "RGB": "rgb", "CMYK": "cmyk", "LAB": "lab"}


def open_pillow(file: IO[bytes], format: str) -> Image.Image:
    """A picture of which Pillow has read the header.

    Args:
        file: seekable, at any position; needed until the pixels are decoded.
        format: one that Pillow or pillow-heif reads.

    Raises:
        ImageError: pillow-heif is needed and not there.
        Exception: whatever Pillow raises on damaged files.
    """
    module, name = _PLUGINS[format]
    try:
        plugin = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise ImageError(HEIC_IS_MISSING) from error  # the others come with Pillow
    file.seek(0)
    return plugin(file, "")


def from_pillow(image: Image.Image) -> Encoded:
    """A picture of Pillow's, decoded or not."""
    info = {**image.info, "icc_profile": _gamma_profile(image.info)} if _needs_profile(image.info) else image.info
    return Encoded(image.size, (), info, image.getexif, lambda: pillow_samples(image))


def _needs_profile(info: dict[Any, Any]) -> bool:
    """Whether the gamma of a PNG says what its numbers mean; a profile and the mark of sRGB go before it (13.13)."""
    return "gamma" in info and not info.get("icc_profile") and "srgb" not in info


def _gamma_profile(info: dict[Any, Any]) -> bytes | None:
    with suppress(ValueError, ZeroDivisionError, TypeError):
        return gamma_profile(1 / info["gamma"], info.get("chromaticity"))
    return None


def pillow_samples(image: Image.Image) -> Samples:
    """Bands cropped out of the decoded picture: Pillow's own copy to numpy would copy the whole of it twice."""
    image.load()
    if image.mode in ("I", "F"):
        return Samples(image.size, np.dtype("i4" if image.mode == "I" else "f4"), "gray", _rows_of(image), bands=1)
    if image.mode.startswith("I;16"):
        return _with_transparent_code(image)
    try:
        mode = _BAND_MODES[image.mode]
    except KeyError:
        raise ImageError(f"pictures of mode {image.mode} are not read; convert it to RGB") from None
    if "transparency" in image.info and mode in ("L", "RGB"):
        mode = "LA" if mode == "L" else "RGBA"
    has_alpha = mode in ("LA", "RGBA")
    colors = mode[:-1] if has_alpha else mode
    return Samples(
        image.size,
        np.dtype(np.uint8),
        _COLOR_SPACES[colors],
        _rows_of(image, mode),
        bands=1 if colors == "L" else len(colors),
        alpha="straight" if has_alpha else None,
    )


def _rows_of(image: Image.Image, mode: str | None = None) -> Callable[[int, int], np.ndarray]:
    def rows(top: int, bottom: int) -> np.ndarray:
        band = image.crop((0, top, image.width, bottom))
        return np.asarray(band if mode in (None, band.mode) else band.convert(mode))

    return rows


def _with_transparent_code(image: Image.Image) -> Samples:
    """16-bit gray; a PNG may name one code that is transparent, which Pillow leaves to us."""
    code = image.info.get("transparency")

    def rows(top: int, bottom: int) -> np.ndarray:
        band = np.asarray(image.crop((0, top, image.width, bottom))).astype(np.uint16, copy=False)
        return band if code is None else np.dstack([band, np.where(band == code, 0, 65535).astype(np.uint16)])

    return Samples(image.size, np.dtype(np.uint16), "gray", rows, 1, None if code is None else "straight")
