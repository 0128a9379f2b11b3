"""How far a picture is from what it should be, as ColorMamba's authors measure it (Zhai, Jin, Yang, Kang 2024).

Four terms of equal weight: squared error; the squared distance and the angle between features; and structure on five
scales (Wang, Simoncelli, Bovik 2003, "Multiscale structural similarity"). Two things are our own. The features are the
authors' of an auto-encoder of satellite pictures in six bands; here they are those of the flagship's encoder at stride
8, frozen, with ImageNet weights if there are any, and their distance is a share of their own square. And the authors'
code takes the coarsest scale's similarity to four times its power; here it has its own.
"""

import torch
import torch.nn.functional as F
from kornia.filters import get_gaussian_kernel1d
from torch import Tensor, nn

from colorizer_hf.models.backbones import EfficientNetLite

from .networks import load_backbone_weights

SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # powers, from fine to coarse
WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03
STRIDE_8 = 2  # of the backbone's maps


class FrozenFeatures(nn.Module):
    """Features (B, 40, H / 8, W / 8) of pictures (B, 3, H, W) in [0, 1]; they never learn.

    Args:
        weights: See `RunConfig.backbone_weights`.
    """

    def __init__(self, weights: str) -> None:
        super().__init__()
        self.backbone = EfficientNetLite(in_channels=3)
        load_backbone_weights(self, weights)
        del self.backbone.blocks[self.backbone.taps[STRIDE_8] + 1 :]
        self.requires_grad_(False)

    def train(self, mode: bool = True) -> "FrozenFeatures":
        """Batch norms keep their statistics, whatever is trained."""
        return super().train(False)

    def forward(self, picture: Tensor) -> Tensor:
        return self.backbone.pyramid(self.backbone.normalize(picture))[STRIDE_8]


class TranslationLoss(nn.Module):
    """The sum of the four terms.

    Args:
        weights: Of the features, see `FrozenFeatures`.
    """

    def __init__(self, weights: str) -> None:
        super().__init__()
        self.features = FrozenFeatures(weights).eval()

    def forward(self, made: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """Squared error, and the other three together; scalars.

        Args:
            made: (B, 3, H, W), predicted; in [0, 1] or nearly so.
            real: (B, 3, H, W), true, in [0, 1]; sides at least 11.
        """
        ours, theirs = self.features(made), self.features(real)
        angle = 1 - F.cosine_similarity(ours, theirs, dim=1).mean()
        distance = F.mse_loss(ours, theirs) / theirs.square().mean()
        rest = distance + angle + 1 - multiscale_similarity(made, real)
        return F.mse_loss(made, real), rest


def multiscale_similarity(made: Tensor, real: Tensor) -> Tensor:
    """MS-SSIM of two batches (B, C, H, W) in [0, 1], in [0, 1]; a scalar, 1 for equal ones.

    Each scale's mean x becomes (x + 1) / 2, as in the authors' code, because a negative one has no power. Scales at
    which the window is larger than the picture are left out, and the others weigh the more for it.
    """
    count = sum(min(made.shape[-2:]) >> scale >= WINDOW for scale in range(len(SCALES)))
    powers = torch.tensor(SCALES[:count], device=made.device)
    similarities = []
    for scale in range(count):
        if scale:
            made, real = F.avg_pool2d(made, 2), F.avg_pool2d(real, 2)
        whole, contrast = similarity(made, real)
        similarities.append(whole if scale == count - 1 else contrast)
    return ((torch.stack(similarities) + 1) / 2).pow(powers / powers.sum()).prod()


def similarity(made: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """SSIM, and its part that is contrast and structure; means over all windows that lie inside the picture."""
    made_mean, real_mean = windowed(made), windowed(real)
    made_variance = windowed(made**2) - made_mean**2
    real_variance = windowed(real**2) - real_mean**2
    covariance = windowed(made * real) - made_mean * real_mean
    contrast = (2 * covariance + K2**2) / (made_variance + real_variance + K2**2)
    luminance = (2 * made_mean * real_mean + K1**2) / (made_mean**2 + real_mean**2 + K1**2)
    return (luminance * contrast).mean(), contrast.mean()


def windowed(x: Tensor) -> Tensor:
    """Means under a Gaussian window that lies inside the picture."""
    kernel = get_gaussian_kernel1d(WINDOW, SIGMA, device=x.device, dtype=x.dtype).expand(x.shape[1], 1, -1)
    rows = F.conv2d(x, kernel[:, :, None], groups=x.shape[1])
    return F.conv2d(rows, kernel[..., None], groups=x.shape[1])
