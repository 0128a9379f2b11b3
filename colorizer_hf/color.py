"""sRGB and CIELAB (D65, 2 degree observer): conversion, gamut, luminance codes, and the full-size kernel.

Ranges: luminance is L / 100 in [0, 1]; chroma is a and b / 110. A *luminance code* is the sRGB gray value, 8 or 16 bit,
that has a pixel's CIE luminance Y: one integer per pixel keeps a photo's luminance at full size, and a gray photo is
its own luminance bit for bit.

The conversions take arrays of numpy and tensors of torch alike; torch is imported by those who use it, not here.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from threading import Lock

import numpy as np

from .arrays import AnyArray, Array, as_float32, namespace, thread_count, without_gradient

CHROMA_SCALE = 110.0  # Lab a and b are divided by this everywhere

_LUMINANCE_WEIGHTS = (0.2126, 0.7152, 0.0722)  # of linear R, G, B in Y

# Linear sRGB -> XYZ relative to white, the digits of kornia and scikit-image; rows X, Y, Z.
_RGB_TO_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
_WHITE = np.array([[0.95047], [1.0], [1.08883]])
_RGB_TO_RELATIVE_XYZ = (_RGB_TO_XYZ / _WHITE).tolist()
# White is (1, 1, 1) by construction here, so zero chroma gives R = G = B.
_XYZ_TO_RGB = np.linalg.inv(_RGB_TO_XYZ / _RGB_TO_XYZ.sum(axis=1, keepdims=True)).tolist()

_GAMUT_TOLERANCE = 1e-4  # in linear sRGB: the last digits of the matrices must not move colours on the gamut's surface
_BISECTIONS = 16
_HUES = 360
_TABLE_LOCK = Lock()
_TABLE_ROWS = 32  # at a time: 32 x 256 x 3 elements stay in the processor's cache

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


def rgb_to_lab(rgb: Array) -> tuple[Array, Array]:
    """Split sRGB into luminance and chroma; computed in float32 whatever comes in.

    Args:
        rgb: (B, 3, H, W) sRGB in [0, 1], an array or a tensor, as what comes back.

    Returns:
        Luminance (B, 1, H, W), L / 100, and chroma (B, 2, H, W), a and b / 110.
    """
    xp, rgb = namespace(rgb), as_float32(rgb)
    linear = _decode_srgb(xp.clip(rgb, 0, 1))
    red, green, blue = linear[:, :1], linear[:, 1:2], linear[:, 2:]
    # No matrix product: autocast would compute it in half precision.
    x, y, z = (
        _lab_root(from_red * red + from_green * green + from_blue * blue)
        for from_red, from_green, from_blue in _RGB_TO_RELATIVE_XYZ
    )
    chroma = xp.concat([(x - y) * (500 / CHROMA_SCALE), (y - z) * (200 / CHROMA_SCALE)], axis=1)
    return 1.16 * y - 0.16, chroma


def _lab_root(relative: Array) -> Array:
    """The f of CIELAB, of X, Y or Z relative to white."""
    xp = namespace(relative)
    # The root of 0 would have an infinite gradient, also where the line is taken.
    return xp.where(relative > 0.008856, xp.clip(relative, 0.008856, None) ** (1 / 3), 7.787 * relative + 4 / 29)


def lab_to_rgb(luminance: Array, chroma: Array) -> Array:
    """Join luminance and chroma to sRGB; colours outside the gamut lose chroma, never luminance or hue.

    Args:
        luminance: (B, 1, H, W), L / 100; clamped to [0, 1]. An array or a tensor, as what comes back.
        chroma: (B, 2, H, W), a and b / 110.

    Returns:
        (B, 3, H, W) float32 sRGB in [0, 1].
    """
    xp = namespace(luminance)
    luminance = xp.clip(as_float32(luminance), 0, 1)
    return _encode_srgb(xp.clip(_linear_rgb(luminance, fit_gamut(luminance, chroma)), 0, 1))


def fit_gamut(luminance: Array, chroma: Array) -> Array:
    """Shrink chroma that sRGB cannot show toward gray, just to the gamut's surface; luminance and hue angle stay.

    Args:
        luminance: (B, 1, H, W), L / 100 in [0, 1]. An array or a tensor, as what comes back.
        chroma: (B, 2, H, W), a and b / 110.

    Returns:
        (B, 2, H, W) float32; chroma inside the gamut comes back bit for bit. Gradients flow as if the shrinking factor
        were a constant.
    """
    luminance, chroma = as_float32(luminance), as_float32(chroma)
    return chroma * _gamut_scale(without_gradient(luminance), without_gradient(chroma))


def _gamut_scale(luminance: Array, chroma: Array) -> Array:
    """What chroma (B, 2, H, W) is multiplied by to be in the gamut: (B, 1, H, W), at most 1."""
    xp = namespace(luminance)
    outside = ~_in_gamut(luminance, chroma)  # (B, 1, H, W)
    scale = xp.ones_like(luminance)
    misfits = luminance[outside], xp.moveaxis(chroma, 1, -1)[outside[:, 0]].T  # (N), (2, N)
    scale[outside] = _largest_scale(misfits[0].reshape(1, 1, -1), misfits[1][None]).reshape(-1)
    return scale


def _largest_scale(luminance: Array, chroma: Array) -> Array:
    """By bisection, how far chroma (B, 2, N) can be scaled within the gamut at its luminance (B, 1, N): (B, 1, N)."""
    xp = namespace(chroma)
    low = xp.zeros_like(chroma[:, :1])
    high = xp.ones_like(low)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        fits = _in_gamut(luminance, chroma * middle)
        low, high = xp.where(fits, middle, low), xp.where(fits, high, middle)
    return low


def _in_gamut(luminance: Array, chroma: Array) -> AnyArray:
    red, green, blue = (
        (channel >= -_GAMUT_TOLERANCE) & (channel <= 1 + _GAMUT_TOLERANCE)
        for channel in _linear_channels(luminance, chroma)
    )
    return red & green & blue


def _linear_rgb(luminance: Array, chroma: Array) -> Array:
    """Lab -> linear sRGB, not clipped: (B, 1, ...) and (B, 2, ...) to (B, 3, ...)."""
    return namespace(luminance).concat(_linear_channels(luminance, chroma), axis=1)


def _linear_channels(luminance: Array, chroma: Array) -> list[Array]:
    """Red, green and blue of `_linear_rgb`, (B, 1, ...) each."""
    xp = namespace(luminance)
    a, b = chroma[:, :1], chroma[:, 1:]
    fy = (luminance * 100 + 16) / 116
    f = fy + a * (CHROMA_SCALE / 500), fy, fy - b * (CHROMA_SCALE / 200)
    x, y, z = (xp.where(root > 6 / 29, root * root * root, (root - 4 / 29) / 7.787) for root in f)
    # No matrix product: autocast would compute it in half precision.
    return [to_x * x + to_y * y + to_z * z for to_x, to_y, to_z in _XYZ_TO_RGB]


def _encode_srgb(linear: Array) -> Array:
    xp = namespace(linear)
    return xp.where(linear > 0.0031308, 1.055 * xp.clip(linear, 0.0031308, None) ** (1 / 2.4) - 0.055, 12.92 * linear)


def _decode_srgb(encoded: Array) -> Array:
    return namespace(encoded).where(encoded > 0.04045, ((encoded + 0.055) / 1.055) ** 2.4, encoded / 12.92)


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
    y = _decode_srgb(np.linspace(0, 1, top + 1))
    to_linear = [np.rint(weight * y * units).astype(np.intp) for weight in _LUMINANCE_WEIGHTS]
    codes = _encode_srgb(np.linspace(0, 1, units + 1))
    return to_linear, np.rint(codes * top).astype(dtype)


def for_each_band(work: Callable[[slice], None], height: int, width: int) -> None:
    """Call `work` with slices of rows that cover a photo, on as many threads as torch uses or would use.

    A band has so few pixels that the arrays of `work` stay in the processor's cache.
    """
    rows = max(1, _BAND_PIXELS // max(1, width))
    with ThreadPoolExecutor(thread_count()) as pool:
        for _ in pool.map(work, [slice(top, min(top + rows, height)) for top in range(0, height, rows)]):
            pass


@cache
def lightness_table(dtype: np.dtype[np.unsignedinteger] | type[np.unsignedinteger]) -> np.ndarray:
    """L / 100 of every luminance code, float32: 256 entries for uint8, 65536 for uint16."""
    y = _decode_srgb(np.linspace(0, 1, np.iinfo(dtype).max + 1))
    return np.where(y > 0.008856, 1.16 * y ** (1 / 3) - 0.16, 9.03292 * y).astype(np.float32)


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
        packed = _srgb_table().take(_table_index(codes, chroma, top)).view(np.uint8).reshape(*codes.shape, 4)
        for channel in range(3):  # several times faster than one assignment of all three
            out[..., channel] = packed[..., channel]
    else:
        rgb = lab_to_rgb(lightness_table(codes.dtype)[codes][None, None], chroma[None])[0]
        np.rint(np.moveaxis(rgb, 0, -1) * np.iinfo(codes.dtype).max, out=out, casting="unsafe")
    return out


def _table_index(codes: np.ndarray, chroma: np.ndarray, top: int) -> np.ndarray:
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


class _SrgbTable:
    """sRGB as the bytes R, G, B, 255 of one uint32, by companded a, companded b and code.

    What a photo needs of it is calculated when it is needed: small photos have few of all colours.
    """

    def __init__(self) -> None:
        companded = (np.arange(_LEVELS, dtype=np.float32) - _LEVELS // 2) / _STEPS
        levels = _KNEE * companded / (1 - np.abs(companded))
        self._cells = np.stack(np.meshgrid(levels, levels, indexing="ij"), axis=-1).reshape(-1, 2)  # (_LEVELS ** 2, 2)
        self._limits = _chroma_limits()
        self._colors = np.zeros((len(self._cells), 256), np.uint32)  # 0: not calculated yet

    def take(self, index: np.ndarray) -> np.ndarray:
        """The colours at an index, of its shape. Several threads may ask at once: all would calculate the same."""
        found = np.take(self._colors, index, mode="clip")
        if not found.min(initial=1):
            missing = np.flatnonzero(np.bincount((index[found == 0] >> 8).clip(0, len(self._cells) - 1)))
            for first in range(0, len(missing), _TABLE_ROWS):
                self._fill(missing[first : first + _TABLE_ROWS])
            found = np.take(self._colors, index, mode="clip")
        return found

    def _fill(self, cells: np.ndarray) -> None:
        chroma = self._cells[cells, :, None]  # (cells, 2, 1)
        hue = np.arctan2(chroma[:, 1], chroma[:, 0]) / np.float32(2 * np.pi) % 1 * _HUES
        below = np.floor(hue).astype(int).clip(max=_HUES - 1)
        first, second = self._limits[below[:, 0]], self._limits[below[:, 0] + 1]  # (cells, 256)
        limit = first + (hue - below).astype(np.float32) * (second - first)
        size = np.hypot(chroma[:, 0], chroma[:, 1]).clip(min=1e-6)
        chroma = chroma * (limit / size).clip(max=1)[:, None]
        rgb = _encode_srgb(_linear_rgb(_lightness8(), chroma).clip(0, 1))  # (cells, 3, 256)
        colors = np.full((len(cells), 256, 4), 255, np.uint8)
        colors[..., :3] = np.rint(rgb * 255).astype(np.uint8).swapaxes(1, 2)
        self._colors[cells] = colors.view(np.uint32)[..., 0]


def _srgb_table() -> _SrgbTable:
    with _TABLE_LOCK:  # the first thread makes it, the others wait
        return _make_srgb_table()


_make_srgb_table = cache(_SrgbTable)


def _chroma_limits() -> np.ndarray:
    """The largest chroma within the gamut at _HUES + 1 angles around the circle and each 8-bit luminance code."""
    hue = np.linspace(0, 2 * np.pi, _HUES + 1, dtype=np.float32)
    ray = 1.25 * np.stack([np.cos(hue), np.sin(hue)], axis=1)[..., None]  # (hues, 2, 1), beyond sRGB everywhere
    limits = np.empty((len(hue), 256), np.float32)

    def fill(rows: slice) -> None:
        reached = np.broadcast_to(ray[rows], (len(ray[rows]), 2, 256))
        limits[rows] = 1.25 * _largest_scale(_lightness8(), reached)[:, 0]

    for_each_band(fill, len(hue), _BAND_PIXELS // _TABLE_ROWS)
    return limits


def _lightness8() -> np.ndarray:
    return lightness_table(np.uint8).reshape(1, 1, 256)


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
