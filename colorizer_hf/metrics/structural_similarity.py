"""SSIM (Wang, Bovik, Sheikh, Simoncelli 2004) with the window of the paper."""

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


__all__ = ["ssim"]
