"""sRGB and CIELAB (D65, 2 degree observer): conversion, gamut, luminance codes, and the full-size kernel.

Ranges: luminance is L / 100 in [0, 1]; chroma is a and b / 110. A *luminance code* is the sRGB gray value, 8 or 16 bit,
that has a pixel's CIE luminance Y: one integer per pixel keeps a photo's luminance at full size, and a gray photo is
its own luminance bit for bit.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from threading import Lock

import numpy as np
import torch
from torch import Tensor

CHROMA_SCALE = 110.0  # Lab a and b are divided by this everywhere

_LUMINANCE_WEIGHTS = (0.2126, 0.7152, 0.0722)  # of linear R, G, B in Y

# Linear sRGB -> XYZ relative to white, the digits of kornia and scikit-image; rows X, Y, Z.
_RGB_TO_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
# White is (1, 1, 1) by construction here, so zero chroma gives R = G = B.
_XYZ_TO_RGB = np.linalg.inv(_RGB_TO_XYZ / _RGB_TO_XYZ.sum(axis=1, keepdims=True)).tolist()

_GAMUT_TOLERANCE = 1e-4  # in linear sRGB: the last digits of the matrices must not move colours on the gamut's surface
_BISECTIONS = 16
_HUES = 360
_TABLE_LOCK = Lock()
_TABLE_ROWS = 32  # 32 x 256 x 3 elements: so few that torch does not start threads of its own

_BAND_PIXELS = 65536

_LEVELS = 96  # of a and of b in the 8-bit table
_KNEE = 0.6  # a and b / 110 at which the steps of the table are four times as wide as at gray
_STEPS = 76.0  # levels per unit of companded chroma: the whole sRGB gamut fits into the levels


def hex_to_rgb(color: str) -> tuple[int, int, int]:
    """Red, green and blue in 0..255 of "#rrggbb"."""
    red, green, blue = bytes.fromhex(color[1:])
    return red, green, blue


def rgb_to_hex(channels: Iterable[float]) -> str:
    """The "#rrggbb" of red, green and blue in 0..255."""
    return "#" + "".join(f"{round(channel):02x}" for channel in channels)


def rgb_to_lab(rgb: Tensor) -> tuple[Tensor, Tensor]:
    """Split sRGB into luminance and chroma; computed in float32 whatever comes in.

    Args:
        rgb: (B, 3, H, W) sRGB in [0, 1].

    Returns:
        Luminance (B, 1, H, W), L / 100, and chroma (B, 2, H, W), a and b / 110.
    """
    from kornia.color import rgb_to_lab as kornia_rgb_to_lab  # costly to import, and the path of a photo does without

    with torch.autocast(rgb.device.type, enabled=False):
        lab = kornia_rgb_to_lab(rgb.float())
    return lab[:, :1] / 100, lab[:, 1:] / CHROMA_SCALE


def lab_to_rgb(luminance: Tensor, chroma: Tensor) -> Tensor:
    """Join luminance and chroma to sRGB; colours outside the gamut lose chroma, never luminance or hue.

    Args:
        luminance: (B, 1, H, W), L / 100; clamped to [0, 1].
        chroma: (B, 2, H, W), a and b / 110.

    Returns:
        (B, 3, H, W) float32 sRGB in [0, 1].
    """
    luminance = luminance.float().clamp(0, 1)
    return _encode_srgb(_linear_rgb(luminance, fit_gamut(luminance, chroma)).clamp(0, 1))


def fit_gamut(luminance: Tensor, chroma: Tensor) -> Tensor:
    """Shrink chroma that sRGB cannot show toward gray, just to the gamut's surface; luminance and hue angle stay.

    Args:
        luminance: (B, 1, H, W), L / 100 in [0, 1].
        chroma: (B, 2, H, W), a and b / 110.

    Returns:
        (B, 2, H, W) float32; chroma inside the gamut comes back bit for bit. Gradients flow as if the shrinking factor
        were a constant.
    """
    luminance, chroma = luminance.float(), chroma.float()
    with torch.no_grad():
        outside = ~_in_gamut(luminance, chroma)  # (B, 1, H, W)
        scale = torch.ones_like(luminance)
        misfits = luminance[outside], chroma.movedim(1, -1)[outside[:, 0]].t()  # (N), (2, N)
        scale[outside] = _largest_scale(misfits[0].view(1, 1, -1), misfits[1][None]).flatten()
    return chroma * scale


def _largest_scale(luminance: Tensor, chroma: Tensor) -> Tensor:
    """By bisection, how far chroma (B, 2, N) can be scaled within the gamut at its luminance (B, 1, N): (B, 1, N)."""
    low = torch.zeros_like(chroma[:, :1])
    high = torch.ones_like(low)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        fits = _in_gamut(luminance, chroma * middle)
        low, high = torch.where(fits, middle, low), torch.where(fits, high, middle)
    return low


def _in_gamut(luminance: Tensor, chroma: Tensor) -> Tensor:
    low, high = _linear_rgb(luminance, chroma).aminmax(dim=1, keepdim=True)
    return (low >= -_GAMUT_TOLERANCE) & (high <= 1 + _GAMUT_TOLERANCE)


def _linear_rgb(luminance: Tensor, chroma: Tensor) -> Tensor:
    """Lab -> linear sRGB, not clipped: (B, 1, ...) and (B, 2, ...) to (B, 3, ...)."""
    a, b = chroma.split(1, dim=1)
    fy = ((luminance * 100 + 16) / 116).expand_as(a + luminance)
    f = torch.cat([fy + a * (CHROMA_SCALE / 500), fy, fy - b * (CHROMA_SCALE / 200)], dim=1)
    x, y, z = torch.where(f > 6 / 29, f**3, (f - 4 / 29) / 7.787).split(1, dim=1)
    # No matrix product: autocast would compute it in half precision.
    return torch.cat([to_x * x + to_y * y + to_z * z for to_x, to_y, to_z in _XYZ_TO_RGB], dim=1)


def _encode_srgb(linear: Tensor) -> Tensor:
    return torch.where(linear > 0.0031308, 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055, 12.92 * linear)


def _decode_srgb(encoded: Tensor) -> Tensor:
    return torch.where(encoded > 0.04045, ((encoded + 0.055) / 1.055) ** 2.4, encoded / 12.92)


def luminance_codes(rgb: np.ndarray) -> np.ndarray:
    """The luminance of sRGB pixels as codes: the gray of equal CIE luminance Y. Gray pixels keep their value.

    Args:
        rgb: (H, W, 3) uint8 or uint16.

    Returns:
        (H, W) of the same type.
    """
    codes = np.empty(rgb.shape[:2], rgb.dtype)
    to_linear, to_code = _luminance_tables(rgb.dtype)

    def convert(rows: slice) -> None:
        luminance = np.take(to_linear[0], rgb[rows, :, 0])
        luminance += np.take(to_linear[1], rgb[rows, :, 1])
        luminance += np.take(to_linear[2], rgb[rows, :, 2])
        np.take(to_code, luminance, out=codes[rows], mode="clip")

    for_each_band(convert, *codes.shape)
    return codes


@cache
def _luminance_tables(dtype: np.dtype) -> tuple[list[np.ndarray], np.ndarray]:
    """Code -> share of Y for R, G and B in units fine enough for the darkest codes, and Y in these units -> code."""
    top = np.iinfo(dtype).max
    units = 64 * top  # 5 units from code 0 to 1, the narrowest step
    y = _decode_srgb(torch.linspace(0, 1, top + 1, dtype=torch.float64)).numpy()
    to_linear = [np.rint(weight * y * units).astype(np.intp) for weight in _LUMINANCE_WEIGHTS]
    codes = _encode_srgb(torch.linspace(0, 1, units + 1, dtype=torch.float64)).numpy()
    return to_linear, np.rint(codes * top).astype(dtype)


def for_each_band(work: Callable[[slice], None], height: int, width: int) -> None:
    """Call `work` with slices of rows that cover a photo, on as many threads as torch uses.

    A band has so few pixels that the arrays of `work` stay in the processor's cache.
    """
    rows = max(1, _BAND_PIXELS // max(1, width))
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        for _ in pool.map(work, [slice(top, min(top + rows, height)) for top in range(0, height, rows)]):
            pass


@cache
def lightness_table(dtype: np.dtype[np.unsignedinteger] | type[np.unsignedinteger]) -> np.ndarray:
    """L / 100 of every luminance code, float32: 256 entries for uint8, 65536 for uint16."""
    y = _decode_srgb(torch.linspace(0, 1, np.iinfo(dtype).max + 1, dtype=torch.float64))
    lightness = torch.where(y > 0.008856, 1.16 * y ** (1 / 3) - 0.16, 9.03292 * y)
    return lightness.float().numpy()


def codes_to_srgb(codes: np.ndarray, chroma: np.ndarray, *, top: int = 0, out: np.ndarray | None = None) -> np.ndarray:
    """Give luminance codes their chroma.

    16-bit codes are computed exactly. 8-bit codes go through a table of all codes and a grid of chroma: luminance is
    exact but for the rounding of the result, and chroma is dithered between the points of the grid, which is finest
    near gray, as the eye is. Zero chroma gives R = G = B = code.

    Args:
        codes: (H, W) uint8 or uint16.
        chroma: (2, H, W) float32, a and b / 110.
        top: Row of the photo at which this band of it begins; keeps the dither free of seams.
        out: (H, W, 3) of the codes' type to write into; a new array by default.

    Returns:
        `out`, sRGB; colours outside the gamut lose chroma, never luminance or hue.
    """
    if out is None:
        out = np.empty((*codes.shape, 3), codes.dtype)
    if codes.dtype == np.uint8:
        packed = (
            np.take(_srgb_table(), _table_index(codes, chroma, top), mode="clip")
            .view(np.uint8)
            .reshape(*codes.shape, 4)
        )
        for channel in range(3):  # several times faster than one assignment of all three
            out[..., channel] = packed[..., channel]
    else:
        luminance = torch.from_numpy(lightness_table(codes.dtype)[codes])
        rgb = lab_to_rgb(luminance[None, None], torch.from_numpy(chroma)[None])[0].permute(1, 2, 0)
        np.rint(rgb.numpy() * np.iinfo(codes.dtype).max, out=out, casting="unsafe")
    return out


def _table_index(codes: np.ndarray, chroma: np.ndarray, top: int) -> np.ndarray:
    # numpy in place: the bands of a photo run on Python threads, where torch would start a team of threads in each.
    level = np.abs(chroma)
    level += _KNEE
    np.divide(chroma, level, out=level)
    level *= _STEPS
    dither = _dither(codes.shape[1])
    for row in range(4):
        level[:, row::4] += dither[:, (top + row) % 4, None]
    a, b = np.clip(level, 0, _LEVELS - 1, out=level).astype(np.int32)
    a *= _LEVELS
    a += b
    a *= 256
    a += codes
    return a


@lru_cache(maxsize=4)
def _dither(width: int) -> np.ndarray:
    """What to add to the levels of a and b before they are cut to integers: four rows (2, 4, width), to be repeated.

    The thresholds are Bayer's ("An optimum method for two-level rendition of continuous-tone pictures", 1973). None is
    so large that a level leaves its point of the grid if it lies on it.
    """
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32)
    thresholds = _LEVELS // 2 + (np.stack([bayer, bayer[::-1]]) + 0.5) / 16
    return np.tile(thresholds, (1, 1, -(-width // 4)))[:, :, :width].astype(np.float32)


def _srgb_table() -> np.ndarray:
    with _TABLE_LOCK:  # the first thread builds it, the others wait
        return _build_srgb_table()


@cache
def _build_srgb_table() -> np.ndarray:
    """sRGB as the bytes R, G, B, 0 of one uint32, indexed by companded a, companded b and code."""
    companded = (torch.arange(_LEVELS) - _LEVELS // 2) / _STEPS
    levels = _KNEE * companded / (1 - companded.abs())
    cells = torch.cartesian_prod(levels, levels)  # (_LEVELS ** 2, 2)
    limits = _chroma_limits()
    table = np.zeros((len(cells), 256, 4), np.uint8)

    def fill(rows: slice) -> None:
        chroma = cells[rows, :, None]  # (cells, 2, 1)
        hue = torch.atan2(chroma[:, 1], chroma[:, 0]) / (2 * torch.pi) % 1 * _HUES
        below = hue.floor().long().clamp(max=_HUES - 1)
        limit = torch.lerp(limits[below[:, 0]], limits[below[:, 0] + 1], hue - below)  # (cells, 256)
        chroma = chroma * (limit / chroma.norm(dim=1).clamp(min=1e-6)).clamp(max=1)[:, None]
        rgb = _encode_srgb(_linear_rgb(_lightness8(), chroma).clamp(0, 1))  # (cells, 3, 256)
        table[rows, :, :3] = rgb.mul(255).round().byte().movedim(1, 2).numpy()

    for_each_band(fill, len(cells), _BAND_PIXELS // _TABLE_ROWS)
    return table.view(np.uint32).ravel()


def _chroma_limits() -> Tensor:
    """The largest chroma within the gamut at _HUES + 1 angles around the circle and each 8-bit luminance code."""
    hue = torch.linspace(0, 2 * torch.pi, _HUES + 1)
    ray = 1.25 * torch.stack([hue.cos(), hue.sin()], dim=1)[..., None]  # (hues, 2, 1), beyond sRGB everywhere
    limits = torch.empty(len(hue), 256)

    def fill(rows: slice) -> None:
        limits[rows] = 1.25 * _largest_scale(_lightness8(), ray[rows].expand(-1, -1, 256))[:, 0]

    for_each_band(fill, len(hue), _BAND_PIXELS // _TABLE_ROWS)
    return limits


def _lightness8() -> Tensor:
    return torch.from_numpy(lightness_table(np.uint8)).view(1, 1, 256)


__all__ = [
    "CHROMA_SCALE",
    "codes_to_srgb",
    "fit_gamut",
    "for_each_band",
    "hex_to_rgb",
    "lab_to_rgb",
    "lightness_table",
    "luminance_codes",
    "rgb_to_hex",
    "rgb_to_lab",
]
