"""Boxes as tensors."""

import pytest
import torch

from colorizer_hf.models.box_batch import BoxBatch


def batch(*shades: float, crops: bool = True) -> BoxBatch:
    """A photograph with boxes whose corners and crops are of these values."""
    values = torch.tensor([shades])
    return BoxBatch(
        corners=values[..., None].expand(1, -1, 4),
        mask=torch.ones(1, len(shades), dtype=torch.bool),
        crops=values[..., None, None, None].expand(1, -1, 1, 2, 2) if crops else None,
    )


class TestCat:
    def test_pads_to_the_longest_and_masks_the_padding(self) -> None:
        joined = BoxBatch.cat([batch(0.5), batch(), batch(0.7, 0.8, 0.9)])
        assert joined.mask.sum(dim=1).tolist() == [1, 0, 3]
        assert joined.corners.shape == (3, 3, 4)
        assert joined.crops is not None
        assert joined.crops[2, :, 0, 1, 1].tolist() == pytest.approx([0.7, 0.8, 0.9])

    def test_crops_are_left_out_unless_all_have_them(self) -> None:
        assert BoxBatch.cat([batch(0.5), batch(0.5, crops=False)]).crops is None


class TestShapes:
    def test_that_disagree_are_named(self) -> None:
        mask = torch.ones(1, 2, dtype=torch.bool)
        with pytest.raises(ValueError, match=r"corners must have shape \(1, 2, 4\) to match mask, got \(1, 3, 4\)"):
            BoxBatch(torch.zeros(1, 3, 4), mask)
        with pytest.raises(ValueError, match=r"crops must have shape \(1, 2, 1, S, S\), got \(1, 2, 8, 8\)"):
            BoxBatch(torch.zeros(1, 2, 4), mask, torch.zeros(1, 2, 8, 8))
