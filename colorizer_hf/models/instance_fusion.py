"""The instance-aware network of Su, Chu, Huang 2020, "Instance-Aware Image Colorization".

Three copies of the user-guided network (siggraph17.py), run without hints: one sees the whole photograph; one sees each
thing alone, cut out by its box and squashed to a square; and the third sees the whole once more, but at thirteen places
on its way what the second one made of the things is mixed in, weighed at every cell by a small network. A photograph
without boxes is coloured by the first one alone.

Layers and scales are those of the authors' released code, so that its weights fit; see `hub/conversion.py`. Left out
are its heads over chroma bins and its fourteenth weight network, which nothing ever calls. Our own are `width` for
smaller networks, the padding "-inf", and that photographs keep their proportions. Code Apache-2.0, written from the
paper and a table of the layers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from huggingface_hub.dataclasses import strict
from torch import Tensor, nn

from .base import (
    CHROMA_SCALE,
    ColorizerConfig,
    ColorizerOutput,
    HintlessColorizer,
    chroma_huber_loss,
    pad_to_multiple,
)
from .box_batch import BoxBatch
from .precision import in_full_precision
from .siggraph17 import FUSED_MAPS, Siggraph17Network

LOSS_WEIGHT = 10.0
SUMS = ("up8", "up9", "up10")  # the fused maps that go on through a ReLU


@strict
class InstanceFusionConfig(ColorizerConfig):
    """Sizes of an instance-aware network.

    Attributes:
        width: Of each of the three networks, see `Siggraph17Config`.
        mask_center: Likewise.
        fusion_width: Channels inside the networks that weigh.
        instance_size: Side in pixels of the square at which a thing is seen, a multiple of 8.
        max_boxes: Of a photograph, when it is coloured; those with the highest scores are chosen.
        padding: What a thing weighs beside its own box where another thing is: "-inf" nothing; "zero" takes part in the
            softmax with a logit of 0, which dims the others, as in the authors' code and so for their weights.
    """

    model_type = "instance_fusion"

    size_multiple: int = 8
    width: int = 64
    mask_center: float | int = 0.5
    fusion_width: int = 16
    instance_size: int = 256
    max_boxes: int = 8
    padding: Literal["-inf", "zero"] = "-inf"

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        for name in ("width", "fusion_width", "max_boxes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.instance_size < 8 or self.instance_size % 8:
            raise ValueError(f"instance_size must be a multiple of 8, got {self.instance_size}")


@dataclass(frozen=True)
class Thing:
    """What was seen of a thing, at one of the fused maps and at the size of its box there.

    Attributes:
        rows: Where its box lies in the map of the whole.
        columns: Likewise.
        features: (1, C, h, w).
        logits: (1, 1, h, w), how much they weigh.
    """

    rows: slice
    columns: slice
    features: Tensor
    logits: Tensor


class Fusion(nn.Module):
    """Mixes what was seen of things into one of the maps of the whole; weights normalised over all at each cell.

    Args:
        channels: Of the map.
        hidden: Inside the two networks that weigh, one for things and one for the whole.
        padding: See `InstanceFusionConfig`.
    """

    def __init__(self, channels: int, hidden: int, padding: Literal["-inf", "zero"]) -> None:
        super().__init__()
        self.instance, self.whole = weight_layers(channels, hidden), weight_layers(channels, hidden)
        self.padding = padding

    def look(self, features: Tensor, rows: slice, columns: slice) -> Thing:
        """A thing's features (1, C, s, s) brought to the size of its box, with what they weigh."""
        size = (rows.stop - rows.start, columns.stop - columns.start)
        logits = self.instance(features)
        features, logits = (F.interpolate(layer, size, mode="bilinear") for layer in (features, logits))
        return Thing(rows, columns, features, logits)

    def forward(self, whole: Tensor, things: Sequence[Thing]) -> Tensor:
        """The map of the whole (1, C, H, W), with the things in it."""
        logits = whole.new_zeros(1, len(things), *whole.shape[-2:])
        inside = torch.zeros_like(logits, dtype=torch.bool)
        for i, thing in enumerate(things):
            logits[:, i : i + 1, thing.rows, thing.columns] = thing.logits
            inside[:, i, thing.rows, thing.columns] = True
        if self.padding == "zero":
            inside = inside.any(dim=1, keepdim=True)
        # The authors add 1e5 to the logits of the whole where there is no box, which half precision cannot hold.
        logits = logits.masked_fill(~inside, -torch.inf)
        weights = torch.cat([logits, self.whole(whole)], dim=1).softmax(dim=1)
        fused = whole * weights[:, -1:]
        for i, thing in enumerate(things):
            part = (..., thing.rows, thing.columns)
            fused[part] = fused[part] + thing.features * weights[:, i : i + 1][part]
        return fused


def weight_layers(channels: int, hidden: int) -> nn.Sequential:
    """Three convolutions to one map; the ReLU at the end is the authors', so no logit is negative."""
    layers: list[nn.Module] = []
    for before, after in ((channels, hidden), (hidden, hidden), (hidden, 1)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers)


class InstanceFusionModel(HintlessColorizer):
    """The instance-aware network; 103,231,488 parameters at its published size.

    It was trained without hints and takes none. Everything it knows is computed once per photo: what it costs grows
    with every box.

    Attributes:
        full: Colours photographs without boxes.
        instance: Sees things.
        fusion: Colours photographs with boxes.
        fusions: What mixes the things in, by the name of the map.
    """

    config_class = InstanceFusionConfig
    supports_boxes = True

    def __init__(self, config: InstanceFusionConfig) -> None:
        super().__init__(config)
        width = config.width
        self.full, self.instance, self.fusion = (Siggraph17Network(width, class_head=False) for _ in range(3))
        self.instance.chroma_head.requires_grad_(False)  # it learned alone; here its maps are used, not its colours
        self.fusions = nn.ModuleDict(
            {name: Fusion(share * width, config.fusion_width, config.padding) for name, share in FUSED_MAPS.items()}
        )
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        self.full.reset(module)

    def train_fusion_only(self) -> None:
        """Have training change what the authors' third stage changes, and nothing else.

        That is the networks that weigh and the last two convolutions of `fusion`: 1,226,108 parameters at the published
        size. Batch norms are as they are in evaluation, which is up to whoever trains.
        """
        self.requires_grad_(False)
        for part in (self.fusions, self.fusion.conv10, self.fusion.chroma_head):
            part.requires_grad_(True)

    @in_full_precision
    def encode(self, luminance: Tensor, boxes: BoxBatch | None = None) -> Tensor:
        """The chroma (B, 2, H, W) of photos of any size, each with its own boxes or none; see the contract."""
        if boxes is None or not boxes.mask.any():
            return self.run(self.full, luminance)
        photos = []
        for i, mask in enumerate(boxes.mask):
            photo, corners = luminance[i : i + 1], boxes.corners[i, mask]
            if not len(corners):
                photos.append(self.run(self.full, photo))
                continue
            crops = self._cut(photo, corners) if boxes.crops is None else boxes.crops[i, mask]
            photos.append(self._run_with_things(photo, corners, crops))
        return torch.cat(photos)

    def loss(self, output: ColorizerOutput, labels: Tensor) -> Tensor:
        """The authors' loss in all stages: ten times the Huber distance in Lab units, summed over a and b."""
        return 2 * LOSS_WEIGHT * chroma_huber_loss(output.chroma, labels, delta=1 / CHROMA_SCALE)

    def run(self, network: Siggraph17Network, luminance: Tensor, **options: Any) -> Tensor:
        """Run one of the networks by itself, without hints: from (B, 1, H, W) in [0, 1] to chroma (B, 2, H, W)."""
        height, width = luminance.shape[-2:]
        padded = pad_to_multiple(luminance, self.config.size_multiple)
        no_hints = padded.new_zeros(len(padded), 2, *padded.shape[-2:])
        no_mask = torch.full_like(padded, -self.config.mask_center)
        chroma, _ = network(torch.cat([padded - 0.5, no_hints, no_mask], dim=1), **options)
        return chroma[..., :height, :width].float()

    def _run_with_things(self, luminance: Tensor, corners: Tensor, crops: Tensor) -> Tensor:
        """Colour a photo (1, 1, H, W) with things at `corners` (N, 4), seen in `crops` (N, 1, S, S)."""
        things: dict[str, list[Thing]] = {name: [] for name in FUSED_MAPS}
        fusions: Any = self.fusions
        for box, crop in zip(corners, crops, strict=True):  # one after another: memory does not grow with their number

            def look(name: str, features: Tensor, box: Tensor = box) -> Tensor:
                stride = self.config.instance_size // features.shape[-1]
                seen = features.relu() if name in SUMS else features  # there the authors' code changes it in place
                things[name].append(fusions[name].look(seen, *_cells(box, luminance, stride)))
                return features

            self.run(self.instance, crop[None], fuse=look)
        return self.run(self.fusion, luminance, fuse=lambda name, whole: fusions[name](whole, things[name]))

    def _cut(self, luminance: Tensor, corners: Tensor) -> Tensor:
        """What is inside the boxes (N, 4) of a photo (1, 1, H, W), as (N, 1, S, S)."""
        size = (self.config.instance_size, self.config.instance_size)
        parts = [luminance[(..., *_cells(box, luminance, 1))] for box in corners]
        return torch.cat([F.interpolate(part, size, mode="bilinear", antialias=True) for part in parts])


def _cells(box: Tensor, luminance: Tensor, stride: int) -> tuple[slice, slice]:
    """The rows and columns of a box (4,) in a map of a photo (1, 1, H, W)."""
    left, top, right, bottom = box.tolist()
    height, width = luminance.shape[-2:]
    return _span(top, bottom, height / stride), _span(left, right, width / stride)


def _span(start: float, end: float, side: float) -> slice:
    """Whole cells from one share of a side to another: rounded down, as the authors do, but one cell at least."""
    first, last = (int(share * side + 1e-4) for share in (start, end))  # shares have rounding errors of their own
    if first < last:
        return slice(first, last)
    return slice(first, first + 1) if side - last > 1 or first == 0 else slice(first - 1, first)


__all__ = ["InstanceFusionConfig", "InstanceFusionModel"]
