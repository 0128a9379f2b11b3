"""`write`: pixels to a file, whole or not at all, with what the photograph said about itself."""

import io
import os
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from ..errors import ImageError
from .avif_items import avif_pieces
from .containers import gif_pieces, jp2_pieces, jpeg_pieces, jxl_pieces, png_pieces
from .fitting import fit
from .formats import HEIC_IS_MISSING, SUFFIXES, WRITTEN
from .jxl_head import called_srgb
from .metadata import Metadata
from .names import shown
from .photo import eight_bit
from .profiles import linear_light, srgb_profile
from .raster import bands
from .remote import is_remote, write_remote

_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383, "GIF": 65535, "HEIC": 65535, "AVIF": 65535}
_EIGHT_BIT = ("JPEG", "WEBP", "BMP", "GIF")
_WITHOUT_ALPHA = ("JPEG", "BMP")


def write(
    pixels: np.ndarray,
    destination: str | os.PathLike[str] | IO[bytes],
    *,
    metadata: Metadata | None = None,
    format: str | None = None,
    quality: int = 95,
    overwrite: bool = True,
) -> tuple[str, ...]:
    """Write a picture; a failure leaves no file and harms none that was there.

    PNG, TIFF, JPEG XL and JPEG 2000 keep 16 bits, AVIF keeps 12 and HEIC 10; the others round to 8. JPEG and BMP know
    no transparency: the picture is laid on white. GIF is reduced to 256 colours.

    Args:
        pixels: (H, W, 3) RGB or (H, W, 4) RGBA, sRGB, uint8 or uint16.
        destination: path; address that fsspec knows, such as s3://; or binary file object, which is written at its
            position.
        metadata: what the picture says about itself, to keep as far as the format has a place for it.
        format: "JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIC", "AVIF", "JPEG2000" or "JXL", or the suffix of one,
            as "jpg"; None takes it from the destination's.
        quality: 1..100, of JPEG, WebP, HEIC, AVIF, JPEG 2000 and JPEG XL; 100 loses nothing in the last two.
        overwrite: whether an existing file may be replaced.

    Returns:
        What found no place in the file, metadata, transparency or bits, as phrases for a user.

    Raises:
        ImageError: the file cannot be written; the message names it and says what to do.
        ValueError: wrong shape, type, format or quality.
    """
    if pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or 0 in pixels.shape:
        raise ValueError(f"pixels must have shape (H, W, 3) or (H, W, 4), got {pixels.shape}")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels must be uint8 or uint16, got {pixels.dtype}")
    if isinstance(destination, io.TextIOBase):
        raise TypeError("a file must be opened in binary mode ('wb')")
    if not 1 <= quality <= 100:
        raise ValueError(f"quality must be in 1..100, got {quality}")
    format = _format(destination, format)
    metadata, notes = fit(metadata or Metadata(), format)
    if format in _WITHOUT_ALPHA and pixels.shape[2] == 4 and pixels[..., 3].min() < np.iinfo(pixels.dtype).max:
        notes = (f"a {format} has no transparency, so the picture lies on white", *notes)
    if format in _EIGHT_BIT and pixels.dtype == np.uint16:
        notes = (f"a {format} has 8 bits for each colour, fewer than the picture", *notes)
    if is_remote(destination):
        buffer = io.BytesIO()
        with _failures_as_image_errors(shown(destination)):
            _encode(buffer, pixels, format, metadata, quality)
        write_remote(destination, buffer.getbuffer())
    elif isinstance(destination, str | os.PathLike):
        with new_file(Path(destination), overwrite=overwrite) as file:
            _encode(file, pixels, format, metadata, quality)
    else:
        buffer = io.BytesIO()
        with _failures_as_image_errors("the picture"):
            _encode(buffer, pixels, format, metadata, quality)
        destination.write(buffer.getbuffer())
    return notes


def _format(destination: Any, format: str | None) -> str:
    if format is not None:
        name = SUFFIXES.get(f".{format.lower()}", format.upper())
        if name not in WRITTEN:
            raise ValueError(f"format must be one of {', '.join(WRITTEN)}, got {format!r}")
        return name
    if not isinstance(destination, str | os.PathLike):
        raise ValueError("format must be given for a file object")
    by_suffix = SUFFIXES.get(Path(destination).suffix.lower())
    if by_suffix not in WRITTEN:
        suffixes = ", ".join(suffix for suffix, name in SUFFIXES.items() if name in WRITTEN)
        raise ImageError(f"{os.fspath(destination)}: its suffix names no format that is written here; use {suffixes}")
    return by_suffix


def _encode(file: IO[bytes], pixels: np.ndarray, format: str, metadata: Metadata, quality: int) -> None:
    height, width = pixels.shape[:2]
    if max(width, height) > _LONGEST_SIDE.get(format, max(width, height)):
        raise ImageError(f"{width} x {height} pixels are more than a {format} can hold; write a PNG or TIFF")
    if format in _EIGHT_BIT:
        pixels = eight_bit(pixels)
    if format in _WITHOUT_ALPHA and pixels.shape[2] == 4:
        pixels = _on_white(pixels)
    _ENCODERS[format](file, np.ascontiguousarray(pixels), metadata, quality)


def _encode_jpeg(file: IO[bytes], pixels: np.ndarray, metadata: Metadata, quality: int) -> None:
    import imagecodecs  # straight from the array: faster than by way of Pillow, which would copy it first

    # Coarser chroma saves a third of the time and a sixth of the size, and costs a third more colour error
    # (CIEDE2000): not where a high quality is asked for.
    subsampling = "444" if quality >= 90 else "420"
    encoded = imagecodecs.jpeg8_encode(pixels, level=quality, subsampling=subsampling)
    file.writelines(jpeg_pieces(encoded, metadata, _size(pixels)))


def _encode_png(file: IO[bytes], pixels: np.ndarray, metadata: Metadata, quality: int) -> None:
    import imagecodecs

    # Level 1 takes a quarter of the time of the usual 6 and makes files of a photograph a tenth larger.
    file.writelines(png_pieces(imagecodecs.png_encode(pixels, level=1), metadata, _size(pixels)))


def _encode_webp(file: IO[bytes], pixels: np.ndarray, metadata: Metadata, quality: int) -> None:
    Image.fromarray(pixels).save(
        file,
        "WEBP",
        quality=quality,
        method=2,  # half the time of the usual 4, the same size
        icc_profile=srgb_profile(),
        exif=metadata.exif_for(_size(pixels), with_dpi=True) or b"",
        xmp=metadata.xmp_for(_size(pixels)) or b"",
    )


def _encode_heic(file: IO[bytes], pixels: np.ndarray, metadata: Metadata, quality: int) -> None:
    try:
        import pillow_heif
    except ImportError as error:
        raise ImageError(HEIC_IS_MISSING) from error
    mode = ("RGB" if pixels.shape[2] == 3 else "RGBA") + (";16" if pixels.dtype == np.uint16 else "")
    pillow_heif.from_bytes(mode, _size(pixels), pixels.tobytes()).save(  # of 16 bits it keeps 10
        file,
        quality=quality,
        icc_profile=srgb_profile(),
        exif=metadata.exif_for(_size(pixels), with_dpi=True),
        xmp=metadata.xmp_for(_size(pixels)),
    )


def _encode_bmp(file: IO[bytes], pixels: np.ndarray, metadata: Metadata, quality: int) -> None:
    Image.fromarray(pixels).save(file, "BMP", dpi=metadata.dpi or (0, 0))


def _encode_gif(file: IO[bytes], pixels: np.ndarray, metadata: Metadata, quality: int) -> None:
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "GIF")
    file.writelines(gif_pieces(encoded.getbuffer(), metadata, _size(pixels)))


def _encode_avif(file: IO[bytes], pixels: np.ndarray, metadata: Metadata, quality: int) -> None:
    import imagecodecs

    is_deep = pixels.dtype == np.uint16
    encoded = imagecodecs.avif_encode(
        pixels >> 4 if is_deep else pixels,
        quality,
        speed=8,  # a fifth of the time of the usual 6
        bitspersample=12 if is_deep else 8,  # more than 12 the format has not
        pixelformat="444" if quality >= 90 else "420",
        primaries=imagecodecs.AVIF.COLOR_PRIMARIES.BT709,
        transfer=imagecodecs.AVIF.TRANSFER_CHARACTERISTICS.SRGB,
        matrix=imagecodecs.AVIF.MATRIX_COEFFICIENTS.BT601,
    )
    file.writelines(avif_pieces(bytes(encoded), metadata, _size(pixels)))


def _encode_jxl(file: IO[bytes], pixels: np.ndarray, metadata: Metadata, quality: int) -> None:
    import imagecodecs

    distance = 0.1 + (100 - quality) * 0.09  # as libjxl translates JPEG's scale, for qualities from 30
    kind: dict[str, Any] = {"lossless": True} if quality == 100 else {"distance": min(distance, 15.0)}
    if pixels.dtype == np.uint16 and quality < 100:
        pixels = linear_light(pixels)  # for which the encoder takes 16 bits when it weighs what is seen
    encoded = imagecodecs.jpegxl_encode(pixels, effort=4, usecontainer=True, **kind)
    if pixels.dtype == np.uint16:
        encoded = called_srgb(bytes(encoded))
    file.writelines(jxl_pieces(encoded, metadata, _size(pixels)))


def _encode_jp2(file: IO[bytes], pixels: np.ndarray, metadata: Metadata, quality: int) -> None:
    import imagecodecs

    # The codec asks for decibels: 45 at our usual quality, where loss is not seen; 0 stands for none.
    kind: dict[str, Any] = {"level": 0, "reversible": True} if quality == 100 else {"level": 26 + quality // 5}
    encoded = imagecodecs.jpeg2k_encode(pixels, codecformat="jp2", **kind)
    file.writelines(jp2_pieces(encoded, metadata, _size(pixels)))


def _encode_tiff(file: IO[bytes], pixels: np.ndarray, metadata: Metadata, quality: int) -> None:
    from .tiff import write_tiff

    write_tiff(file, pixels, metadata)


_ENCODERS: dict[str, Callable[[IO[bytes], np.ndarray, Metadata, int], None]] = {
    "JPEG": _encode_jpeg,
    "PNG": _encode_png,
    "WEBP": _encode_webp,
    "TIFF": _encode_tiff,
    "BMP": _encode_bmp,
    "GIF": _encode_gif,
    "HEIC": _encode_heic,
    "AVIF": _encode_avif,
    "JPEG2000": _encode_jp2,
    "JXL": _encode_jxl,
}


def _size(pixels: np.ndarray) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]


def _on_white(pixels: np.ndarray) -> np.ndarray:
    """RGBA (H, W, 4) uint8 laid on white: (H, W, 3)."""
    height, width = pixels.shape[:2]
    flat = np.empty((height, width, 3), np.uint8)
    for top, bottom in bands(height, width):
        band = pixels[top:bottom].astype(np.uint16)
        alpha = band[..., 3:]
        flat[top:bottom] = (band[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return flat


@contextmanager
def new_file(path: Path, *, overwrite: bool) -> Generator[IO[bytes]]:
    """A file that takes its name when all is written. A link stays a link, to the new content.

    Raises:
        ImageError: it cannot be written; nothing is left behind.
    """
    with _failures_as_image_errors(os.fspath(path)):
        path = path.resolve()
        if path.is_dir():
            raise ImageError("it is a folder; name a file in it")
        if not overwrite and path.exists():
            raise ImageError("it exists already; choose another name or allow overwriting")
        unfinished = path.with_name(f".{secrets.token_hex(8)}{path.suffix}.part")
        try:
            with unfinished.open("x+b") as file:
                yield file
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


@contextmanager
def _failures_as_image_errors(name: str) -> Generator[None]:
    try:
        yield
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error
    except FileNotFoundError as error:
        raise ImageError(f"{name}: its folder does not exist; create it first") from error
    except PermissionError as error:
        raise ImageError(f"{name}: you are not allowed to write there; choose another folder") from error
    except OSError as error:
        raise ImageError(f"{name}: it could not be written ({error}); check the disk") from error
    except RuntimeError as error:  # how codecs report that they cannot
        raise ImageError(f"{name}: the encoder failed ({error}); choose another format") from error
