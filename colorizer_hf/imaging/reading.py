"""`read`: a photograph from wherever it comes, upright, as luminance."""

import io
import os
import re
import threading
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image

from ..arrays import is_tensor
from ..errors import ImageError
from .decoding import open_encoded
from .encoded import Encoded
from .formats import FORMATS, HEAD_LENGTH, detect
from .levels import Levels, check_levels_and_band, to_raster
from .metadata import Words, collect
from .names import is_address, shown
from .own_colors import ColorSketch
from .photo import Photo
from .pillow_reading import from_pillow
from .profiles import srgb_conversion
from .raster import Raster, luminance_and_alpha
from .samples import array_samples
from .words import find_words, words_of_image

if TYPE_CHECKING:
    from torch import Tensor

Source: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Image.Image | np.ndarray | Tensor"
)

_TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: np.rot90,
}
"""EXIF orientation -> the way back to upright."""

_PILLOW_NAMES = {"MPO": "JPEG", "PPM": "PNM", "HEIF": "HEIC"}
"""Formats that Pillow calls otherwise."""

_Bytes = bytes | bytearray | memoryview

_GLANCE = 64  # pixels of the longer side: enough to see whether there are colours, and noise is averaged away

_DAMAGED = "it is damaged or cut off; copy or download it again"


def read(
    source: Source,
    *,
    max_pixels: int = 200_000_000,
    own_colors: int | None = None,
    levels: Levels = "auto",
    band: int | None = None,
) -> Photo:
    """Read a photograph: a file of one of `formats.FORMATS` (HEIC with pillow-heif), or pixels in memory.

    The picture comes upright (EXIF orientation applied) and in sRGB (colour profile or gamma applied). Colours are
    accepted and become luminance. What is in a file counts, not its name. What was used of its pages, bands and range
    of numbers is said in a note whenever it is not all. Pixels without a number (NaN, no data) become transparent.

    Args:
        source: path; binary file object, read from its start; the bytes of a file; PIL image; array (H, W) or
            (H, W, 1|3|4); torch tensor (H, W) or (1|3|4, H, W). Numbers in memory mean what their type says: bool,
            uint8 and uint16 are codes. Other integers are codes of 8 bits if all lie in 0..255, of 16 bits if all lie
            in 0..65535. Floats, which become 16-bit codes, and integers beyond follow `levels`.
        max_pixels: how many pixels a picture may have; checked before anything is decoded.
        own_colors: longer side in pixels at which to keep the colours, to show or to copy them; None drops them.
        levels: which numbers are black and white. "auto": 0 and the largest number of the type (of floats 1), unless
            the type is plainly larger than the data, as with 12 bits in 16 (`levels.py` has the rule; a note says it).
            "as-is": always those. Or (LOW, HIGH).
        band: number of the one band, from 1, that is the picture; None takes the colours, or the first band.

    Raises:
        ImageError: the picture cannot be read; the message names it and says what to do.
        TypeError: `source` is nothing of the above.
        ValueError: an array or tensor has another shape or type, or `levels` or `band` makes no sense.
    """
    check_levels_and_band(levels, band)
    if is_tensor(source):
        source = _tensor_pixels(source)
    _check_kind(source)
    options = _Options(max_pixels, own_colors, levels, band)
    with _failures_as_image_errors(_name(source)), _pillow_warnings_ignored():
        if isinstance(source, np.ndarray):
            return _read_array(source, options)
        if isinstance(source, Image.Image):
            format = _PILLOW_NAMES.get(source.format or "", source.format)
            format = format if format in FORMATS else None
            return _to_photo(from_pillow(source), format, options, lambda: words_of_image(source))
        if is_address(source):
            raise ImageError("it is an address, and nothing is fetched; download the picture and name the file")
        with _binary_file(source) as file:
            return _read_file(file, options)


@dataclass(frozen=True)
class _Options:
    """The options of `read`."""

    max_pixels: int
    own_colors: int | None
    levels: Levels
    band: int | None


def _check_kind(source: Any) -> None:
    """Refuse what no photograph comes in, before any file is touched."""
    if isinstance(source, np.ndarray):
        if source.ndim not in (2, 3) or (source.ndim == 3 and source.shape[2] not in (1, 3, 4)):
            raise ValueError(f"an array must have shape (H, W) or (H, W, 1|3|4), got {source.shape}")
        if source.dtype.kind not in "buif":
            raise ValueError(f"pixels must be bool, integers or floats, got {source.dtype}")
    elif isinstance(source, io.TextIOBase):
        raise TypeError("a file must be opened in binary mode ('rb')")
    elif not isinstance(source, str | os.PathLike | Image.Image | _Bytes) and not hasattr(source, "read"):
        raise TypeError(
            f"source must be a path, file, bytes, PIL image, numpy array or torch tensor, got {type(source).__name__}"
        )


def _read_file(file: IO[bytes], options: _Options) -> Photo:
    file.seek(0)
    head = file.read(HEAD_LENGTH)
    if not head:
        raise ImageError("it is empty; copy or download it again")
    format = detect(head)
    if format is None:
        raise ImageError(f"it is not a picture of a format that is read here ({', '.join(FORMATS)}); convert it")
    encoded = open_encoded(file, format, options.max_pixels)
    return _to_photo(encoded, format, options, lambda: find_words(file, format))


def _to_photo(
    encoded: Encoded,
    format: str | None,
    options: _Options,
    find_words: Callable[[], Words],
) -> Photo:
    _check_size(encoded.size, options.max_pixels)
    raster = to_raster(encoded.decode(), options.levels, options.band)
    to_srgb, profile_notes = _to_srgb(encoded, raster)
    sketch = ColorSketch(raster.size, options.own_colors or _GLANCE)
    luminance, alpha = luminance_and_alpha(raster, to_srgb, sketch)
    colors = None if options.own_colors is None else sketch.colors
    metadata, orientation, word_notes = collect(encoded.exif, encoded.info, find_words())
    if orientation in _TURNS:
        turn = _TURNS[orientation]
        luminance = np.ascontiguousarray(turn(luminance))
        alpha = None if alpha is None else np.ascontiguousarray(turn(alpha))
        colors = None if colors is None else np.ascontiguousarray(turn(colors))
    notes = (*encoded.notes, *raster.notes, *profile_notes, *word_notes, *sketch.notes)
    return Photo(luminance, alpha, metadata, format, tuple(dict.fromkeys(notes)), colors, raster.levels)


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise ImageError(f"it has no pixels ({width} x {height}); copy or download it again")
    if width * height > max_pixels:
        raise ImageError(f"it has {width} x {height} pixels, more than the limit of {max_pixels:,}; make it smaller")


def _to_srgb(encoded: Encoded, raster: Raster) -> tuple[Callable[[np.ndarray], np.ndarray] | None, list[str]]:
    profile = encoded.info.get("icc_profile")
    if not isinstance(profile, bytes) or not profile or raster.color_space == "lab":
        return None, []
    try:
        return srgb_conversion(profile, raster.color_space, raster.dtype), []
    except ValueError as error:
        return None, [f"its colour profile was ignored: {error}"]


def _read_array(pixels: np.ndarray, options: _Options) -> Photo:
    _check_size((pixels.shape[1], pixels.shape[0]), options.max_pixels)
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    levels = options.levels
    if levels == "auto" and pixels.dtype.kind in "ui":
        pixels = _as_codes(pixels)
        levels = "as-is" if _are_codes(pixels) else "auto"
    samples = array_samples(pixels, "gray" if channels == 1 else "rgb", "straight" if channels == 4 else None)
    raster = to_raster(samples, levels, options.band)
    sketch = ColorSketch(raster.size, options.own_colors or _GLANCE)
    luminance, alpha = luminance_and_alpha(raster, None, sketch)
    colors = None if options.own_colors is None else sketch.colors
    return Photo(luminance, alpha, notes=(*raster.notes, *sketch.notes), colors=colors, levels=raster.levels)


def _as_codes(pixels: np.ndarray) -> np.ndarray:
    """Integers of any type as uint8 or uint16 if all of them can be; those types are what they say, dark or not."""
    if _are_codes(pixels) or pixels.min() < 0 or pixels.max() > 65535:
        return pixels
    return pixels.astype(np.uint8 if pixels.max() <= 255 else np.uint16)


def _are_codes(pixels: np.ndarray) -> bool:
    return pixels.dtype.newbyteorder("=") in (np.uint8, np.uint16)


def _tensor_pixels(tensor: Any) -> np.ndarray:
    """A tensor (H, W) or (C, H, W) as an array (H, W) or (H, W, C)."""
    if tensor.ndim == 3 and tensor.shape[0] not in (1, 3, 4):
        raise ValueError(f"a tensor must have shape (H, W) or (1|3|4, H, W), got {tuple(tensor.shape)}")
    tensor = tensor.detach().cpu()
    pixels = (tensor.float() if tensor.is_floating_point() else tensor).numpy()  # numpy has no bfloat16
    return np.moveaxis(pixels, 0, -1) if pixels.ndim == 3 else pixels


def _name(source: Source) -> str:
    """What to call a source in a message."""
    if isinstance(source, str | os.PathLike):
        return shown(str(source))
    name = getattr(source, "filename", None) or getattr(source, "name", None)  # PIL images, file objects
    return name if isinstance(name, str) and name else "the picture"


@contextmanager
def _binary_file(source: Any) -> Generator[IO[bytes]]:
    """A seekable binary file over a path, bytes or a file object, which stays open if it was."""
    if isinstance(source, _Bytes):
        yield io.BytesIO(source)
        return
    with nullcontext(source) if hasattr(source, "read") else _open(Path(source)) as file:
        # A pipe cannot go back, and the decoders have to.
        yield file if file.seekable() else io.BytesIO(file.read())


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        if path.is_symlink():
            raise ImageError(f"it is a link to {path.readlink()}, which does not exist; link it anew") from error
        raise ImageError("there is no such file; check the name") from error
    except IsADirectoryError as error:
        raise ImageError("it is a folder; name the pictures in it") from error
    except PermissionError as error:
        raise ImageError("you are not allowed to read it; change its permissions") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error  # without the name once more
        raise ImageError(f"it cannot be opened ({reason}); check the name") from error


@contextmanager
def _failures_as_image_errors(name: str) -> Generator[None]:
    """Name the picture in our own errors, and turn whatever decoders raise on damaged files into one of ours."""
    try:
        yield
    except MemoryError:
        raise
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error
    except Exception as error:
        system = isinstance(error, OSError) and error.errno is not None  # Pillow's OSErrors have no number
        reason = f"it could not be read ({error}); try again" if system else _DAMAGED
        raise ImageError(f"{name}: {reason}") from error


_warning_lock = threading.Lock()
_readers = 0
_IGNORE_PILLOW = ("ignore", None, Warning, re.compile(r"PIL\."), 0)


@contextmanager
def _pillow_warnings_ignored() -> Generator[None]:
    """Keep Pillow's warnings about damaged tags from the user, who cannot do anything about them.

    `warnings.catch_warnings` puts the whole list of filters back at its end and so breaks in threads; one filter,
    there as long as anybody reads, does not.
    """
    global _readers
    with _warning_lock:
        if _readers == 0:
            _filters().insert(0, _IGNORE_PILLOW)
        _readers += 1
    try:
        yield
    finally:
        with _warning_lock:
            _readers -= 1
            if _readers == 0:
                with suppress(ValueError):
                    _filters().remove(_IGNORE_PILLOW)


def _filters() -> Any:
    """The list of warning filters of this moment; it is declared read-only, but meant to be changed."""
    return warnings.filters
