"""The steps of networks as modules that can be exported: tensors in, tensors out, nothing that depends on the example.

Their inputs and outputs bear the names that `graphs.py` knows. Shapes: H x W pixels of the network's input,
h x w = N cells, K hints, P colours of a palette. What places, blocks and limits of cells are is calculated by the same
numpy code for every engine, and handed in.
"""

from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.export import Dim

from ..models.base import ColorizerModel, HintlessColorizer
from ..models.cells import Blocks
from ..models.chroma_bins import weighted_chroma
from ..models.chromaformer import ChromaFormerModel
from ..models.coherence import AlikeCells
from ..models.hint_spread import HintSpread, PlacedHints, Places, paint_spots
from ..models.palette_shift import shift_to_palette

Shapes: TypeAlias = dict[str, dict[int, Any]]


@torch.library.custom_op("colorizer::solve", mutates_args=())
def solve(covariance: Tensor, right: Tensor) -> Tensor:
    """The X (B, K, R) of C X = R, with C (B, K, K): ONNX has no operator for it, see `gauss_jordan`."""
    return torch.linalg.solve(covariance, right)


@solve.register_fake
def _(covariance: Tensor, right: Tensor) -> Tensor:
    return torch.empty_like(right)


class GraphModule(nn.Module):
    """A step of a network.

    Attributes:
        inputs: Their names.
        outputs: Their names.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def examples(self) -> tuple[Tensor, ...]:
        """Inputs to export with."""
        raise NotImplementedError

    def shapes(self) -> Shapes:
        """Which sides of the inputs may be of any length."""
        raise NotImplementedError


class EncodeChroma(GraphModule):
    """`encode` of a network without hints: all there is."""

    inputs = ("luminance",)

    def __init__(self, model: HintlessColorizer) -> None:
        super().__init__()
        self.model = model
        self.multiple = model.config.size_multiple
        self.outputs = ("chroma",)

    def forward(self, luminance: Tensor) -> tuple[Tensor, ...]:
        features = self.model.encode(luminance)
        return (features,)

    def examples(self) -> tuple[Tensor, ...]:
        return (torch.rand(1, 1, 8 * self.multiple, 10 * self.multiple),)

    def shapes(self) -> Shapes:
        return {"luminance": _sides_of_input(self.multiple)}


class Encode(GraphModule):
    """`encode` of a ChromaFormer, with the joined embedding and the rest that later steps want."""

    def __init__(self, model: ChromaFormerModel) -> None:
        super().__init__()
        self.model = model
        self.multiple = model.config.size_multiple
        predicts = model.config.predicts_luminance
        self.inputs = ("luminance", "contrast") if predicts else ("luminance",)
        self.outputs = ("logits", "residual", "calm", "looks", "mix", *(("visible",) if predicts else ()))

    def forward(self, luminance: Tensor, contrast: Tensor | None = None) -> tuple[Tensor, ...]:
        seen = self.model.encode(luminance, contrast)
        looks = self.model.spread.join(seen)
        outputs = (seen.logits, seen.residual, seen.chroma, looks, seen.head_mix.flatten(2))
        return outputs if seen.visible is None else (*outputs, seen.visible)

    def examples(self) -> tuple[Tensor, ...]:
        luminance = torch.rand(1, 1, 8 * self.multiple, 10 * self.multiple)
        return (luminance, torch.tensor([0.1, 0.8]))[: len(self.inputs)]

    def shapes(self) -> Shapes:
        contrast: Shapes = {"contrast": {}} if "contrast" in self.inputs else {}
        return {"luminance": _sides_of_input(self.multiple)} | contrast


class Shift(GraphModule):
    """Distributions and expected colours moved towards a palette."""

    inputs = ("logits", "residual", "palette")
    outputs = ("shifted", "calm")
    bin_centers: Tensor

    def __init__(self, model: ChromaFormerModel) -> None:
        super().__init__()
        self.register_buffer("bin_centers", model.bin_centers)

    def forward(self, logits: Tensor, residual: Tensor, palette: Tensor) -> tuple[Tensor, ...]:
        shifted = shift_to_palette(logits, palette, self.bin_centers)
        return shifted, weighted_chroma(shifted.exp(), self.bin_centers) + residual

    def examples(self) -> tuple[Tensor, ...]:
        return (*_maps(self.bin_centers), torch.rand(1, 5, 3) / 5)

    def shapes(self) -> Shapes:
        cells = _sides_of_maps()
        return {"logits": cells, "residual": cells, "palette": {1: Dim("P", min=1, max=4096)}}


class Vivid(GraphModule):
    """Vivid colours that hold together."""

    inputs = (
        *("logits", "residual", "looks", "mix", "points"),
        *("rows", "columns", "spread_rows", "spread_columns", "vividness"),
    )
    outputs = ("chroma",)

    def __init__(self, model: ChromaFormerModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        logits: Tensor,
        residual: Tensor,
        looks: Tensor,
        mix: Tensor,
        points: Tensor,
        rows: Tensor,
        columns: Tensor,
        spread_rows: Tensor,
        spread_columns: Tensor,
        vividness: Tensor,
    ) -> tuple[Tensor, ...]:
        blocks = Blocks(rows, columns, spread_rows, spread_columns)
        h, w = logits.shape[-2:]
        looks, mix = looks.reshape(*looks.shape[:3], h * w), mix.reshape(*mix.shape[:2], h * w)
        alike = AlikeCells(looks, mix, points.reshape(h * w, 2), self.model.spread.log_gamma.exp(), blocks)
        return (self.model.vivid_chroma(logits, residual, alike, vividness),)

    def examples(self) -> tuple[Tensor, ...]:
        logits, residual = _maps(self.model.bin_centers)
        h, w = logits.shape[-2:]
        blocks = [torch.from_numpy(matrix) for matrix in Blocks.of_cells(h, w)]
        looks, mix = torch.rand(1, *self._looks, h, w), torch.rand(1, self._looks[0], h, w).softmax(1)
        return (logits, residual, looks, mix, torch.rand(h, w, 2), *blocks, torch.tensor(0.7))

    @property
    def _looks(self) -> tuple[int, int]:
        config = self.model.config
        return config.spread_heads, config.spread_dim + 3

    def shapes(self) -> Shapes:
        h, w = (Dim(name, min=2, max=4096) for name in "hw")
        bh, bw = (Dim(name, min=2, max=2048) for name in ("bh", "bw"))
        return {
            "logits": {2: h, 3: w},
            "residual": {2: h, 3: w},
            "looks": {3: h, 4: w},
            "mix": {2: h, 3: w},
            "points": {0: h, 1: w},
            "rows": {0: bh, 1: h},
            "columns": {0: w, 1: bw},
            "spread_rows": {0: h, 1: bh},
            "spread_columns": {0: bw, 1: w},
            "vividness": {},
        }


class Spread(GraphModule):
    """Hints carried over the cells."""

    inputs = (
        *("own", "calm", "looks", "mix", "points", "cell"),
        *("hint_points", "sampling", "hint_chroma", "radius", "on_object", "is_spot", "keep", "limit"),
    )
    outputs = ("chroma",)

    def __init__(self, model: ChromaFormerModel) -> None:
        super().__init__()
        spread = model.spread
        self.spread = _GraphSpread(spread.heads, spread.thing_width)
        self.spread.load_state_dict(spread.state_dict())
        self.channels = model.config.spread_dim + 3

    def forward(
        self,
        own: Tensor,
        calm: Tensor,
        looks: Tensor,
        mix: Tensor,
        points: Tensor,
        cell: Tensor,
        hint_points: Tensor,
        sampling: Tensor,
        hint_chroma: Tensor,
        radius: Tensor,
        on_object: Tensor,
        is_spot: Tensor,
        keep: Tensor,
        limit: Tensor,
    ) -> tuple[Tensor, ...]:
        hints = PlacedHints(
            points=hint_points,
            sampling=sampling.transpose(1, 2),
            chroma=hint_chroma,
            radius=radius,
            mask=torch.ones_like(radius),
            on_object=on_object,
            is_spot=is_spot,
            keep=keep,
        )
        cells = Places(looks, mix, points, limit)
        chroma = self.spread.carry(hints, own, calm, cells)
        return (paint_spots(chroma, own, hints, points, cell),)

    def examples(self) -> tuple[Tensor, ...]:
        N, K, heads = 130, 5, self.spread.heads
        some = torch.arange(K).unsqueeze(0)
        return (
            *(torch.rand(1, 2, N), torch.rand(1, 2, N)),
            *(torch.rand(1, heads, self.channels, N), torch.rand(1, heads, N).softmax(1)),
            *(torch.rand(1, N, 2), torch.tensor(0.03)),
            *(torch.rand(1, K, 2), torch.rand(1, K, N), torch.rand(1, K, 2), torch.rand(1, K)),
            *(some < 2, some == 3, some == 4, torch.rand(1, K, N)),
        )

    def shapes(self) -> Shapes:
        N, K = Dim("N", min=2, max=2**24), Dim("K", min=2, max=4096)
        cells, hints = {2: N}, {1: K}
        return {
            "own": cells,
            "calm": cells,
            "looks": {3: N},
            "mix": cells,
            "points": {1: N},
            "cell": {},
            "hint_points": hints,
            "sampling": {1: K, 2: N},
            "hint_chroma": hints,
            "radius": hints,
            "on_object": hints,
            "is_spot": hints,
            "keep": hints,
            "limit": {1: K, 2: N},
        }


class _GraphSpread(HintSpread):
    """The hint spread with an operation that has a translation for ONNX."""

    def solve(self, covariance: Tensor, right: Tensor) -> Tensor:
        return solve(covariance, right.transpose(1, 2).contiguous()).transpose(1, 2)  # covariances are symmetric


def graph_modules(model: ColorizerModel) -> dict[str, GraphModule] | None:
    """The steps of a network by their names; None if it cannot be exported."""
    if isinstance(model, ChromaFormerModel):
        return {"encode": Encode(model), "shift": Shift(model), "vivid": Vivid(model), "spread": Spread(model)}
    if isinstance(model, HintlessColorizer):
        return {"encode": EncodeChroma(model)}
    return None


def _sides_of_input(multiple: int) -> dict[int, Any]:
    most = 8192 // multiple
    return {2: multiple * Dim("h", min=1, max=most), 3: multiple * Dim("w", min=1, max=most)}


def _sides_of_maps() -> dict[int, Any]:
    return {2: Dim("h", min=2, max=4096), 3: Dim("w", min=2, max=4096)}


def _maps(bin_centers: Tensor) -> tuple[Tensor, Tensor]:
    return torch.randn(1, len(bin_centers), 10, 13), torch.randn(1, 2, 10, 13) / 100


__all__ = ["GraphModule", "graph_modules", "solve"]
