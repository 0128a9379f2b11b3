"""Cells that look alike agree on their colour; those that do not keep theirs."""

import pytest
import torch
from torch import Tensor

from colorizer_hf.models.coherence import coherent_logits
from colorizer_hf.models.hint_spread import cell_points


def agree(logits: Tensor, looks: Tensor, *, share: float = 1.0) -> Tensor:
    """With one head of the looks (B, D, h, w), distances in the picture not counting."""
    B, D, h, w = looks.shape
    points = cell_points(h, w, (4 * h, 4 * w), logits.device)
    embedding, mix = looks.view(B, 1, D, h * w), torch.ones(B, 1, h * w)
    return coherent_logits(logits, embedding, mix, points, torch.zeros(1), share=share)


@pytest.fixture
def halves() -> tuple[Tensor, Tensor]:
    """Looks of a left and a right half, and beliefs in one of two colours that agree within a half but for noise."""
    generator = torch.Generator().manual_seed(0)
    looks = torch.zeros(1, 2, 16, 16)
    looks[..., 8:] = 20
    logits = torch.randn(1, 2, 16, 16, generator=generator)
    logits[:, 0, :, :8] += 1
    logits[:, 1, :, 8:] += 1
    return logits, looks


def test_no_share_changes_nothing(halves: tuple[Tensor, Tensor]) -> None:
    assert torch.equal(agree(*halves, share=0.0), halves[0])


def test_a_thing_gets_one_colour_and_its_neighbour_another(halves: tuple[Tensor, Tensor]) -> None:
    logits, looks = halves
    before, after = (x.softmax(dim=1)[0, 0] for x in (logits, agree(logits, looks)))
    assert after[:, :8].mean() > 0.6
    assert after[:, 8:].mean() < 0.4
    blocks = [torch.nn.functional.avg_pool2d(x[None], 2)[0] for x in (before, after)]
    assert blocks[1][:, :4].std() < 0.5 * blocks[0][:, :4].std()


def test_what_everybody_agrees_on_stays(halves: tuple[Tensor, Tensor]) -> None:
    logits = torch.zeros(1, 5, 16, 16)
    logits[:, 3] = 4
    torch.testing.assert_close(agree(logits, halves[1]), logits)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (17, 8), (90, 100)], ids=str)
def test_takes_grids_of_any_size(size: tuple[int, int]) -> None:
    logits = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    result = agree(logits, torch.zeros(2, 4, *size))
    assert result.shape == logits.shape
    assert result.isfinite().all()


def test_certain_beliefs_give_finite_numbers(halves: tuple[Tensor, Tensor]) -> None:
    assert agree(1000 * halves[0], halves[1]).isfinite().all()
