"""Shares of colours moved towards a palette's, as far as the cells let them."""

import torch
from torch import Tensor

from colorizer_hf.models.palette_shift import shift_to_palette

CENTERS = torch.tensor([[0.5, 0.4], [-0.4, 0.4], [0.0, 0.0]])  # red, green, gray
RED = torch.tensor([[[0.5, 0.4, 1.0]]])


def logits_of(*beliefs: tuple[float, float, float]) -> Tensor:
    """One row of 8 x 8 cells for every belief in red, green and gray."""
    rows = torch.tensor(beliefs).clamp(min=1e-9).log()  # (rows, 3)
    return rows.T.reshape(1, 3, len(beliefs), 1, 1).expand(1, 3, len(beliefs), 8, 8).reshape(1, 3, -1, 8)


def beliefs(logits: Tensor) -> Tensor:
    """Of the middle cell of every row (rows, 3)."""
    return logits.softmax(dim=1)[0, :, 4::8, 4].T


def test_what_is_in_doubt_follows_the_palette() -> None:
    moved = beliefs(shift_to_palette(logits_of((0.2, 0.3, 0.5)), RED, CENTERS))
    assert moved[0, 0] > 0.6


def test_what_is_sure_keeps_its_colour() -> None:
    """A sunset does not turn grass red."""
    grass, coat = beliefs(shift_to_palette(logits_of((0.01, 0.98, 0.01), (0.2, 0.2, 0.6)), RED, CENTERS))
    assert grass[1] > 0.75
    assert coat[0] > 0.6


def test_the_palette_of_the_picture_itself_changes_nothing() -> None:
    own = torch.cat([CENTERS, torch.tensor([[0.2], [0.3], [0.5]])], dim=1)[None]
    logits = logits_of((0.2, 0.3, 0.5))
    torch.testing.assert_close(beliefs(shift_to_palette(logits, own, CENTERS)), beliefs(logits), atol=0.01, rtol=0)


def test_shares_that_lack_something_to_one_leave_it_as_it_is() -> None:
    half = RED * torch.tensor([1.0, 1.0, 0.5])
    moved = [beliefs(shift_to_palette(logits_of((0.1, 0.3, 0.6)), palette, CENTERS))[0, 0] for palette in (half, RED)]
    assert 0.2 < moved[0] < moved[1] - 0.05


def test_grids_of_any_size() -> None:
    assert shift_to_palette(torch.randn(2, 3, 5, 9), RED.expand(2, -1, -1), CENTERS).isfinite().all()
