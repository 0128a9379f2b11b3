"""CIEDE2000: how different two colours look.

Sharma, Wu, Dalal 2005, "The CIEDE2000 color-difference formula: implementation notes, supplementary test data, and
mathematical observations"; all three weights k_L, k_C, k_H are 1. Angles are in radians here.
"""

from math import pi, radians, tau

import torch
from kornia.color import rgb_to_lab
from torch import Tensor


def ciede2000(picture: Tensor, truth: Tensor) -> Tensor:
    """Mean CIEDE2000 difference of each picture.

    Args:
        picture: (B, 3, H, W) uint8 sRGB.
        truth: Like `picture`.

    Returns:
        (B,) float64; about 1 is just noticeable, side by side.
    """
    return delta_e_2000(rgb_to_lab(picture.double() / 255), rgb_to_lab(truth.double() / 255)).mean(dim=(1, 2))


def delta_e_2000(first: Tensor, second: Tensor) -> Tensor:
    """CIEDE2000 difference pixel by pixel.

    Args:
        first: (B, 3, H, W) CIELAB: L in 0..100, a and b in Lab units.
        second: Like `first`.

    Returns:
        (B, H, W).
    """
    lightness_1, a_1, b_1 = first.unbind(1)
    lightness_2, a_2, b_2 = second.unbind(1)
    # Near gray the a axis is stretched (eq. 2-7 of the paper).
    chroma_7 = ((torch.hypot(a_1, b_1) + torch.hypot(a_2, b_2)) / 2) ** 7
    stretch = 1 + 0.5 * (1 - torch.sqrt(chroma_7 / (chroma_7 + 25.0**7)))
    a_1, a_2 = a_1 * stretch, a_2 * stretch
    chroma_1, chroma_2 = torch.hypot(a_1, b_1), torch.hypot(a_2, b_2)
    hue_step, hue = _hues(torch.atan2(b_1, a_1), torch.atan2(b_2, a_2), chroma_1 * chroma_2 == 0)

    lightness, chroma = (lightness_1 + lightness_2) / 2, (chroma_1 + chroma_2) / 2
    from_middle = (lightness - 50) ** 2
    lightness_scale = 1 + 0.015 * from_middle / torch.sqrt(20 + from_middle)
    chroma_scale = 1 + 0.045 * chroma
    hue_scale = 1 + 0.015 * chroma * _hue_weight(hue)

    lightness_term = (lightness_2 - lightness_1) / lightness_scale
    chroma_term = (chroma_2 - chroma_1) / chroma_scale
    hue_term = 2 * torch.sqrt(chroma_1 * chroma_2) * torch.sin(hue_step / 2) / hue_scale
    squares = lightness_term**2 + chroma_term**2 + hue_term**2 + _rotation(chroma, hue) * chroma_term * hue_term
    return squares.clamp(min=0).sqrt()


def _hues(hue_1: Tensor, hue_2: Tensor, gray: Tensor) -> tuple[Tensor, Tensor]:
    """The step from one hue to the other by the shorter way, and the hue between them in [0, 2 pi) (eq. 10 and 14)."""
    hue_1, hue_2 = hue_1 % tau, hue_2 % tau
    step, middle = hue_2 - hue_1, (hue_1 + hue_2) / 2
    far = step.abs() > pi
    step = torch.where(far, step - tau * step.sign(), step)
    middle = torch.where(far, (middle + pi) % tau, middle)
    return torch.where(gray, 0.0, step), torch.where(gray, hue_1 + hue_2, middle)


def _hue_weight(hue: Tensor) -> Tensor:
    """T of eq. 15."""
    waves = -0.17 * torch.cos(hue - radians(30)) + 0.24 * torch.cos(2 * hue)
    return 1 + waves + 0.32 * torch.cos(3 * hue + radians(6)) - 0.20 * torch.cos(4 * hue - radians(63))


def _rotation(chroma: Tensor, hue: Tensor) -> Tensor:
    """R_T of eq. 16-20: chroma and hue differences of blues belong together."""
    blue = torch.exp(-(((hue - radians(275)) / radians(25)) ** 2))
    return -2 * torch.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * torch.sin(pi / 3 * blue)


__all__ = ["ciede2000", "delta_e_2000"]
