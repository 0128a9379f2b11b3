"""Train a network on near-infrared (NIR) frames: it learns the luminance in visible light and the chroma.

    python -m train.recipes.nir --config train/configs/nir/pseudo.yaml --data photos/ --output runs/pseudo
    python -m train.recipes.nir --config train/configs/nir/pairs.yaml --data photos/ --init runs/pseudo/model \
        --output runs/nir --set pairs.sources=[train.tar] --set test_pairs=val.tar

The flagship starts from the checkpoint for gray photographs. First on infrared made up from colour photographs, then on
registered pairs with a share of the former, so that what the few pairs do not show is not forgotten. Pairs that show
what those of the evaluation show are found, and refused or dropped (`train/parts/leaks.py`).
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.metrics.pairs import NirPair
from colorizer_hf.metrics.vcip2020 import evaluate_pairs
from colorizer_hf.models.base import ColorizerModel, luminance_loss
from colorizer_hf.models.cocolor import NIR
from colorizer_hf.pipeline import ColorizationPipeline, nir_colorizer
from train.parts.hint_simulation import HintConfig, simulate_hints
from train.parts.loop import Evaluator, Objective, ObjectiveOutput
from train.parts.losses import LossConfig, colorization_loss
from train.parts.networks import build_network, widen_for_nir
from train.parts.nir_data import split_batch
from train.parts.pair_run import PairRunConfig, run_on_pairs
from train.parts.pseudo_nir import PseudoNirConfig, expose_anew, make_pseudo_nir
from train.parts.run import command_line

MEASURES = ("psnr", "luma_psnr", "ssim", "angle", "ciede2000")


@dataclass(frozen=True)
class NirConfig(PairRunConfig):
    """A run of this recipe.

    Attributes:
        architecture: Of the network, a key of `colorizer_hf.models.auto.ARCHITECTURES`.
        pseudo: How infrared is made up from `data`.
        hints: How hints are simulated, as all below for networks that take them; others descend their own loss.
        loss: Weights of the chroma's terms.
        luminance: Weight of the luminance's term.
    """

    architecture: str = "chromaformer"
    pseudo: PseudoNirConfig = field(default_factory=PseudoNirConfig)
    hints: HintConfig = field(default_factory=HintConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    luminance: float = 10.0


class NirObjective(Objective):
    """Predict luminance and chroma of what was seen in infrared, without and with simulated hints."""

    def __init__(self, config: NirConfig) -> None:
        super().__init__()
        self.network = build_nir_network(config)
        self.pseudo = config.pseudo
        self.jitter = config.pairs.camera_jitter
        self.hints = config.hints
        self.loss = config.loss
        self.weight = config.luminance

    def forward(self, photos: Tensor, generator: torch.Generator) -> ObjectiveOutput:
        """The loss of samples (B, 4, H, W) uint8 as `train.parts.nir_data` makes them, and its terms."""
        rgb, nir, is_true = split_batch(photos)
        nir = expose_anew(nir, self.jitter, generator)
        nir = torch.where(is_true.view(-1, 1, 1, 1), nir, make_pseudo_nir(rgb, self.pseudo, generator))
        seen, _ = rgb_to_lab(nir.expand(-1, 3, -1, -1))  # a frame is read as a gray photograph is
        luminance, chroma = rgb_to_lab(rgb)
        features = self.network.encode(seen)
        if not self.network.supports_hints:
            loss = self.network.loss(self.network.decode(features), torch.cat([luminance, chroma], dim=1))
            return ObjectiveOutput(loss, {"loss": loss.item()})
        with torch.autocast(photos.device.type, enabled=False):
            hints = simulate_hints(chroma, self.hints, generator)
            automatic, hinted = self.network.decode(features), self.network.decode(features, hints)
            loss, terms = colorization_loss(automatic, hinted, chroma, self.loss)
            assert automatic.luminance is not None  # of a network that predicts it
            distance = luminance_loss(automatic.luminance, luminance)
            return ObjectiveOutput(loss + self.weight * distance, terms | {"luminance": distance.item()})


def build_nir_network(config: NirConfig) -> ColorizerModel:
    """The network of a run; from a checkpoint for gray photographs it is all but what gives the luminance.

    Raises:
        ConfigError: networks of this architecture predict no luminance.
        CheckpointError: the checkpoint cannot be loaded.
    """
    if not config.init:
        return build_network(config, config.architecture, **NIR)
    model = build_network(config, config.architecture)
    return model if model.config.modality == "nir" else widen_for_nir(model)


def build_nir_evaluator(test: list[NirPair]) -> Evaluator:
    """Means over pairs at full size: what the product makes of each frame, beside the luminance of the frame."""

    def measure(model: ColorizerModel, step: int) -> dict[str, float]:
        colorize = ColorizationPipeline(model, device=model.device)
        row = evaluate_pairs(test, nir_colorizer(colorize)).rows[0]  # all pairs, raw
        floor = row.references["nir_copied"]
        measured = {name: getattr(row, name) for name in MEASURES}
        return measured | {"nir_psnr": floor.psnr, "nir_luma_psnr": floor.luma_psnr}

    return measure


def train(config: NirConfig, *, name: str) -> dict[str, Any]:
    """Train a network on near-infrared frames."""
    return run_on_pairs(config, NirObjective, recipe="nir", name=name, build_evaluator=build_nir_evaluator)


if __name__ == "__main__":
    command_line(train, NirConfig)
