"""Errors pixel by pixel: MSE, absolute error (AE), PSNR, also of the luma alone.

All compare RGB pictures in the 0..255 scale, in float64, and average over pixels and channels of one picture. Sums over
the channels, which some papers print, are three times as large.
"""

import torch
from torch import Tensor

PEAK = 255.0


def mean_squared_error(picture: Tensor, truth: Tensor) -> Tensor:
    """Mean squared difference of each picture.

    Args:
        picture: (B, 3, H, W) uint8 RGB.
        truth: Like `picture`.

    Returns:
        (B,) float64, in squared 8-bit levels.
    """
    return (picture.double() - truth.double()).square().mean(dim=(1, 2, 3))


def absolute_error(picture: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute difference of each picture.

    Args:
        picture: (B, 3, H, W) uint8 RGB.
        truth: Like `picture`.

    Returns:
        (B,) float64, in 8-bit levels.
    """
    return (picture.double() - truth.double()).abs().mean(dim=(1, 2, 3))


def psnr(picture: Tensor, truth: Tensor, *, cap: float = 100.0) -> Tensor:
    """Peak signal-to-noise ratio of each picture over its three channels together.

    Args:
        picture: (B, 3, H, W) uint8 RGB.
        truth: Like `picture`.
        cap: Highest value in dB; identical pictures, whose ratio is infinite, get it.

    Returns:
        (B,) float64, in dB.
    """
    return (10 * torch.log10(PEAK**2 / mean_squared_error(picture, truth))).clamp(max=cap)


def luma_psnr(picture: Tensor, truth: Tensor, *, cap: float = 100.0) -> Tensor:
    """Peak signal-to-noise ratio of the luma of each picture: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).

    Of a network that predicts brightness too it says how well, apart from the colours.

    Args:
        picture: (B, 3, H, W) RGB, uint8 or float in 0..255.
        truth: Like `picture`.
        cap: Highest value in dB; pictures of identical luma, whose ratio is infinite, get it.

    Returns:
        (B,) float64, in dB.
    """
    return psnr(_luma(picture), _luma(truth), cap=cap)


def _luma(picture: Tensor) -> Tensor:
    """(B, 1, H, W) float64 in 0..255, not rounded."""
    red, green, blue = picture.double().split(1, dim=1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


__all__ = ["PEAK", "absolute_error", "luma_psnr", "mean_squared_error", "psnr"]
