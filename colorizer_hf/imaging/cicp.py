"""What files say of their colours by code points (ITU-T H.273) instead of a profile; JPEG XL has some of them."""

import struct
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .boxes import boxes
from .encoded import Encoded
from .profiles import gamma_profile, table_profile

_D65 = (0.3127, 0.3290)
PRIMARIES = {
    1: (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06),
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
"""x and y of white, red, green and blue (table 2); 1 are those of sRGB."""

_GAMMAS = {
    4: 2.2,
    5: 2.8,
    8: 1.0,
    17: 2.6,
}  # table 3; sRGB and the curves of television, made to look alike, count as 2.2
_PQ, _HLG = 16, 18
_SDR_WHITE, _PEAK = 203.0, 1000.0  # candela per square metre (ITU-R BT.2408)


def with_codes(encoded: Encoded, primaries: int, transfer: int) -> Encoded:
    """A picture whose code points say what its colours are."""
    profile, notes = profile_of(PRIMARIES.get(primaries), transfer)
    if profile is None:
        return encoded
    return replace(encoded, info={**encoded.info, "icc_profile": profile}, notes=(*encoded.notes, *notes))


def with_codes_in_boxes(encoded: Encoded, content: bytes) -> Encoded:
    """An AVIF or HEIC picture, of which only the head was read, with the code points in its file."""
    if encoded.info.get("icc_profile"):  # goes before
        return encoded
    for kind, first, end in boxes(content):
        if kind == b"colr" and content[first : first + 4] == b"nclx" and end >= first + 8:
            return with_codes(encoded, *struct.unpack_from(">HH", content, first + 4))
    return encoded


def profile_of(place: Sequence[float] | None, transfer: int) -> tuple[bytes | None, tuple[str, ...]]:
    """The colour profile that primaries and the code point of a curve stand for.

    Of the curves of HDR the light up to the white of usual pictures stays nearly as it is, and what is brighter is
    brought below white (Reinhard et al. 2002, equation 4).

    Args:
        place: x and y of white, red, green and blue; None stands for those of sRGB.
        transfer: TransferCharacteristics.

    Returns:
        The profile, None where pixels may be taken for sRGB; and what a user should know, as phrases.

    Raises:
        ValueError: there are no such primaries.
    """
    if transfer not in (_PQ, _HLG):
        return gamma_profile(_GAMMAS.get(transfer, 2.2), place), ()
    codes = np.linspace(0, 1, 4096)
    light = (_pq_light(codes) if transfer == _PQ else _hlg_light(codes)) / _SDR_WHITE
    light = np.minimum(light, _PEAK / _SDR_WHITE)
    curve = light * (1 + light / (_PEAK / _SDR_WHITE) ** 2) / (1 + light)
    note = "its high dynamic range was brought into that of usual pictures"
    return table_profile(curve / curve[-1], place), (note,)


def _pq_light(codes: np.ndarray) -> np.ndarray:
    """Candela per square metre (ITU-R BT.2100, table 4)."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = codes ** (1 / m2)
    return 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)


def _hlg_light(codes: np.ndarray) -> np.ndarray:
    """Candela per square metre on a display of 1000 (ITU-R BT.2100, table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)
    return _PEAK * scene**1.2


__all__ = ["PRIMARIES", "profile_of", "with_codes", "with_codes_in_boxes"]
