"""Any network behind the contract, run by torch."""

from typing import Any

import numpy as np
import torch

from ..arrays import to_numpy
from ..hints import HintArrays
from ..models.base import ColorizerModel
from ..models.hint_batch import HintBatch
from ..traits import Traits
from .interface import Colors


class TorchEngine:
    """A `ColorizerModel` as an `Engine`, on the device that it is on."""

    def __init__(self, model: ColorizerModel) -> None:
        self.model = model.to(memory_format=torch.channels_last)
        self.traits = Traits.of_model(model)

    @torch.inference_mode()
    def encode(self, luminance: np.ndarray, contrast: tuple[float, float] | None = None) -> Any:
        """See `Engine`."""
        where: dict[str, Any] = {} if contrast is None else {"contrast": torch.tensor(contrast)}
        return self.model.encode(torch.from_numpy(luminance).to(self.model.device), **where)

    @torch.inference_mode()
    def decode(
        self, features: Any, hints: HintArrays, palette: np.ndarray | None = None, *, vividness: float = 0.0
    ) -> Colors:
        """See `Engine`."""
        device = self.model.device
        one = {name: torch.from_numpy(array)[None] for name, array in hints._asdict().items()}
        batch = HintBatch(**one, mask=torch.ones(1, len(hints.points), dtype=torch.bool)).to(device)
        colors = None if palette is None else torch.from_numpy(palette)[None].to(device)
        output = self.model.decode(features, batch, colors, vividness=vividness)
        return Colors(
            to_numpy(output.chroma[0]),
            None if output.logits is None else to_numpy(output.logits[0]),
            None if output.luminance is None else to_numpy(output.luminance[0]),
        )


__all__ = ["TorchEngine"]
