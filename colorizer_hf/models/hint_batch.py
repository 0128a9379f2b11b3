"""Colour hints as tensors: the form in which every network receives them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class HintBatch:
    """The colour hints of a batch of photographs, padded to the same number K.

    Attributes:
        points: (B, K, 2), x and y of each hint's centre in [-1, 1]; -1 is the photo's left or top edge, 1 the other.
        chroma: (B, K, 2), Lab a and b / 110.
        radius: (B, K), radius of the dab as a share of the photo's longer side.
        mask: (B, K) bool, True where there is a hint, False where there is padding.
        reach: (B, K) int64, places in `reaches.REACHES`; left out, all hints have the reach "alike", which has the
            least error.
        keep: (B, K) bool, True where a hint holds the network's own colour at its place, whatever `chroma` says; left
            out, none does.
    """

    points: Tensor
    chroma: Tensor
    radius: Tensor
    mask: Tensor
    reach: Tensor = None  # ty: ignore[invalid-assignment]
    keep: Tensor = None  # ty: ignore[invalid-assignment]

    def __post_init__(self) -> None:
        batch, count = self.mask.shape
        if self.reach is None:
            object.__setattr__(self, "reach", torch.zeros_like(self.mask, dtype=torch.int64))
        if self.keep is None:
            object.__setattr__(self, "keep", torch.zeros_like(self.mask))
        for name in ("points", "chroma", "radius", "reach", "keep"):
            shape = (batch, count, 2) if name in ("points", "chroma") else (batch, count)
            if getattr(self, name).shape != shape:
                raise ValueError(
                    f"{name} must have shape {shape} to match mask, got {tuple(getattr(self, name).shape)}"
                )

    def __len__(self) -> int:
        """The number K of slots for hints, padding included."""
        return self.mask.shape[1]

    @classmethod
    def empty(cls, batch_size: int, device: torch.device | str | None = None) -> "HintBatch":
        """A batch without any hint."""
        return cls(
            points=torch.zeros(batch_size, 0, 2, device=device),
            chroma=torch.zeros(batch_size, 0, 2, device=device),
            radius=torch.zeros(batch_size, 0, device=device),
            mask=torch.zeros(batch_size, 0, dtype=torch.bool, device=device),
        )

    @classmethod
    def cat(cls, batches: Sequence["HintBatch"]) -> "HintBatch":
        """Put batches after one another, padded to the largest number of hints."""
        most = max(len(batch) for batch in batches)

        def join(tensors: Sequence[Tensor]) -> Tensor:
            padded = [F.pad(t, (0, 0) * (t.ndim - 2) + (0, most - t.shape[1])) for t in tensors]
            return torch.cat(padded)

        return cls(*(join([getattr(batch, field.name) for batch in batches]) for field in fields(cls)))

    def map(self, change: Callable[[Tensor], Tensor]) -> "HintBatch":
        """The batch with every tensor changed alike, such as moved to a device or cut to the first few hints."""
        return HintBatch(*(change(getattr(self, field.name)) for field in fields(self)))

    def to(self, device: torch.device | str) -> "HintBatch":
        """The same hints on another device."""
        return self.map(lambda tensor: tensor.to(device))

    def rasterize(self, height: int, width: int) -> tuple[Tensor, Tensor]:
        """Paint the hints as discs; where discs overlap the later hint wins.

        Args:
            height: H, height of the map in cells.
            width: W, width of the map in cells.

        Returns:
            The hint map (B, 2, H, W) with ab / 110 inside the discs and 0 elsewhere, and the mask (B, 1, H, W) with
            1 inside the discs. A hint always paints at least the cell that contains its centre.
        """
        batch = self.mask.shape[0]
        hint_map = self.chroma.new_zeros(batch, 2, height, width)
        hint_mask = self.chroma.new_zeros(batch, 1, height, width)
        ys = torch.arange(height, device=self.points.device).view(-1, 1)
        xs = torch.arange(width, device=self.points.device).view(1, -1)
        for k in range(len(self)):
            x, y = ((self.points[:, k] + 1) / 2).unbind(-1)  # (B,) in [0, 1]
            x, y = (x * width).view(-1, 1, 1), (y * height).view(-1, 1, 1)
            radius = (self.radius[:, k] * max(height, width)).view(-1, 1, 1)
            in_disc = (xs + 0.5 - x) ** 2 + (ys + 0.5 - y) ** 2 <= radius**2
            is_centre = (xs == x.floor().clamp(0, width - 1)) & (ys == y.floor().clamp(0, height - 1))
            painted = ((in_disc | is_centre) & self.mask[:, k].view(-1, 1, 1)).unsqueeze(1)  # (B, 1, H, W)
            hint_map = torch.where(painted, self.chroma[:, k].view(batch, 2, 1, 1), hint_map)
            hint_mask = torch.where(painted, torch.ones_like(hint_mask), hint_mask)
        return hint_map, hint_mask


__all__ = ["HintBatch"]
