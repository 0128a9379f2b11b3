"""Bytes -> `Encoded` (header read) -> `Raster` (pixels decoded).

Pillow is the reader. What it would reduce to 8 bits is decoded by others: 16-bit colour PNG by imagecodecs, TIFF by
tifffile (every kind of it, so that there is one way, and because Pillow's libtiff prints to the terminal about damage).
Pillow's plugins are called directly: `Image.open` would check sizes against a process-wide limit and warn, where each
call here has a limit of its own, and it would try formats that nobody asked for.
"""

import importlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import IO, Any

import numpy as np
from PIL import Image

from ..errors import ImageError
from .formats import HEAD_LENGTH, HEIC_IS_MISSING
from .profiles import ColorSpace
from .raster import Raster, array_raster

# tifffile reports damage through its logger too, which Python prints where an application has set up no logging.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_PLUGINS = {
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "WEBP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "HEIC": ("pillow_heif", "HeifImageFile"),
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

_TIFF_COLOR_SPACES: dict[str, tuple[ColorSpace, int]] = {
    "MINISWHITE": ("gray", 1),
    "MINISBLACK": ("gray", 1),
    "RGB": ("rgb", 3),
    "SEPARATED": ("cmyk", 4),
    "CIELAB": ("lab", 3),
    "PALETTE": ("rgb", 1),
}
"""Photometric interpretation -> colour space and its number of samples."""

_JPEG_COMPRESSIONS = (6, 7)
_ASSOCIATED_ALPHA = 1
_KINDS_OF_ALPHA = (_ASSOCIATED_ALPHA, 2)


@dataclass(frozen=True)
class Encoded:
    """A picture of which only the header was read.

    Attributes:
        size: width and height as stored, before any turning.
        notes: what a user should know, as phrases.
        info: Pillow's `info`, complete once decoded: icc_profile, xmp, dpi.
        exif: reads the EXIF tags; to be called after `decode`, since some stand behind the pixels.
        decode: decodes the pixels.
    """

    size: tuple[int, int]
    notes: tuple[str, ...]
    info: Mapping[Any, Any]
    exif: Callable[[], Image.Exif]
    decode: Callable[[], Raster]


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
    if format == "TIFF":
        return _open_tiff(file, max_pixels)
    is_deep_png = format == "PNG" and _is_16_bit_color(file)
    image = _open_pillow(file, format)
    encoded = from_pillow(image)
    if image.width * image.height <= max_pixels:  # counting frames decodes in some formats
        encoded = replace(encoded, notes=_which_of("frame", getattr(image, "n_frames", 1)))
    return replace(encoded, decode=lambda: _decode_png(file)) if is_deep_png else encoded


def from_pillow(image: Image.Image) -> Encoded:
    """A picture of Pillow's, decoded or not."""
    return Encoded(image.size, (), image.info, image.getexif, lambda: _pillow_raster(image))


def _which_of(part: str, count: int) -> tuple[str, ...]:
    return (f"{part} 1 of {count} was read",) if count > 1 else ()


def _open_pillow(file: IO[bytes], format: str) -> Image.Image:
    module, name = _PLUGINS[format]
    try:
        plugin = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise ImageError(HEIC_IS_MISSING) from error  # the others come with Pillow
    file.seek(0)
    return plugin(file, "")


def _pillow_raster(image: Image.Image) -> Raster:
    """Bands cropped out of the decoded picture: Pillow's own copy to numpy would copy the whole of it twice."""
    image.load()
    if image.mode in ("I", "F"):
        return array_raster(_unsigned(np.asarray(image)), "gray", has_alpha=False)
    if image.mode.startswith("I;16"):
        return _with_transparent_code(image)
    try:
        mode = _BAND_MODES[image.mode]
    except KeyError:
        raise ImageError(f"pictures of mode {image.mode} are not read; convert it to RGB") from None
    if "transparency" in image.info and mode in ("L", "RGB"):
        mode = "LA" if mode == "L" else "RGBA"
    color_space = _COLOR_SPACES[mode.removesuffix("A") if mode != "LAB" else mode]

    def rows(top: int, bottom: int) -> np.ndarray:
        band = image.crop((0, top, image.width, bottom))
        return np.asarray(band if band.mode == mode else band.convert(mode))

    return Raster(image.size, np.dtype(np.uint8), color_space, mode in ("LA", "RGBA"), rows)


def _unsigned(pixels: np.ndarray) -> np.ndarray:
    """Pillow's 32-bit integers, which hold 8 or 16 bits, as such; floats as they are."""
    if pixels.dtype.kind == "f":
        return pixels
    low, high = int(pixels.min()), int(pixels.max())
    if low < 0 or high > 65535:
        raise ImageError(f"its pixels are numbers from {low} to {high}; save it with 0..65535")
    return pixels.astype(np.uint8 if high <= 255 else np.uint16)


def _with_transparent_code(image: Image.Image) -> Raster:
    """16-bit gray; a PNG may name one code that is transparent, which Pillow leaves to us."""
    code = image.info.get("transparency")

    def rows(top: int, bottom: int) -> np.ndarray:
        band = np.asarray(image.crop((0, top, image.width, bottom))).astype(np.uint16, copy=False)
        return band if code is None else np.dstack([band, np.where(band == code, 0, 65535).astype(np.uint16)])

    return Raster(image.size, np.dtype(np.uint16), "gray", code is not None, rows)


def _is_16_bit_color(file: IO[bytes]) -> bool:
    file.seek(0)
    bit_depth, color_type = file.read(HEAD_LENGTH)[24:26]
    return bit_depth == 16 and color_type != 0  # 0: gray, which Pillow keeps


def _decode_png(file: IO[bytes]) -> Raster:
    import imagecodecs

    file.seek(0)
    pixels = imagecodecs.png_decode(file.read())
    channels = pixels.shape[2]
    return array_raster(pixels, "gray" if channels == 2 else "rgb", has_alpha=channels in (2, 4))


def _open_tiff(file: IO[bytes], max_pixels: int) -> Encoded:
    import tifffile

    file.seek(0)
    tiff = tifffile.TiffFile(file)
    page = tiff.pages.first
    exif = Image.Exif()
    exif.endian, exif.bigtiff = tiff.byteorder, tiff.is_bigtiff
    exif.load_from_fp(file, page.offset)
    sizes = (page.imagewidth, page.imagelength, page.tilewidth, page.tilelength, page.samplesperpixel)
    if not all(isinstance(size, int) for size in sizes):
        raise ValueError("a damaged tag gives several sizes at once")
    if page.tilewidth * page.tilelength > max_pixels:
        raise ImageError(f"it claims tiles of {page.tilewidth} x {page.tilelength} pixels; save it anew")
    info = {"icc_profile": page.iccprofile, "xmp": exif.get(700)}
    return Encoded(
        size=(page.imagewidth, page.imagelength),
        notes=_which_of("page", len(tiff.pages)),
        info=info,
        exif=lambda: exif,
        decode=lambda: _decode_tiff(page),
    )


def _decode_tiff(page: Any) -> Raster:
    kind = getattr(page.photometric, "name", page.photometric)
    if kind == "YCBCR" and page.compression in _JPEG_COMPRESSIONS:
        kind = "RGB"  # which is what tifffile makes of it
    color_space, samples = _TIFF_COLOR_SPACES.get(kind, ("gray", 0))
    if page.axes not in ("YX", "YXS", "SYX") or not 0 < samples <= page.samplesperpixel <= samples + 4:
        raise ImageError(f"TIFF of this kind ({kind}, axes {page.axes}) is not read; save it as gray or RGB")
    pixels = page.asarray()
    if page.axes == "SYX":
        pixels = np.moveaxis(pixels, 0, -1)
    if kind == "PALETTE":
        return _palette_raster(pixels, page.colormap)
    alpha = page.extrasamples[0] if page.extrasamples else 0
    if pixels.ndim == 3:
        pixels = pixels[..., : samples + (alpha in _KINDS_OF_ALPHA)]  # further samples mean nothing to us
    return array_raster(
        pixels,
        color_space,
        has_alpha=alpha in _KINDS_OF_ALPHA,
        premultiplied=alpha == _ASSOCIATED_ALPHA,
        bits=page.bitspersample,
        white_is_zero=kind == "MINISWHITE",
    )


def _palette_raster(indices: np.ndarray, colors: np.ndarray) -> Raster:
    """Rows of RGB looked up in a table (3, entries) of 16-bit numbers, of which programs fill the upper half."""
    table = np.ascontiguousarray((colors >> 8).astype(np.uint8).T)
    height, width = indices.shape
    return Raster((width, height), table.dtype, "rgb", False, lambda top, bottom: table[indices[top:bottom]])
