"""Train a sampler: several different colourings of a photograph, drawn around what the flagship expects.

    python -m train.recipes.sample --config train/configs/sample/cpu.yaml --data photos/ --output runs/sample

The flagship is frozen; its features of each crop are computed once and serve several draws of noise. Flow matching with
L2, averaged weights, colours of the flagship left out now and then (for guidance), hints on some crops.

Leaves in the output folder: `model/`, a `ColorizationDiffusionPipeline` (averaged weights, fp16, and the flagship's),
curves, and `result.json`.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from diffusers.models.unets.unet_2d import UNet2DModel
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from torch import Tensor

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.diffusion_pipeline import ColorizationDiffusionPipeline
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.base import CHROMA_SCALE
from colorizer_hf.models.chroma_flow import (
    CELL,
    CHROMA_UNIT,
    FlowConditions,
    condition_channels,
    describe,
    without_encoder,
)
from colorizer_hf.models.chromaformer import ChromaFormerModel
from train.parts.config import ConfigError, RunConfig
from train.parts.data import DataConfig, RandomCrop, load_photos
from train.parts.degradation import Degradation, DegradationConfig
from train.parts.flow import draw, flow_loss
from train.parts.hint_simulation import HintConfig, simulate_hints
from train.parts.loop import Objective, ObjectiveOutput, Trainer
from train.parts.photo_set import WEAK_CHROMA
from train.parts.run import command_line, run

SAMPLES, STEPS = 4, 4  # of what is measured on the way


@dataclass(frozen=True)
class SampleConfig(RunConfig):
    """A run of this recipe; `model` has fields of `UNet2DModel`, `init` a folder with one.

    Attributes:
        encoder: The frozen flagship: a bundled name, a folder or a Hub id.
        draws: Draws of noise for each crop.
        without_features: Share of the draws that see nothing of the flagship's features.
        degradation: How photographs are made to look old.
        hints: How hints are simulated.
    """

    encoder: str = "chromaformer"
    draws: int = 4
    without_features: float = 0.1
    degradation: DegradationConfig = field(default_factory=DegradationConfig)
    hints: HintConfig = field(default_factory=lambda: HintConfig(none_share=0.7, max_count=30))


class SampleObjective(Objective):
    """Describe each crop once, and learn the velocity at several places of several paths from it."""

    network: UNet2DModel  # ty: ignore[incompatible-attribute-override]

    def __init__(self, config: SampleConfig) -> None:
        super().__init__()
        self.encoder = load_encoder(config.encoder)
        self.network = build_unet(config, self.encoder)
        self.degradation = Degradation(config.degradation)
        self.config = config

    def forward(self, photos: Tensor, generator: torch.Generator) -> ObjectiveOutput:
        """The loss of a batch of photos (B, 3, H, W) uint8, and its terms."""
        draws = self.config.draws
        luminance, chroma = rgb_to_lab(photos / 255)
        weak = chroma.norm(dim=1).mean(dim=(1, 2)) * CHROMA_SCALE < WEAK_CHROMA
        luminance = self.degradation(luminance, generator, weak)
        target, conditions = describe_crops(self.encoder, luminance, chroma, self.config.hints, generator)
        channels = conditions.channels.repeat(draws, 1, 1, 1)
        dropped = torch.rand(len(channels), generator=generator) < self.config.without_features
        channels = without_encoder(channels, dropped.to(channels.device))
        loss = flow_loss(self.network, target.repeat(draws, 1, 1, 1), channels, generator).mean()
        return ObjectiveOutput(loss, {"flow": loss.item()})


class SampleTrainer(Trainer):
    """Saves a whole pipeline, the flagship inside, as diffusers does."""

    weights = "unet/diffusion_pytorch_model.safetensors"

    def _write_model(self, folder: Path) -> None:
        objective = cast(SampleObjective, self.accelerator.unwrap_model(self.objective))
        unet = cast(UNet2DModel, copy.deepcopy(self.ema.module)).half()
        encoder = copy.deepcopy(objective.encoder).half()
        ColorizationDiffusionPipeline(
            unet, FlowMatchEulerDiscreteScheduler(), encoder, size=self.config.data.crop_size
        ).save_pretrained(folder)
        for weights in folder.rglob("*.safetensors"):
            weights.chmod(0o644)  # safetensors leaves it to its owner alone


def load_encoder(checkpoint: str) -> ChromaFormerModel:
    """The flagship, frozen.

    Raises:
        ConfigError: it is another network.
    """
    encoder = load_model(checkpoint)
    if not isinstance(encoder, ChromaFormerModel):
        raise ConfigError(f"encoder must be a ChromaFormer, got {type(encoder).__name__} of {checkpoint}")
    return encoder.float().eval().requires_grad_(False)


def build_unet(config: SampleConfig, encoder: ChromaFormerModel) -> UNet2DModel:
    """The network of a run: that of `init`, or a new one.

    Raises:
        ConfigError: its configuration does not take what `model` says.
    """
    if config.init:
        return UNet2DModel.from_pretrained(config.init, torch_dtype=torch.float32)
    try:
        return UNet2DModel(in_channels=2 + condition_channels(encoder), out_channels=2, **config.model)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"model does not describe a UNet2DModel: {error}") from error


@torch.no_grad()
def describe_crops(
    encoder: ChromaFormerModel, luminance: Tensor, chroma: Tensor, hints: HintConfig, generator: torch.Generator
) -> tuple[Tensor, FlowConditions]:
    """What a sampler should draw for crops, (B, 2, h, w) in `CHROMA_UNIT`, and what it is told.

    Args:
        encoder: The flagship.
        luminance: (B, 1, H, W) in [0, 1].
        chroma: (B, 2, H, W), ab / 110.
        hints: How to draw hints.
        generator: Decides them.
    """
    features = encoder.encode(luminance)
    conditions = describe(encoder, features, luminance, simulate_hints(chroma, hints, generator))
    return (F.avg_pool2d(chroma, CELL) - conditions.base) / CHROMA_UNIT, conditions


def build_flow_evaluator(config: SampleConfig) -> Callable[[UNet2DModel, int], dict[str, float]] | None:
    """What a run measures, on whole photographs never trained on; None if it names none.

    All in cells: the loss; error (root of the mean square, Lab units) of the flagship, and of samples in the mean and
    of the nearest of four; how far samples of a photo lie apart; their chroma over the truth's.
    """
    wanted = config.evaluation
    if wanted.photos is None:
        return None
    size = config.data.crop_size
    photos = load_photos(DataConfig((wanted.photos,), stored_size=size, min_chroma=0, limit=wanted.limit))
    whole = RandomCrop(size, 1.0)
    crops = torch.stack([whole(photo, np.random.default_rng(n)) for n, photo in enumerate(photos)])
    luminance, chroma = rgb_to_lab(crops / 255)
    encoder = load_encoder(config.encoder)

    def measure(unet: UNet2DModel, step: int) -> dict[str, float]:
        del step
        unet.eval()
        totals: dict[str, float] = {}
        for start in range(0, len(crops), 16):
            part = slice(start, start + 16)
            generator = torch.Generator().manual_seed(start)
            target, told = describe_crops(encoder, luminance[part], chroma[part], HintConfig(1.0), generator)
            for name, value in _measure(unet, target, told, generator).items():
                totals[name] = totals.get(name, 0.0) + float(value.sum())
        return {name: total / len(crops) for name, total in totals.items()}

    return measure


def _measure(unet: UNet2DModel, target: Tensor, told: FlowConditions, generator: torch.Generator) -> dict[str, Tensor]:
    """Figures (B,) of photos; see `build_flow_evaluator`."""
    unit = CHROMA_UNIT * CHROMA_SCALE
    loss = flow_loss(unet, target, told.channels, generator)
    samples = torch.stack([draw(unet, told.channels, STEPS, generator) for _ in range(SAMPLES)])
    errors = (samples - target).square().mean(dim=(2, 3, 4)).sqrt() * unit  # (SAMPLES, B)
    apart = (samples[0] - samples[1]).square().mean(dim=(1, 2, 3)).sqrt() * unit
    base = told.base / CHROMA_UNIT
    colors, truth = ((base + x).norm(dim=-3).mean(dim=(-2, -1)) * unit for x in (samples, target))
    return {
        "flow": loss,
        "expected_error": target.square().mean(dim=(1, 2, 3)).sqrt() * unit,
        "mean_error": errors.mean(dim=0),
        "best_error": errors.amin(dim=0),
        "apart": apart,
        "chroma": colors.mean(dim=0),
        "true_chroma": truth,
    }


def train(config: SampleConfig, *, name: str) -> dict[str, Any]:
    """Train a sampler of colours."""
    return run(
        config,
        SampleObjective,
        recipe="sample",
        name=name,
        trainer_class=SampleTrainer,
        evaluate=build_flow_evaluator(config),  # ty: ignore[invalid-argument-type]
    )


if __name__ == "__main__":
    command_line(train, SampleConfig)
