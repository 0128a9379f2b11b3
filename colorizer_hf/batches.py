"""What people give for one photograph, as the tensors that networks take: hints, boxes, a palette."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .boxes import Box
from .hints import Hint, hints_to_arrays
from .models.box_batch import BoxBatch
from .models.hint_batch import HintBatch
from .palette import Palette


def hints_to_batch(hints: Sequence[Hint], size: tuple[int, int]) -> HintBatch:
    """Hints of one photo as a batch of one; see `hints_to_arrays`."""
    one = {name: torch.from_numpy(array)[None] for name, array in hints_to_arrays(hints, size)._asdict().items()}
    return HintBatch(**one, mask=torch.ones(1, len(hints), dtype=torch.bool))


def boxes_to_batch(boxes: Sequence[Box], size: tuple[int, int]) -> BoxBatch:
    """Boxes of one photo as a batch of one, without crops.

    Args:
        boxes: In pixels of the photo.
        size: The photo's width and height in pixels.
    """
    if not boxes:
        return BoxBatch.empty(1)
    corners = torch.tensor([[box.edges for box in boxes]], dtype=torch.float32)
    return BoxBatch(
        corners=corners / torch.tensor(size * 2),
        mask=torch.ones(1, len(boxes), dtype=torch.bool),
    )


def palette_to_tensor(palette: Palette) -> Tensor:
    """A palette as (1, P, 3): Lab a and b / 110 of each colour, and its share times the strength."""
    return torch.from_numpy(palette.as_array())[None]


__all__ = ["boxes_to_batch", "hints_to_batch", "palette_to_tensor"]
