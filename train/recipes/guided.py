"""Train the user-guided network of Zhang et al. 2017 (siggraph17), or its forerunner of 2016 (eccv16).

    python -m train.recipes.guided --config train/configs/guided/cpu_classification.yaml --data photos/ \
        --output runs/classification
    python -m train.recipes.guided --config train/configs/guided/cpu_regression.yaml --data photos/ \
        --init runs/classification/model --output runs/guided

siggraph17 learns in stages, as in its authors' released PyTorch code: first the trunk learns to classify colours,
without hints, and the decoder learns beside it from features through which no gradient flows; then all of it learns
colours, with simulated hints, and the head over chroma bins learns from such features. With `model.global_hints` it is
told the histogram of some photographs instead. eccv16 learns to classify alone: colours spread over their nearest bins,
rare ones counting more if that is wanted.

Leaves the same things as every recipe (`train/README.md`).
"""

from dataclasses import dataclass, field
from typing import Any, Literal, cast

import torch
from torch import Tensor

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.models.base import ColorizerOutput
from colorizer_hf.models.chroma_bins import bin_cross_entropy, gaussian_bin_targets
from colorizer_hf.models.eccv16 import STRIDE
from colorizer_hf.models.siggraph17 import Siggraph17Model
from train.parts.config import RunConfig
from train.parts.hint_simulation import HintConfig, simulate_hint_map
from train.parts.loop import Objective, ObjectiveOutput
from train.parts.networks import build_network
from train.parts.palette_simulation import true_palette
from train.parts.rebalancing import measure_rarity
from train.parts.run import command_line, run


@dataclass(frozen=True)
class GuidedConfig(RunConfig):
    """A run of this recipe.

    Attributes:
        architecture: The network.
        stage: What the trunk of siggraph17 learns from.
        hints: How hints are simulated, for siggraph17.
        whole_share: Share of the photographs that show it all of their colours as hints.
        told_share: Share of the photographs whose palette a network with global hints is told.
        rebalance: Makes rare colours count more for eccv16, see `rebalancing.bin_rarity`; None: all alike.
    """

    architecture: Literal["siggraph17", "eccv16"] = "siggraph17"
    stage: Literal["classification", "regression"] = "classification"
    hints: HintConfig = field(default_factory=HintConfig)
    whole_share: float = 0.0
    told_share: float = 0.5
    rebalance: float | None = None


class GuidedObjective(Objective):
    """siggraph17: the distance of the colours and the cross-entropy of their distribution."""

    def __init__(self, config: GuidedConfig) -> None:
        super().__init__()
        self.network = build_network(config, "siggraph17")
        cast(Siggraph17Model, self.network).network.stage = config.stage
        self.config = config

    def forward(self, photos: Tensor, generator: torch.Generator) -> ObjectiveOutput:
        """The loss of a batch of photos (B, 3, H, W) uint8."""
        luminance, chroma = rgb_to_lab(photos / 255)
        network = cast(Siggraph17Model, self.network)
        if network.supports_palette:
            is_told = torch.rand(len(photos), 1, 1, generator=generator) < self.config.told_share
            palette = true_palette(chroma)
            palette[..., 2:] *= is_told.to(palette.device)  # no shares at all are no palette
            output = network(luminance, palette=palette)
        else:
            hint_map, mask = simulate_hint_map(chroma, self.config.hints, self.config.whole_share, generator)
            output = ColorizerOutput(*network.run_painted(luminance, hint_map, mask))
        with torch.autocast(photos.device.type, enabled=False):
            loss = network.loss(output, chroma)
        return ObjectiveOutput(loss, {"loss": loss.item()})


class Eccv16Objective(Objective):
    """eccv16: the cross-entropy of its distribution with softened colours."""

    def __init__(self, config: GuidedConfig) -> None:
        super().__init__()
        self.network = build_network(config, "eccv16")
        self.rarity = None if config.rebalance is None else measure_rarity(config.data, config.rebalance)

    def forward(self, photos: Tensor, generator: torch.Generator) -> ObjectiveOutput:
        """The loss of a batch of photos (B, 3, H, W) uint8."""
        luminance, chroma = rgb_to_lab(photos / 255)
        logits = self.network.encode(luminance).logits
        with torch.autocast(photos.device.type, enabled=False):
            sampled = chroma[..., ::STRIDE, ::STRIDE]
            loss = bin_cross_entropy(logits, sampled, self.rarity, gaussian_bin_targets)
        return ObjectiveOutput(loss, {"loss": loss.item()})


def train(config: GuidedConfig, *, name: str) -> dict[str, Any]:
    """Train siggraph17 or eccv16."""
    objective = Eccv16Objective if config.architecture == "eccv16" else GuidedObjective
    return run(config, objective, recipe="guided", name=name)


if __name__ == "__main__":
    command_line(train, GuidedConfig)
