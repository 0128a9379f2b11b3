"""What a photograph's path must know about a network, whatever runs it."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Traits:
    """Of a network; see `models.base` for what they mean.

    Attributes:
        model_type: Name of the architecture.
        modality: "gray", "nir" or "any".
        working_size: Shorter side of the network's input in pixels, normally.
        size_multiple: Both sides are multiples of this.
        supports_hints: Whether it takes hints.
        supports_palette: Whether it takes palettes.
        supports_boxes: Whether it takes boxes.
        limits_reach: Whether hints carry as far as their reach says.
        suggestion_sharpness: What logits are multiplied by before suggestions are made.
        thing_width: Of networks that limit reach by distances along the picture; else None.
        bins: (a / 110, b / 110) of the chroma bins; empty for networks without a distribution.
    """

    model_type: str
    modality: str
    working_size: int
    size_multiple: int
    supports_hints: bool = True
    supports_palette: bool = False
    supports_boxes: bool = False
    limits_reach: bool = True
    suggestion_sharpness: float = 1.0
    thing_width: float | None = None
    bins: tuple[tuple[float, float], ...] = ()

    @classmethod
    def of_model(cls, model: Any) -> "Traits":
        """Those of a `ColorizerModel`."""
        config, centers = model.config, getattr(model, "bin_centers", None)
        return cls(
            model_type=config.model_type,
            modality=config.modality,
            working_size=config.working_size,
            size_multiple=config.size_multiple,
            supports_hints=model.supports_hints,
            supports_palette=model.supports_palette,
            supports_boxes=model.supports_boxes,
            limits_reach=model.limits_reach,
            suggestion_sharpness=model.suggestion_sharpness,
            thing_width=getattr(config, "thing_width", None),
            bins=() if centers is None else tuple((a, b) for a, b in centers.float().tolist()),
        )

    @property
    def bin_centers(self) -> np.ndarray | None:
        """(Q, 2) float32, or None."""
        return np.array(self.bins, np.float32) if self.bins else None

    def to_json(self) -> dict[str, Any]:
        """For a manifest; `Traits(**...)` of it with tuples for lists is the same again."""
        return asdict(self)


__all__ = ["Traits"]
