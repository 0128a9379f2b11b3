"""ICC profiles: pixels of a profile's colour space to sRGB, by Little CMS."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Literal

import numpy as np

ColorSpace = Literal["gray", "rgb", "cmyk", "lab"]

_SIGNATURES: dict[bytes, ColorSpace] = {b"GRAY": "gray", b"RGB ": "rgb", b"CMYK": "cmyk"}
_RELATIVE_COLORIMETRIC = 1
_BLACK_POINT_COMPENSATION = 0x2000
_NO_OPTIMIZATION = 0x0100


@cache
def srgb_profile() -> bytes:
    """A small sRGB profile, for tagging files; the same bytes every time."""
    import imagecodecs

    profile = bytes(imagecodecs.cms_profile("srgb"))
    date_of_creation = np.array([2000, 1, 1, 0, 0, 0], ">u2").tobytes()
    return profile[:24] + date_of_creation + profile[36:]


@cache
def adobe_rgb_profile() -> bytes:
    """That of Adobe RGB (1998), for cameras that name it instead of adding it."""
    import imagecodecs

    return bytes(imagecodecs.cms_profile("adobergb"))


def linear_light(pixels: np.ndarray) -> np.ndarray:
    """sRGB of 16 bits as light of 16 bits (IEC 61966-2-1); a fourth channel stays."""
    codes = np.arange(65536) / 65535
    light = np.where(codes > 0.04045, ((codes + 0.055) / 1.055) ** 2.4, codes / 12.92)
    linear = pixels.copy()
    linear[..., :3] = np.rint(light * 65535).astype(np.uint16)[pixels[..., :3]]
    return linear


_SRGB_CHROMATICITIES = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)  # white, red, green, blue: x, y


def gamma_profile(gamma: float, chromaticities: Sequence[float] | None = None) -> bytes | None:
    """A profile for RGB pixels, gray ones too, that are a power of the light.

    Args:
        gamma: exponent from pixels to light; 1 for linear ones.
        chromaticities: x and y of white, red, green and blue; None stands for those of sRGB.

    Returns:
        The profile; None where the pixels may be taken for sRGB, as 2.2 usually means.

    Raises:
        ValueError: there are no such pixels.
    """
    place = tuple(chromaticities) if chromaticities is not None else _SRGB_CHROMATICITIES
    if not 0.1 <= gamma <= 10 or len(place) != 8 or not all(0 < value < 1 for value in place):
        raise ValueError("no such gamma or primaries")
    if abs(gamma - 2.2) < 0.03 and np.abs(np.subtract(place, _SRGB_CHROMATICITIES)).max() < 0.002:
        return None
    try:
        return _rgb_profile(place, gamma=gamma)
    except RuntimeError as error:  # imagecodecs.CmsError
        raise ValueError("no such gamma or primaries") from error


def table_profile(curve: np.ndarray, chromaticities: Sequence[float] | None = None) -> bytes:
    """A profile for RGB pixels, gray ones too.

    Args:
        curve: (n,) the light for pixels from 0 to full, 0 to 1.
        chromaticities: as `gamma_profile` takes them.
    """
    return _rgb_profile(chromaticities or _SRGB_CHROMATICITIES, transferfunction=curve.astype(np.float32))


def _rgb_profile(place: Sequence[float], **curve: Any) -> bytes:
    import imagecodecs

    primaries = [coordinate for x, y in zip(place[2::2], place[3::2], strict=True) for coordinate in (x, y, 1.0)]
    return bytes(imagecodecs.cms_profile("rgb", whitepoint=(*place[:2], 1.0), primaries=primaries, **curve))


def srgb_conversion(
    profile: bytes, color_space: ColorSpace, dtype: np.dtype
) -> Callable[[np.ndarray], np.ndarray] | None:
    """How pixels under a profile become sRGB.

    Args:
        profile: the ICC profile that came with the pixels.
        color_space: what the pixels are.
        dtype: their type, uint8 or uint16.

    Returns:
        A function on rows of pixels, gray (n, W) -> gray (n, W) codes, others (n, W, C) -> (n, W, 3), keeping the
        type; None where the profile amounts to sRGB, so that pixels stay as they are.

    Raises:
        ValueError: the profile is damaged, or made for another kind of pixels.
    """
    own = _SIGNATURES.get(profile[16:20])
    if own is None or (own != color_space and (own, color_space) != ("rgb", "gray")):
        raise ValueError("the profile is made for another kind of picture")
    if color_space == "gray":
        return _gray_conversion(profile, own, dtype)
    if color_space == "rgb" and _is_srgb(profile):
        return None
    _transform(np.zeros((1, 1, 4 if own == "cmyk" else 3), dtype), profile, own)  # complains now, not at the pixels
    return lambda rows: _transform(rows, profile, own)


def _gray_conversion(profile: bytes, own: ColorSpace, dtype: np.dtype) -> Callable[[np.ndarray], np.ndarray] | None:
    """One table over all grays; a profile for RGB takes a gray as equal red, green and blue."""
    from ..color import luminance_codes

    codes = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
    ramp = codes[None].astype(np.uint16) * (65535 // int(codes[-1]))  # 16 bits for precision, whatever the type
    ramp = ramp if own == "gray" else np.repeat(ramp[..., None], 3, axis=-1)
    grays = luminance_codes(_transform(ramp, profile, own))[0]
    table = np.rint(grays / 65535 * codes[-1]).astype(dtype)
    if np.abs(table.astype(np.int32) - codes).max() <= codes[-1] // 255:
        return None
    return lambda rows: table[rows]


def _is_srgb(profile: bytes) -> bool:
    """Whether colours come out of the profile as they went in (the many sRGB profiles differ by rounding)."""
    steps = np.linspace(0, 255, 6).astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    return int(np.abs(_transform(grid, profile, "rgb").astype(int) - grid).max()) <= 2


def _transform(pixels: np.ndarray, profile: bytes, own: ColorSpace) -> np.ndarray:
    """Pixels (n, W) or (n, W, C) as sRGB (n, W, 3).

    Little CMS's shortcuts take a tenth of the time and are right for 8 bits; in 16 bits dark tones come out wrong by
    up to a twentieth of the range.
    """
    import imagecodecs

    try:
        return imagecodecs.cms_transform(
            np.ascontiguousarray(pixels),
            profile,
            srgb_profile(),
            colorspace=own,
            outcolorspace="rgb",
            intent=_RELATIVE_COLORIMETRIC,
            flags=_BLACK_POINT_COMPENSATION | (_NO_OPTIMIZATION if pixels.dtype == np.uint16 else 0),
        )
    except RuntimeError as error:  # imagecodecs.CmsError
        raise ValueError("the profile is damaged") from error
