"""Colourfulness (Hasler and Suesstrunk 2003), in the form of the paper and in a variant that other tables use."""

import torch
from torch import Tensor


def colourfulness(picture: Tensor) -> Tensor:
    """Colourfulness of each picture as published, with signed opponent channels.

    Args:
        picture: (B, 3, H, W) uint8 RGB.

    Returns:
        (B,) float64: 0 for gray, about 15 slightly, 45 quite, 80 and more highly colourful.
    """
    return _from_opponents(*_opponents(picture))


def colourfulness_absolute(picture: Tensor) -> Tensor:
    """Colourfulness of each picture from the *absolute* opponent channels: a variant that gives lower numbers.

    DDColor's evaluator computes it; it is here to compare with tables made that way; do not mix the two.

    Args:
        picture: (B, 3, H, W) uint8 RGB.

    Returns:
        (B,) float64.
    """
    red_green, yellow_blue = _opponents(picture)
    return _from_opponents(red_green.abs(), yellow_blue.abs())


def _opponents(picture: Tensor) -> tuple[Tensor, Tensor]:
    red, green, blue = picture.double().unbind(1)
    return red - green, (red + green) / 2 - blue


def _from_opponents(red_green: Tensor, yellow_blue: Tensor) -> Tensor:
    opponents = torch.stack([red_green, yellow_blue]).flatten(2)  # (2, B, pixels)
    spread = opponents.var(dim=2, correction=0).sum(dim=0).sqrt()
    return spread + 0.3 * opponents.mean(dim=2).square().sum(dim=0).sqrt()


__all__ = ["colourfulness", "colourfulness_absolute"]
