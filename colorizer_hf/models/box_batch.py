"""Boxes around things as tensors: the form in which networks that look at things one by one receive them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class BoxBatch:
    """The boxes of a batch of photographs, padded to the same number N.

    Attributes:
        corners: (B, N, 4), left, top, right and bottom edge of each box in shares of the photo's width and height, in
            [0, 1].
        mask: (B, N) bool, True where there is a box, False where there is padding.
        crops: (B, N, 1, S, S), the luminance of each box at the size at which the network looks at things, in [0, 1];
            left out, the network cuts them out of the luminance that it is given, which shows fewer details.
    """

    corners: Tensor
    mask: Tensor
    crops: Tensor | None = None

    def __post_init__(self) -> None:
        batch, count = self.mask.shape
        if self.corners.shape != (batch, count, 4):
            raise ValueError(
                f"corners must have shape {(batch, count, 4)} to match mask, got {tuple(self.corners.shape)}"
            )
        if self.crops is not None and (self.crops.ndim != 5 or self.crops.shape[:3] != (batch, count, 1)):
            raise ValueError(f"crops must have shape ({batch}, {count}, 1, S, S), got {tuple(self.crops.shape)}")

    def __len__(self) -> int:
        """The number N of slots for boxes, padding included."""
        return self.mask.shape[1]

    @classmethod
    def empty(cls, batch_size: int, device: torch.device | str | None = None) -> "BoxBatch":
        """A batch without any box."""
        return cls(
            corners=torch.zeros(batch_size, 0, 4, device=device),
            mask=torch.zeros(batch_size, 0, dtype=torch.bool, device=device),
        )

    @classmethod
    def cat(cls, batches: Sequence["BoxBatch"]) -> "BoxBatch":
        """Put batches after one another, padded to the largest number of boxes; crops are kept if all have them."""
        most = max(len(batch) for batch in batches)

        def join(tensors: Sequence[Tensor | None]) -> Tensor | None:
            given = [t for t in tensors if t is not None]
            padded = [F.pad(t, (0, 0) * (t.ndim - 2) + (0, most - t.shape[1])) for t in given]
            return torch.cat(padded) if len(given) == len(tensors) else None

        joined: Any = (join([getattr(batch, field.name) for batch in batches]) for field in fields(cls))
        return cls(*joined)

    def map(self, change: Callable[[Tensor], Tensor]) -> "BoxBatch":
        """The batch with every tensor changed alike, such as moved to a device or cut to some of the photographs."""
        crops = None if self.crops is None else change(self.crops)
        return BoxBatch(change(self.corners), change(self.mask), crops)

    def to(self, device: torch.device | str) -> "BoxBatch":
        """The same boxes on another device."""
        return self.map(lambda tensor: tensor.to(device))


__all__ = ["BoxBatch"]
