"""HEIC, AVIF, JPEG 2000 and JPEG XL, with the bits that they have: Pillow decodes what has 8, others the rest."""

import importlib
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO, Any

import numpy as np
from PIL import Image

from ..errors import ImageError
from .avif_items import exif_in_avif
from .boxes import boxes
from .cicp import with_codes_in_boxes
from .encoded import Encoded, which_of
from .exif import parse_exif
from .jxl_head import JxlHead, read_jxl_head
from .metadata import ORIENTATION
from .pillow_reading import from_pillow, open_pillow
from .profiles import ColorSpace
from .samples import Alpha, Samples, array_samples

_JP2_CODESTREAM = b"\xff\x4f\xff\x51"
_INCH = 0.0254  # metres
_PROFILE_UNREAD = "its colour profile was ignored: in a JPEG XL only those of packed JPEG files are read"
_CMYK, _SRGB, _GRAY, _SYCC = 12, 16, 17, 18  # of the colour spaces that ISO/IEC 15444-2, M.11.7.3 lists
_KNOWN_SPACES = (None, _CMYK, _SRGB, _GRAY, _SYCC)


def open_heic(file: IO[bytes], max_pixels: int) -> Encoded:
    """Read the header of a HEIC file; see `decoding.open_encoded`."""
    image = open_pillow(file, "HEIC")
    frames = getattr(image, "n_frames", 1)
    encoded = replace(from_pillow(image), notes=which_of("frame", frames, image.tell() + 1))  # the main one
    file.seek(0)
    encoded = with_codes_in_boxes(encoded, file.read())
    bits = image.info.get("bit_depth", 8)
    return encoded if bits == 8 else replace(encoded, decode=lambda: _decode_heic(file, bits))


def _decode_heic(file: IO[bytes], bits: int) -> Samples:
    # By name: published code must not ask for an extra before it runs. Here it is there, since the head was read.
    pillow_heif = importlib.import_module("pillow_heif")
    file.seek(0)
    pixels = np.asarray(pillow_heif.open_heif(file, convert_hdr_to_8bit=False))
    return _with_usual_channels(pixels, top=(2**bits - 1) << (16 - bits))  # they lie in the upper bits


def open_avif(file: IO[bytes], max_pixels: int) -> Encoded:
    """Read the header of an AVIF file; see `decoding.open_encoded`."""
    image = open_pillow(file, "AVIF")
    file.seek(0)
    content = file.read()
    notes = which_of("frame", getattr(image, "n_frames", 1))
    encoded = replace(from_pillow(image), notes=notes, exif=lambda: _avif_exif(image, content))
    encoded = with_codes_in_boxes(encoded, content)
    bits = max((_av1_bits(content[first:]) for kind, first, _ in boxes(content) if kind == b"av1C"), default=8)
    return encoded if bits == 8 else replace(encoded, decode=lambda: _decode_avif(content, bits))


def _avif_exif(image: Image.Image, content: bytes) -> Image.Exif:
    """The tags as they stand in the file, with the orientation by Pillow, which looks at the picture's properties.

    Where EXIF says another one, Pillow writes all tags anew, letters beyond ASCII as "?".
    """
    by_pillow, exif = image.getexif(), parse_exif(exif_in_avif(content))
    if not exif:
        return by_pillow
    exif[ORIENTATION] = by_pillow.get(ORIENTATION, 1)
    return exif


def _av1_bits(configuration: bytes) -> int:
    """AV1 in ISOBMFF, section 2.3.3: flags for more than 8 bits, and for 12."""
    flags = configuration[2] if len(configuration) > 2 else 0
    return 8 if not flags & 0x40 else 12 if flags & 0x20 else 10


def _decode_avif(content: bytes, bits: int) -> Samples:
    import imagecodecs

    return _with_usual_channels(imagecodecs.avif_decode(content, index=0), top=2**bits - 1)


def _with_usual_channels(pixels: np.ndarray, top: float | None) -> Samples:
    """Gray or RGB, with or without alpha, by the number of channels."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    kinds: dict[int, tuple[ColorSpace, Alpha | None]]
    kinds = {1: ("gray", None), 2: ("gray", "straight"), 3: ("rgb", None), 4: ("rgb", "straight")}
    if pixels.ndim not in (2, 3) or channels not in kinds:
        raise ImageError(f"a picture of {channels} channels is not read; save it as gray or RGB")
    return replace(array_samples(pixels, *kinds[channels]), top=None if pixels.dtype.kind == "f" else top)


@dataclass(frozen=True)
class _Jpeg2000:
    """What the head of a JPEG 2000 codestream says (ISO/IEC 15444-1, A.5.1), and the boxes around it."""

    size: tuple[int, int]
    bits: Sequence[int]
    is_signed: bool
    color_space: int | None
    alpha_channels: Sequence[int]
    info: dict[Any, Any]
    codestream_at: int
    has_palette: bool


def open_jpeg2000(file: IO[bytes], max_pixels: int) -> Encoded:
    """Read the header of a JPEG 2000 file, with or without a container; see `decoding.open_encoded`."""
    file.seek(0)
    content = file.read()
    head = _read_jpeg2000_head(content)
    if len(head.bits) > 4 and len(head.bits) * head.size[0] * head.size[1] > 4 * max_pixels:
        raise ImageError(f"it has {len(head.bits)} bands of {head.size[0]} x {head.size[1]} pixels; make it smaller")
    is_known = head.color_space in _KNOWN_SPACES or "icc_profile" in head.info
    notes = () if is_known else (f"its colours, of the kind {head.color_space}, were taken for sRGB",)
    encoded = Encoded(head.size, notes, head.info, Image.Exif, _jpeg2000_decoder(content, head))
    # Pillow takes a last channel of two or four for alpha even where nothing says so: it may be near infrared.
    has_colors_only = len(head.bits) in (1, 3) or len(head.bits) - 1 in head.alpha_channels or head.color_space == _CMYK
    if set(head.bits) != {8} or head.is_signed or not has_colors_only:
        return encoded
    image = open_pillow(BytesIO(content), "JPEG2000")
    return replace(from_pillow(image), notes=notes, info={**image.info, **head.info})


def _read_jpeg2000_head(content: bytes) -> _Jpeg2000:
    at, color_space, alpha_channels, info, has_palette = 0, None, [], {}, False
    for kind, first, end in boxes(content) if not content.startswith(_JP2_CODESTREAM) else ():
        box = content[first : min(end, first + 2**24)]
        if kind == b"jp2c":
            at = first
        elif kind == b"colr" and box[:1] == b"\1" and len(box) >= 7:
            color_space = int.from_bytes(box[3:7], "big")
        elif kind == b"colr" and box[:1] in (b"\2", b"\3"):
            info["icc_profile"] = box[3:]
        elif kind in (b"resc", b"resd") and len(box) >= 10:
            info["dpi"] = _jpeg2000_dpi(box)
        elif kind == b"pclr":
            has_palette = True
        elif kind == b"cdef":
            entries = [struct.unpack_from(">HHH", box, place) for place in range(2, len(box) - 5, 6)]
            alpha_channels = [channel for channel, meaning, _ in entries if meaning in (1, 2)]
    if content[at : at + 4] != _JP2_CODESTREAM:
        raise ValueError("there is no codestream")
    width, height, left, top = struct.unpack_from(">4I", content, at + 8)
    (components,) = struct.unpack_from(">H", content, at + 40)
    depths = [content[at + 42 + 3 * number] for number in range(components)]
    bits = [(depth & 127) + 1 for depth in depths]
    size = (width - left, height - top)
    is_signed = any(depth > 127 for depth in depths)
    return _Jpeg2000(size, bits, is_signed, color_space, alpha_channels, info, at, has_palette)


def _jpeg2000_dpi(box: bytes) -> tuple[float, float] | None:
    """A resolution (I.5.3.7): points per metre, down and across, as fractions with decimal exponents."""
    down, under_down, across, under_across, down_power, across_power = struct.unpack_from(">4H2b", box)
    if not under_down or not under_across:
        return None
    return across / under_across * 10.0**across_power * _INCH, down / under_down * 10.0**down_power * _INCH


def _jpeg2000_decoder(content: bytes, head: _Jpeg2000) -> Callable[[], Samples]:
    def decode() -> Samples:
        import imagecodecs

        # With a profile at hand the codec would apply it itself, roughly, and to gray pictures wrongly.
        is_bare = "icc_profile" in head.info and not head.has_palette
        pixels = imagecodecs.jpeg2k_decode(content[head.codestream_at :] if is_bare else content)
        channels = 1 if pixels.ndim == 2 else pixels.shape[2]
        has_alpha = channels - 1 in head.alpha_channels
        colors = channels - has_alpha
        # Of sYCC the first component is the luminance.
        samples = array_samples(
            pixels, "rgb" if colors >= 3 and head.color_space != _SYCC else "gray", "straight" if has_alpha else None
        )
        return replace(samples, top=2 ** (max(head.bits) - head.is_signed) - 1)

    return decode


def open_jxl(file: IO[bytes], max_pixels: int) -> Encoded:
    """Read the header of a JPEG XL file, with or without a container; see `decoding.open_encoded`."""
    file.seek(0)
    content = file.read()
    head = read_jxl_head(content)
    if head.has_ink:
        raise ImageError("it is a JPEG XL of printing inks (CMYK), which is not read; save it as gray or RGB")
    profile, notes = head.profile, head.notes
    if head.has_profile:
        profile = _profile_of_rebuilt_jpeg(content, head, max_pixels)
        notes = notes if profile else (*notes, _PROFILE_UNREAD)

    def decode() -> Samples:
        import imagecodecs

        pixels = imagecodecs.jpegxl_decode(content)  # of an animation the last frame; it gives no other
        samples = _with_usual_channels(pixels, None if head.bits is None else 2**head.bits - 1)
        return replace(samples, alpha=head.alpha or samples.alpha) if samples.alpha else samples

    return Encoded(head.size, notes, {} if profile is None else {"icc_profile": profile}, Image.Exif, decode)


def _profile_of_rebuilt_jpeg(content: bytes, head: JxlHead, max_pixels: int) -> bytes | None:
    """The profile of a JPEG that was packed as JPEG XL, from which the same JPEG can be made again."""
    import imagecodecs

    is_packed = any(kind == b"jbrd" for kind, _, _ in boxes(content))
    if not is_packed or head.size[0] * head.size[1] > max_pixels:
        return None
    with suppress(RuntimeError):  # imagecodecs' errors
        jpeg = imagecodecs.jpegxl_decode_jpeg(content, numthreads=1)
        return open_pillow(BytesIO(jpeg), "JPEG").info.get("icc_profile")
    return None
