"""SSIM (Wang, Bovik, Sheikh, Simoncelli 2004) with the window of the paper, and with scikit-image's."""

import torch.nn.functional as F
from kornia.metrics import ssim as ssim_map
from torch import Tensor

from .pixel_errors import PEAK


def ssim(picture: Tensor, truth: Tensor) -> Tensor:
    """Structural similarity of each picture.

    11x11 Gaussian window of sigma 1.5, K1 0.01, K2 0.03, population covariance. The map is taken where the window lies
    wholly inside the picture, and averaged over it and the channels. Libraries that take a 7x7 uniform window
    (scikit-image's default) give slightly other numbers.

    Args:
        picture: (B, 3, H, W) uint8 RGB, H and W at least 11.
        truth: Like `picture`.

    Returns:
        (B,) float64, at most 1.
    """
    similarity = ssim_map(picture.double(), truth.double(), window_size=11, max_val=PEAK, padding="valid")
    return similarity.mean(dim=(1, 2, 3))


def ssim_uniform(picture: Tensor, truth: Tensor) -> Tensor:
    """Structural similarity of each picture as scikit-image computes it by default, and near-infrared papers print it.

    7x7 uniform window, K1 0.01, K2 0.03, sample covariance, the full scale as data range (not the picture's). The map
    is taken where the window lies wholly inside the picture, and averaged over it and the channels.

    Args:
        picture: (B, 3, H, W) RGB, uint8 or float in 0..255; H and W at least 7.
        truth: Like `picture`.

    Returns:
        (B,) float64, at most 1.
    """
    x, y = picture.double(), truth.double()
    mean_x, mean_y, mean_xx, mean_yy, mean_xy = (F.avg_pool2d(z, 7, stride=1) for z in (x, y, x * x, y * y, x * y))
    unbiased = 49 / 48
    variances = unbiased * (mean_xx - mean_x**2 + mean_yy - mean_y**2)
    covariance = unbiased * (mean_xy - mean_x * mean_y)
    c1, c2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2
    brightness = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variances + c2)
    return (brightness * structure).mean(dim=(1, 2, 3))


__all__ = ["ssim", "ssim_uniform"]
