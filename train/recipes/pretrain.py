"""Train the flagship on colour photographs, with simulated hints.

    python -m train.recipes.pretrain --config train/configs/pretrain/cpu.yaml --data photos/ --output runs/first

Learns the automatic prediction and the hint spread at once: each batch is encoded once and decoded without and with
hints. Resumes by itself when the output folder holds a checkpoint; `--init` starts a new run from old weights.

Leaves in the output folder: `model/` (averaged weights, fp16, as `from_pretrained` reads them), `samples/`, curves, and
`result.json`, to be kept in `train/results/`.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.models.base import CHROMA_SCALE
from train.parts.config import RunConfig
from train.parts.degradation import Degradation, DegradationConfig
from train.parts.hint_simulation import HintConfig, simulate_hints
from train.parts.loop import Objective, ObjectiveOutput
from train.parts.losses import LossConfig, colorization_loss
from train.parts.networks import build_network
from train.parts.photo_set import WEAK_CHROMA
from train.parts.rebalancing import measure_rarity
from train.parts.run import command_line, run


@dataclass(frozen=True)
class PretrainConfig(RunConfig):
    """A run of this recipe.

    Attributes:
        degradation: How photographs are made to look old.
        hints: How hints are simulated.
        loss: Weights of the loss terms.
    """

    degradation: DegradationConfig = field(default_factory=DegradationConfig)
    hints: HintConfig = field(default_factory=HintConfig)
    loss: LossConfig = field(default_factory=LossConfig)


class PretrainObjective(Objective):
    """Encode once, decode without and with simulated hints; some photographs look old, their colours do not."""

    def __init__(self, config: PretrainConfig) -> None:
        super().__init__()
        self.network = build_network(config, "chromaformer")
        self.degradation = Degradation(config.degradation)
        self.hints = config.hints
        self.loss = config.loss
        self.rarity = None if config.loss.rebalance is None else measure_rarity(config.data, config.loss.rebalance)

    def forward(self, photos: Tensor, generator: torch.Generator) -> ObjectiveOutput:
        """The loss of a batch of photos (B, 3, H, W) uint8, and its terms."""
        luminance, chroma = rgb_to_lab(photos / 255)
        weak = chroma.norm(dim=1).mean(dim=(1, 2)) * CHROMA_SCALE < WEAK_CHROMA
        features = self.network.encode(self.degradation(luminance, generator, weak))
        with torch.autocast(photos.device.type, enabled=False):
            hints = simulate_hints(chroma, self.hints, generator)
            automatic, hinted = self.network.decode(features), self.network.decode(features, hints)
            return ObjectiveOutput(*colorization_loss(automatic, hinted, chroma, self.loss, self.rarity))


def train(config: PretrainConfig, *, name: str) -> dict[str, Any]:
    """Train the flagship."""
    return run(config, PretrainObjective, recipe="pretrain", name=name)


if __name__ == "__main__":
    command_line(train, PretrainConfig)
