"""Plain names for colours, for those who cannot see them or would rather read "dark red" than "#7d1a1c"."""

from functools import cache

import numpy as np

from .color import CHROMA_SCALE, hex_to_rgb, rgb_to_lab

_NAMES = {
    "black": "#0c0c0c", "dark gray": "#4a4a4a", "gray": "#808080", "brownish gray": "#83766a",
    "light gray": "#bdbdbd", "white": "#f7f7f7",
    "dark red": "#7d1a1c", "red": "#c62a2f", "pale red": "#d98984", "pink": "#f0b4c2", "deep pink": "#c7527a",
    "dark brown": "#4a2f1f", "brown": "#7b4f2e", "reddish brown": "#8e4a35", "light brown": "#a9805a",
    "tan": "#c9a57c", "beige": "#e0d0b4", "cream": "#f5ecd2",
    "orange": "#e07b26", "dark orange": "#b85a1a", "peach": "#f2c09a",
    "dark yellow": "#b8912b", "yellow": "#e8cf3a", "pale yellow": "#f0e6a0",
    "dark olive": "#45441f", "olive": "#77752c", "khaki": "#b5b07a",
    "dark green": "#234f2a", "green": "#3f8c3f #10d020", "pale green": "#a9cfa0",
    "yellowish green": "#8fae3d", "grayish green": "#75876f",
    "dark teal": "#17504f", "teal": "#2f8a88", "turquoise": "#2cd8dc", "pale teal": "#9fcfca",
    "dark blue": "#1f2f63 #10107c", "blue": "#2f5fb4 #1a1ae6", "sky blue": "#6fb1e4", "pale blue": "#b3cde6",
    "grayish blue": "#6f859e",
    "dark purple": "#44265c", "purple": "#7d45a0", "pale purple": "#c4a9d6", "magenta": "#b8379a",
}  # fmt: skip
"""Each with colours that it means; the nearest one gives a colour its name."""

LIGHTNESS_COUNTS = 0.7  # of a step in hue or chroma: what is darker has the same name longer than what is greener


def color_name(color: str) -> str:
    """A plain name for "#rrggbb", such as "dark red", "pale blue" or "gray"."""
    names, places = known_colors()
    return names[int(np.linalg.norm(_places([color]) - places, axis=1).argmin())]


@cache
def known_colors() -> tuple[list[str], np.ndarray]:
    """Names, some more than once, and where in Lab they are, L counting `LIGHTNESS_COUNTS`: (N, 3)."""
    pairs = [(name, color) for name, colors in _NAMES.items() for color in colors.split()]
    return [name for name, _ in pairs], _places([color for _, color in pairs])


def _places(colors: list[str]) -> np.ndarray:
    """Lab with less of its lightness: (N, 3)."""
    rgb = np.array([hex_to_rgb(color) for color in colors]) / 255
    luminance, chroma = rgb_to_lab(rgb[:, :, None, None])
    return np.concat([100 * LIGHTNESS_COUNTS * luminance, CHROMA_SCALE * chroma], axis=1)[:, :, 0, 0]


__all__ = ["LIGHTNESS_COUNTS", "color_name", "known_colors"]
