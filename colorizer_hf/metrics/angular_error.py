"""Angular error: the angle between the predicted and the true RGB vector of a pixel, in degrees.

It measures colour and not brightness: a picture times a number has none. The VCIP 2020 Grand Challenge on NIR Image
Colorization ranks by it. Its published form, `angular_error_legacy`, is not 0 for identical pictures and counts a black
pixel as 90 degrees; `angular_error` leaves out the pixels that have no direction, and `black_share` says how many.
"""

import torch
from torch import Tensor

from .pixel_errors import PEAK

_DARKEST = 1 / PEAK  # length of the darkest RGB vector of 8 bits that is not black
_EPSILON = 1e-6  # of the published script, for vectors in [0, 1]


def angular_error(picture: Tensor, truth: Tensor) -> Tensor:
    """Mean angle of each picture over the pixels where neither vector is shorter than 1/255.

    Args:
        picture: (B, 3, H, W) RGB, uint8 or float in 0..255.
        truth: Like `picture`.

    Returns:
        (B,) float64, in degrees, 0..90; nan for a picture that has no such pixel.
    """
    product, lengths, black = _vectors(picture, truth)
    cosine = product / torch.where(black, 1.0, lengths)
    angle = torch.rad2deg(torch.arccos(cosine.clamp(-1, 1)))
    return torch.where(black, torch.nan, angle).nanmean(dim=(1, 2))


def angular_error_legacy(picture: Tensor, truth: Tensor) -> Tensor:
    """Mean angle of each picture as the published scripts compute it.

    1e-6 is added to the product of the lengths, and nothing is left out: identical photographs have an error of 0.14
    degrees or so, and a black pixel counts as 90.

    Args:
        picture: (B, 3, H, W) RGB, uint8 or float in 0..255.
        truth: Like `picture`.

    Returns:
        (B,) float64, in degrees.
    """
    product, lengths, _ = _vectors(picture, truth)
    return torch.rad2deg(torch.arccos(product / (lengths + _EPSILON))).mean(dim=(1, 2))


def black_share(picture: Tensor, truth: Tensor) -> Tensor:
    """Share of the pixels that `angular_error` leaves out.

    Args:
        picture: (B, 3, H, W) RGB, uint8 or float in 0..255.
        truth: Like `picture`.

    Returns:
        (B,) float64, 0..1.
    """
    *_, black = _vectors(picture, truth)
    return black.double().mean(dim=(1, 2))


def _vectors(picture: Tensor, truth: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Inner product, product of the lengths, and whether either is as good as black; (B, H, W) each."""
    first, second = picture.double() / PEAK, truth.double() / PEAK
    length_1, length_2 = first.norm(dim=1), second.norm(dim=1)
    # The darkest vector itself must not fall below its own length by rounding.
    black = torch.minimum(length_1, length_2) < _DARKEST * (1 - 1e-9)
    return (first * second).sum(dim=1), length_1 * length_2, black


__all__ = ["angular_error", "angular_error_legacy", "black_share"]
