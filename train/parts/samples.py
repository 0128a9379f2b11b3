"""Grids of samples: for each photo the truth, the gray input, the automatic result and results with hints."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from colorizer_hf.chroma_upsampling import upsample_chroma
from colorizer_hf.color import lab_to_rgb, rgb_to_lab
from colorizer_hf.models.base import ColorizerModel

from .hint_simulation import HintConfig, simulate_hints

# Hints of the last column: a dozen or two dabs anywhere
SAMPLE_HINTS = HintConfig(none_share=0, max_count=16, gaussian_share=0)


@torch.no_grad()
def draw_samples(model: ColorizerModel, photos: Sequence[np.ndarray]) -> Image.Image:
    """One row a photo: truth, gray, vividness 0, vividness 1, vividness 1 with hints if the network takes any.

    Args:
        model: In evaluation mode.
        photos: (S, S, 3) uint8, all of one size.
    """
    device = next(model.parameters()).device
    rgb = torch.from_numpy(np.stack(photos)).to(device).permute(0, 3, 1, 2) / 255
    luminance, chroma = rgb_to_lab(rgb)
    features = model.encode(luminance)
    hints = simulate_hints(chroma, SAMPLE_HINTS, torch.Generator().manual_seed(3))
    results = [model.decode(features, vividness=v).chroma for v in (0.0, 1.0)]
    if model.supports_hints:
        results.append(model.decode(features, hints, vividness=1.0).chroma)
    columns = [rgb, lab_to_rgb(luminance, torch.zeros_like(chroma))]
    columns += [lab_to_rgb(luminance, upsample_chroma(result, luminance)) for result in results]
    return Image.fromarray(_to_grid(torch.stack(columns, dim=1)))


def _to_grid(cells: Tensor) -> np.ndarray:
    """(rows, columns, 3, S, S) in [0, 1] -> one picture (rows * S, columns * S, 3) uint8."""
    rows, columns, _, height, width = cells.shape
    grid = cells.permute(0, 3, 1, 4, 2).reshape(rows * height, columns * width, 3)
    return (grid.clamp(0, 1) * 255).round().byte().cpu().numpy()
