"""Pictures whose metrics are known."""

import pytest
import torch
from torch import Tensor


@pytest.fixture
def ramp() -> Tensor:
    """(1, 3, 64, 64): red grows to the right, green towards the lower right, blue falls to the bottom."""
    y, x = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    return torch.stack([40 + 2 * x, 60 + x + y, 200 - 2 * y])[None].to(torch.uint8)


@pytest.fixture
def shifted_ramp(ramp: Tensor) -> Tensor:
    """The ramp with 6 more red and 4 less green."""
    return (ramp.int() + torch.tensor([6, -4, 0]).view(1, 3, 1, 1)).to(torch.uint8)


@pytest.fixture
def gray_pair() -> tuple[Tensor, Tensor]:
    """Constant pictures of 100 and 110."""
    return torch.full((1, 3, 32, 32), 100, dtype=torch.uint8), torch.full((1, 3, 32, 32), 110, dtype=torch.uint8)
