"""Cells that look alike agree on their colour; those that do not keep theirs."""

import pytest
import torch
from torch import Tensor

from colorizer_hf.models.cells import Blocks, cell_points
from colorizer_hf.models.coherence import AGREEMENT, AlikeCells, agreed_chroma, coherent_weights


def alike_by(looks: Tensor) -> AlikeCells:
    """With one head of the looks (B, D, h, w), distances in the picture not counting."""
    B, D, h, w = looks.shape
    points = torch.from_numpy(cell_points(h, w, (4 * h, 4 * w)))
    blocks = Blocks(*map(torch.from_numpy, Blocks.of_cells(h, w)))
    return AlikeCells(looks.view(B, 1, D, h * w), torch.ones(B, 1, h * w), points, torch.zeros(1), blocks)


def agree(logits: Tensor, looks: Tensor, *, share: float = 1.0) -> Tensor:
    """Shares of the colours that logits stand for, once they agree."""
    weights = coherent_weights(logits.softmax(dim=1), alike_by(looks), share=share)
    return weights / weights.sum(dim=1, keepdim=True)


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
    torch.testing.assert_close(agree(*halves, share=0.0), halves[0].softmax(dim=1))


def test_a_thing_gets_one_colour_and_its_neighbour_another(halves: tuple[Tensor, Tensor]) -> None:
    logits, looks = halves
    before, after = (shares[0, 0] for shares in (logits.softmax(dim=1), agree(logits, looks)))
    assert after[:, :8].mean() > 0.6
    assert after[:, 8:].mean() < 0.4
    blocks = [torch.nn.functional.avg_pool2d(x[None], 2)[0] for x in (before, after)]
    assert blocks[1][:, :4].std() < 0.5 * blocks[0][:, :4].std()


def test_what_everybody_agrees_on_stays(halves: tuple[Tensor, Tensor]) -> None:
    logits = torch.zeros(1, 5, 16, 16)
    logits[:, 3] = 4
    torch.testing.assert_close(agree(logits, halves[1]), logits.softmax(dim=1))


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (17, 8), (90, 100)], ids=str)
def test_takes_grids_of_any_size(size: tuple[int, int]) -> None:
    logits = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    result = agree(logits, torch.zeros(2, 4, *size))
    assert result.shape == logits.shape
    assert result.isfinite().all()


def test_certain_beliefs_give_finite_numbers(halves: tuple[Tensor, Tensor]) -> None:
    assert agree(1000 * halves[0], halves[1]).isfinite().all()


def test_expected_colours_are_drawn_towards_those_of_the_same_thing(halves: tuple[Tensor, Tensor]) -> None:
    chroma, alike = halves[0], alike_by(halves[1])
    agreed = agreed_chroma(chroma, alike, share=1.0)
    left, right = (slice(0, 6), slice(10, 16))  # blocks blend at the border
    for side in (left, right):
        half = chroma[..., :8] if side == left else chroma[..., 8:]
        expected = chroma.lerp(half.mean(dim=(2, 3), keepdim=True).expand_as(chroma), AGREEMENT)
        torch.testing.assert_close(agreed[..., side], expected[..., side], atol=1e-4, rtol=1e-4)


def test_of_no_share_expected_colours_stay(halves: tuple[Tensor, Tensor]) -> None:
    assert torch.equal(agreed_chroma(halves[0], alike_by(halves[1]), share=0.0), halves[0])
