"""Hints as tensors."""

import pytest
import torch

from colorizer_hf.models.hint_batch import HintBatch


def batch(points: list, chroma: list, radius: list) -> HintBatch:
    return HintBatch(
        points=torch.tensor([points], dtype=torch.float32),
        chroma=torch.tensor([chroma], dtype=torch.float32),
        radius=torch.tensor([radius], dtype=torch.float32),
        mask=torch.ones(1, len(points), dtype=torch.bool),
    )


class TestRasterize:
    def test_paints_a_disc_of_the_hints_radius(self) -> None:
        _, mask = batch([[0, 0]], [[0.5, -0.5]], [0.25]).rasterize(40, 40)
        assert abs(mask.sum().item() - torch.pi * 10**2) < 20

    def test_a_hint_without_radius_paints_its_cell(self) -> None:
        hint_map, mask = batch([[-1, 1]], [[0.5, -0.5]], [0]).rasterize(8, 12)
        assert mask.sum() == 1
        assert mask[0, 0, 7, 0] == 1
        assert hint_map[0, :, 7, 0].tolist() == [0.5, -0.5]

    def test_the_later_hint_wins(self) -> None:
        hint_map, _ = batch([[0, 0], [0, 0]], [[0.5, 0.5], [-0.5, -0.5]], [0.2, 0.1]).rasterize(40, 40)
        assert hint_map[0, :, 20, 20].tolist() == [-0.5, -0.5]
        assert hint_map[0, :, 20, 27].tolist() == [0.5, 0.5]

    def test_nothing_is_painted_without_hints(self) -> None:
        hint_map, mask = HintBatch.empty(2).rasterize(4, 4)
        assert not hint_map.any()
        assert not mask.any()


class TestCat:
    def test_pads_to_the_longest_and_masks_the_padding(self) -> None:
        joined = HintBatch.cat(
            [batch([[0, 0]], [[0.1, 0.2]], [0.1]), HintBatch.empty(1), batch([[0, 0]] * 3, [[0, 0]] * 3, [0] * 3)]
        )
        assert joined.mask.sum(dim=1).tolist() == [1, 0, 3]
        assert joined.chroma.shape == (3, 3, 2)


def test_shapes_that_disagree_are_named() -> None:
    with pytest.raises(ValueError, match=r"points must have shape \(1, 2, 2\) to match mask, got \(1, 3, 2\)"):
        HintBatch(torch.zeros(1, 3, 2), torch.zeros(1, 2, 2), torch.zeros(1, 2), torch.ones(1, 2, dtype=torch.bool))
