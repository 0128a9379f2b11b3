"""TIFF files of every kind, by tifffile."""

import logging
from contextlib import suppress
from dataclasses import replace
from typing import IO, Any

import numpy as np
from PIL import Image

from ..errors import ImageError
from .encoded import Encoded
from .profiles import ColorSpace, gamma_profile
from .samples import Alpha, Samples, array_samples
from .tiff_pages import choose_page

# tifffile reports damage through its logger too, which Python prints where an application has set up no logging.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_COLOR_SPACES: dict[str, tuple[ColorSpace, int]] = {
    "MINISWHITE": ("gray", 1),
    "MINISBLACK": ("gray", 1),
    "RGB": ("rgb", 3),
    "SEPARATED": ("cmyk", 4),
    "CIELAB": ("lab", 3),
    "ICCLAB": ("lab", 3),
    "PALETTE": ("rgb", 1),
    "YCBCR": ("rgb", 3),
}
"""Photometric interpretation -> colour space and its number of samples."""

_LINEAR = "LINEAR_RAW"  # of DNG: gray, from a camera without colours, or RGB
_UNCOMPRESSED, _JPEG_COMPRESSIONS = 1, (6, 7)
_ALPHA: dict[int, Alpha] = {1: "premultiplied", 2: "straight"}  # kinds of extra samples
_MOST_EXTRA_SAMPLES = 4  # in pictures of any size
_ORIENTATION, _XMP = 274, 700
_MAX_SAMPLE, _SMAX_SAMPLE, _WHITE_LEVEL, _NO_DATA = 281, 341, 50717, 42113
_COEFFICIENTS, _SUBSAMPLING, _REFERENCE = 529, 530, 532  # of YCbCr


def open_tiff(file: IO[bytes], max_pixels: int) -> Encoded:
    """Read the header of a TIFF file; see `decoding.open_encoded`."""
    import tifffile

    file.seek(0)
    tiff = tifffile.TiffFile(file)
    first = tiff.pages.first
    page, notes = choose_page(tiff, _is_readable)
    sizes = (page.imagewidth, page.imagelength, page.tilewidth, page.tilelength, page.samplesperpixel)
    if not all(isinstance(size, int) for size in sizes):
        raise ValueError("a damaged tag gives several sizes at once")
    if page.tilewidth * page.tilelength > max_pixels:
        raise ImageError(f"it claims tiles of {page.tilewidth} x {page.tilelength} pixels; save it anew")
    most_samples = max(
        _samples(page) + _MOST_EXTRA_SAMPLES, 4 * max_pixels // max(1, page.imagewidth * page.imagelength)
    )
    is_linear = _kind(page) == _LINEAR
    profile = gamma_profile(1.0) if is_linear else page.iccprofile or first.iccprofile
    info = {"icc_profile": profile, "xmp": page.tags.valueof(_XMP) or first.tags.valueof(_XMP)}

    def exif() -> Image.Exif:
        tags = Image.Exif()
        tags.endian, tags.bigtiff = tiff.byteorder, tiff.is_bigtiff
        tags.load_from_fp(file, first.offset)
        if page is not first and (orientation := page.tags.valueof(_ORIENTATION)) is not None:
            tags[_ORIENTATION] = orientation
        return tags

    return Encoded(
        size=(page.imagewidth, page.imagelength),
        notes=(*notes, "its raw numbers were taken as linear light") if is_linear else notes,
        info=info,
        exif=exif,
        decode=lambda: _decode(file, page, most_samples),
    )


def _kind(page: Any) -> str:
    """Name of what the samples mean, as tifffile gives them out."""
    kind = getattr(page.photometric, "name", str(page.photometric))
    if kind == "YCBCR" and page.compression in _JPEG_COMPRESSIONS:
        return "RGB"  # which is what tifffile makes of it
    return kind


def _samples(page: Any) -> int:
    """How many samples a colour has; 0 for kinds that are not read."""
    kind = _kind(page)
    if kind == _LINEAR:
        return page.samplesperpixel if page.samplesperpixel in (1, 3) else 0
    return _COLOR_SPACES.get(kind, ("gray", 0))[1]


def _is_readable(page: Any) -> bool:
    has_usual_axes = page.axes in ("YX", "YXS", "SYX")
    return has_usual_axes and isinstance(page.samplesperpixel, int) and 0 < _samples(page) <= page.samplesperpixel


def _decode(file: IO[bytes], page: Any, most_samples: int) -> Samples:
    kind = _kind(page)
    if not _is_readable(page) or page.samplesperpixel > most_samples:
        raise ImageError(f"TIFF of this kind ({kind}, axes {page.axes}) is not read; save it as gray or RGB")
    if kind == "YCBCR":
        return _decode_ycbcr(file, page)
    pixels = page.asarray()
    if page.axes == "SYX":
        pixels = np.moveaxis(pixels, 0, -1)
    if kind == "PALETTE":
        return _palette_samples(pixels if pixels.ndim == 2 else pixels[..., 0], page.colormap)
    count = _samples(page)
    color_space = _COLOR_SPACES[kind][0] if kind != _LINEAR else "gray" if count == 1 else "rgb"
    pixels, alpha = _alpha_last(pixels, page, count)
    return replace(
        array_samples(pixels, color_space, alpha),
        top=_top(page, pixels.dtype),
        stated_top=_stated_top(page),
        white_is_zero=kind == "MINISWHITE",
        no_data=_no_data(page),
    )


def _alpha_last(pixels: np.ndarray, page: Any, colors: int) -> tuple[np.ndarray, Alpha | None]:
    """The same samples, alpha behind all others, and its kind."""
    extra = [int(kind) for kind in page.extrasamples or ()]
    place = next((number for number, kind in enumerate(extra, colors) if kind in _ALPHA), None)
    if place is None or pixels.ndim == 2:
        return pixels, None
    last = pixels.shape[2] - 1
    if place != last:
        pixels = pixels[..., [*range(place), *range(place + 1, last + 1), place]]
    return pixels, _ALPHA[extra[place - colors]]


def _top(page: Any, dtype: np.dtype) -> float | None:
    """The largest number, where the type has more bits than are used."""
    white_level = _largest(page.tags.valueof(_WHITE_LEVEL)) if _kind(page) == _LINEAR else None
    bits = page.bitspersample
    if white_level or dtype.kind != "u" or not isinstance(bits, int) or bits >= 8 * dtype.itemsize:
        return white_level
    return 2**bits - 1


def _stated_top(page: Any) -> float | None:
    numbers = [_largest(page.tags.valueof(tag)) for tag in (_MAX_SAMPLE, _SMAX_SAMPLE)]
    return next((number for number in numbers if number is not None), None)


def _largest(value: Any) -> float | None:
    with suppress(TypeError, ValueError):
        number = float(np.max(value))
        return number if np.isfinite(number) and number > 0 else None
    return None


def _no_data(page: Any) -> float | None:
    """What GDAL writes: a number as text."""
    text = page.tags.valueof(_NO_DATA)
    with suppress(TypeError, ValueError, AttributeError):
        number = float(text.strip("\0 ").replace(",", "."))
        return number if np.isfinite(number) else None
    return None


def _palette_samples(indices: np.ndarray, colors: np.ndarray) -> Samples:
    """Rows of RGB looked up in a table (3, entries) of 16-bit numbers, which some programs fill with 8-bit ones."""
    table = np.ascontiguousarray((colors if colors.max() < 256 else colors >> 8).astype(np.uint8).T)
    height, width = indices.shape
    return Samples((width, height), table.dtype, "rgb", lambda top, bottom: table[indices[top:bottom]], 3)


def _decode_ycbcr(file: IO[bytes], page: Any) -> Samples:
    """YCbCr without JPEG; where colours have fewer samples, which tifffile does not read, by libtiff."""
    if _has_fewer_colors(page):
        import imagecodecs

        file.seek(0)
        pixels = imagecodecs.tiff_decode(file.read(), index=page.index, asrgb=True)
        return array_samples(pixels[..., :3], "rgb")
    page.subsampling = (1, 1)  # whatever a damaged tag claims
    pixels = page.asarray()
    pixels = np.moveaxis(pixels, 0, -1) if page.axes == "SYX" else pixels
    if pixels.dtype != np.uint8:
        raise ImageError(f"YCbCr of {page.bitspersample} bits is not read; save it as gray or RGB")
    to_rgb = _ycbcr_converter(page)
    height, width = pixels.shape[:2]
    return Samples((width, height), pixels.dtype, "rgb", lambda top, bottom: to_rgb(pixels[top:bottom]), 3)


def _has_fewer_colors(page: Any) -> bool:
    """Whether several pixels share their Cb and Cr: the tag says so, but how much there is tells it more surely."""
    is_packed = page.compression != _UNCOMPRESSED
    if not is_packed and sum(page.databytecounts) >= page.imagewidth * page.imagelength * page.samplesperpixel:
        return False
    shared = page.tags.valueof(_SUBSAMPLING, (1, 1) if is_packed else (2, 2))
    return shared in [(across, down) for across in (1, 2, 4) for down in (1, 2, 4) if across * down > 1]


def _ycbcr_converter(page: Any) -> Any:
    """From rows (n, W, 3+) of YCbCr to RGB (TIFF 6, section 21)."""
    red, green, blue = _fractions(page.tags.valueof(_COEFFICIENTS), 3) or (0.299, 0.587, 0.114)
    reference = _fractions(page.tags.valueof(_REFERENCE), 6) or (0, 255, 128, 255, 128, 255)
    black, white = np.array(reference[::2], np.float32), np.array(reference[1::2], np.float32)
    codes = np.array([255, 127, 127], np.float32) / np.where(white > black, white - black, 255)

    def to_rgb(rows: np.ndarray) -> np.ndarray:
        y, cb, cr = np.moveaxis((rows[..., :3] - black) * codes, -1, 0)
        r, b = y + cr * (2 - 2 * red), y + cb * (2 - 2 * blue)
        g = (y - red * r - blue * b) / green
        return np.rint(np.clip(np.stack([r, g, b], axis=-1), 0, 255)).astype(np.uint8)

    return to_rgb


def _fractions(value: Any, count: int) -> tuple[float, ...] | None:
    """Rational numbers of a tag: numerators and denominators in turn."""
    with suppress(TypeError, ZeroDivisionError):
        if len(value) == 2 * count:
            return tuple(over / under for over, under in zip(value[::2], value[1::2], strict=True))
    return None
