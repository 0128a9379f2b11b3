"""Train a generator as the GAN baseline does: alone at first, then against a discriminator.

    python -m train.recipes.gan --config train/configs/gan/coco_pretrain.yaml --data photos/ --output runs/alone
    python -m train.recipes.gan --config train/configs/gan/coco_adversarial.yaml --data photos/ \
        --init runs/alone/model --output runs/gan

Stage 1 has no section `adversarial` in its configuration and descends the distance from the true chroma (L1, MSE,
Huber, with LPIPS if wanted). Stage 2 has one, and starts from the weights of stage 1 (Isola et al. 2017; the order of
the stages as in the student report "Colorizer", 2025). Any network of the registry can be the generator.

Leaves the same things as every recipe (`train/README.md`), and of stage 2 the discriminator in `model/discriminator/`,
so that `--init` takes up both.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from colorizer_hf.color import rgb_to_lab
from train.parts.adversarial import AdversarialRunConfig, AdversarialTrainer
from train.parts.loop import Objective, ObjectiveOutput, Trainer
from train.parts.losses import ReconstructionConfig, ReconstructionLoss
from train.parts.networks import build_network
from train.parts.run import command_line, run


@dataclass(frozen=True)
class GanConfig(AdversarialRunConfig):
    """A run of this recipe.

    Attributes:
        architecture: Of the generator, a key of `colorizer_hf.models.auto.ARCHITECTURES`.
        loss: Distance of a prediction from the truth.
    """

    architecture: str = "dynamic_unet"
    loss: ReconstructionConfig = field(default_factory=ReconstructionConfig)


class ReconstructionObjective(Objective):
    """Predict the chroma of photographs from their luminance."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.network = build_network(config, config.architecture)
        self.loss = ReconstructionLoss(config.loss)

    def forward(self, photos: Tensor, generator: torch.Generator) -> ObjectiveOutput:
        """The loss of a batch of photos (B, 3, H, W) uint8, its terms, and what a discriminator needs."""
        luminance, labels = rgb_to_lab(photos / 255)
        chroma = self.network(luminance).chroma
        with torch.autocast(photos.device.type, enabled=False):
            chroma = chroma.float()
            if chroma.shape != labels.shape:
                chroma = F.interpolate(chroma, labels.shape[-2:], mode="bilinear", align_corners=False)
            made, real = ({"discriminator": torch.cat([2 * luminance - 1, one], dim=1)} for one in (chroma, labels))
            return ObjectiveOutput(*self.loss(luminance, chroma, labels), made, real)


def train(config: GanConfig, *, name: str) -> dict[str, Any]:
    """Train a generator, alone or against a discriminator."""
    trainer = AdversarialTrainer if config.adversarial else Trainer
    return run(config, ReconstructionObjective, recipe="gan", name=name, trainer_class=trainer)


if __name__ == "__main__":
    command_line(train, GanConfig)
