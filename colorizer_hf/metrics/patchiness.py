"""Patchiness: how much a picture's chroma varies where the photograph's does not.

A measure of our own. Error measures hardly see it when one coat is half blue and half orange, people see nothing else.
Compare it at equal colourfulness: gray has none.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..color import rgb_to_lab
from ..models.base import CHROMA_SCALE

CELL = 4  # pixels along the side of a cell over which chroma is averaged
APART = 4  # cells between two that are compared
EVEN = 3.0  # Lab units: where the photograph differs by less, so should the picture


def patchiness(picture: Tensor, truth: Tensor) -> Tensor:
    """Mean chroma difference of each picture between places of even colour.

    Args:
        picture: (B, 3, H, W) uint8 RGB.
        truth: Like `picture`.

    Returns:
        (B,) float64, in Lab units: over all pairs of cells 16 pixels apart, along rows and columns, whose true chroma
        differs by less than 3. 0 for a photograph without such a pair.
    """
    own, true = (_cells(pixels) for pixels in (picture, truth))
    total = torch.zeros(len(picture), dtype=torch.float64, device=picture.device)
    count = torch.zeros_like(total)
    for axis in (2, 3):
        even = _differences(true, axis) < EVEN
        total += (_differences(own, axis) * even).flatten(1).sum(dim=1)
        count += even.flatten(1).sum(dim=1)
    return total / count.clamp(min=1)


def _cells(pixels: Tensor) -> Tensor:
    """Mean chroma of the cells (B, 2, h, w) in Lab units."""
    _, chroma = rgb_to_lab(pixels.float() / 255)
    return F.avg_pool2d(chroma.double() * CHROMA_SCALE, CELL)


def _differences(cells: Tensor, axis: int) -> Tensor:
    """Distances (B, h, w) between cells along an axis."""
    pairs = max(cells.shape[axis] - APART, 0)
    return (cells.narrow(axis, cells.shape[axis] - pairs, pairs) - cells.narrow(axis, 0, pairs)).norm(dim=1)


__all__ = ["patchiness"]
