"""Exported graphs as an engine; neither torch nor transformers is needed for it."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np

from ..hints import HintArrays
from ..models.cells import STRIDE, Blocks, aspect, cell_points, cell_side, sampling_weights
from ..models.contrast import contrast_of
from ..models.kept_colors import KeptColors, OwnColors
from ..models.reaches import REACHES
from ..models.thing_limits import Dab, hint_limits
from .interface import Colors
from .manifest import Manifest
from .runtimes import Graph, Runtime, load_graph

_OBJECT, _SPOT = REACHES.index("object"), REACHES.index("spot")


@dataclass
class GraphFeatures:
    """What the graph `encode` gives, and what edits have needed.

    Attributes:
        seen: Its outputs by their names.
        size: Height and width of the network's input in pixels.
        own: What was made of it without hints.
        limits: How far all cells are out of hints' reach; see `hint_limits`.
    """

    seen: dict[str, np.ndarray]
    size: tuple[int, int]
    own: KeptColors = field(default_factory=KeptColors)
    limits: dict[Dab, np.ndarray] = field(default_factory=dict)

    @property
    def cells(self) -> tuple[int, int]:
        """h and w."""
        height, width = self.size
        return height // STRIDE, width // STRIDE

    @cached_property
    def points(self) -> np.ndarray:
        """(h * w, 2), where the cells lie."""
        return cell_points(*self.cells, self.size)

    @cached_property
    def blocks(self) -> Blocks:
        """Of the cells."""
        return Blocks.of_cells(*self.cells)


class GraphEngine:
    """An `Engine` of graphs that `colorizer export` wrote; several threads may use it at once, each for its own photo.

    Args:
        folder: With the graphs and their manifest. A graph is loaded when it is first needed.
        runtime: What runs them.

    Raises:
        CheckpointError: a graph is missing or damaged.
        ColorizerError: the runtime is not installed.
    """

    def __init__(self, folder: Path, runtime: Runtime = "onnx") -> None:
        manifest = Manifest.read(folder)
        self.runtime = runtime
        self.traits = manifest.traits
        self._folder = folder
        self._graphs: dict[str, Graph] = {"encode": load_graph(folder / "encode.onnx", runtime)}
        self._has_hints = "spread" in manifest.graphs
        self._loading = Lock()

    def encode(self, luminance: np.ndarray, contrast: tuple[float, float] | None = None) -> GraphFeatures:
        """See `Engine`."""
        inputs = {"luminance": luminance}
        if self.traits.modality != "gray" and self._has_hints:
            inputs["contrast"] = contrast_of(luminance) if contrast is None else np.array(contrast, np.float32)
        names = ("logits", "residual", "calm", "looks", "mix", "visible") if self._has_hints else ("chroma",)
        outputs = self._run("encode", inputs)
        return GraphFeatures(dict(zip(names, outputs, strict=False)), luminance.shape[-2:])

    def decode(
        self, features: GraphFeatures, hints: HintArrays, palette: np.ndarray | None = None, *, vividness: float = 0.0
    ) -> Colors:
        """See `Engine`."""
        seen = features.seen
        if not self._has_hints:  # luminance, if it is predicted, comes before the chroma
            maps = seen["chroma"][0]
            return Colors(maps[-2:], luminance=maps[:-2] if len(maps) > 2 else None)
        own = features.own.get(palette, vividness, lambda: self._without_hints(features, palette, vividness))
        chroma = own.chroma
        if len(hints.points):
            chroma = self._spread(features, hints, own)
        return Colors(chroma[0], own.logits[0], seen["visible"][0] if "visible" in seen else None)

    def _without_hints(self, features: GraphFeatures, palette: np.ndarray | None, vividness: float) -> OwnColors:
        seen = features.seen
        logits, calm, residual = seen["logits"], seen["calm"], seen["residual"]
        if palette is not None:
            inputs = {"logits": logits, "residual": residual, "palette": palette[None]}
            logits, calm = self._run("shift", inputs)
        if vividness == 0:
            return OwnColors(logits, calm, calm)
        h, w = features.cells
        inputs = {"logits": logits, "residual": residual, "vividness": np.array(vividness, np.float32)}
        inputs |= {name: seen[name].reshape(*seen[name].shape[:-1], h, w) for name in ("looks", "mix")}
        inputs |= {"points": features.points.reshape(h, w, 2), **features.blocks._asdict()}
        (chroma,) = self._run("vivid", inputs)
        return OwnColors(logits, calm, chroma)

    def _spread(self, features: GraphFeatures, hints: HintArrays, own: OwnColors) -> np.ndarray:
        seen, (h, w) = features.seen, features.cells
        flat = (1, 2, h * w)
        (chroma,) = self._run(
            "spread",
            {
                "own": own.chroma.reshape(flat),
                "calm": own.calm.reshape(flat),
                "looks": seen["looks"],
                "mix": seen["mix"],
                "points": features.points[None],
                "cell": np.array(cell_side(features.size), np.float32),
                "hint_points": (hints.points * aspect(features.size))[None],
                "sampling": sampling_weights(hints.points[None], h, w, features.size),
                "hint_chroma": hints.chroma[None],
                "radius": 2 * hints.radius[None],
                "on_object": hints.reach[None] == _OBJECT,
                "is_spot": hints.reach[None] == _SPOT,
                "keep": hints.keep[None],
                "limit": self._limits(features, hints).reshape(1, -1, h * w),
            },
        )
        return chroma.reshape(1, 2, h, w)

    def _limits(self, features: GraphFeatures, hints: HintArrays) -> np.ndarray:
        """How far cells are out of the hints' things, (K, h, w)."""
        assert self.traits.thing_width is not None
        looks = features.seen["looks"].reshape(-1, *features.cells)
        on_object, width = hints.reach == _OBJECT, self.traits.thing_width
        return hint_limits(features.limits, hints.points, hints.radius, on_object, looks, features.size, width)

    def _run(self, name: str, inputs: dict[str, np.ndarray]) -> "list[np.ndarray]":
        with self._loading:
            if name not in self._graphs:
                self._graphs[name] = load_graph(self._folder / f"{name}.onnx", self.runtime)
        return list(self._graphs[name](inputs))


__all__ = ["GraphEngine"]
