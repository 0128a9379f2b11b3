"""Patchiness: variation of chroma where there should be none."""

import pytest
import torch
from torch import Tensor

from colorizer_hf.color import lab_to_rgb
from colorizer_hf.metrics.patchiness import patchiness


def picture(a: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) of even luminance with the given a (B, H, W), Lab units."""
    chroma = torch.stack([a, torch.zeros_like(a)], dim=1) / 110
    return (lab_to_rgb(torch.full_like(chroma[:, :1], 0.6), chroma) * 255).round().to(torch.uint8)


def stripes(strength: float) -> Tensor:
    """Columns of 16 pixels, of two colours in turn."""
    column = torch.arange(64) // 16 % 2 * 2 - 1
    return picture((strength * column).expand(1, 64, 64).float())


EVEN = picture(torch.zeros(1, 64, 64))


def test_a_photograph_beside_itself_has_next_to_none() -> None:
    assert patchiness(stripes(20), stripes(20)).item() < 0.1


def test_gray_has_none() -> None:
    assert patchiness(EVEN, stripes(20)).item() == 0


def test_is_the_difference_between_patches_where_there_should_be_none() -> None:
    # all pairs along rows lie in patches of different colour, none along columns
    assert patchiness(stripes(10), EVEN).item() == pytest.approx(10, abs=0.5)


def test_what_the_photograph_has_too_does_not_count() -> None:
    wrong = stripes(-20)  # the other way round: not this measure's business
    assert patchiness(wrong, stripes(20)).item() < 0.1


def test_pictures_of_a_batch_and_of_odd_or_tiny_sizes_are_measured_one_by_one() -> None:
    batch = patchiness(torch.cat([stripes(10), EVEN]), torch.cat([EVEN, EVEN]))
    assert batch[0] > 9
    assert batch[1] == 0
    assert patchiness(EVEN[..., :9, :7], EVEN[..., :9, :7]).item() == 0
