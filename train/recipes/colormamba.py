"""Train ColorMamba (Zhai, Jin, Yang, Kang 2024) on pairs of near infrared and colour, against two discriminators.

    python -m train.recipes.colormamba --config train/configs/colormamba/cpu.yaml --output runs/colormamba \
        --set pairs.sources=[train.tar] --set test_pairs=val.tar

After the authors' released code: one discriminator knows RGB, one HSV; beside them stand squared error, features and
structure, 2,000 times as heavy for the RGB as either of them, so the network mostly learns to be near; it learns twice
while they learn once. `adversarial: null` leaves them out. What of the losses is our own says
`train/parts/translation_losses.py`. The authors start from a file of weights whose origin they do not state; this
recipe from random weights, or from `--init`.

Pairs that show what those of the evaluation show are found, and refused or dropped. Leaves what every recipe leaves
(`train/README.md`), and both discriminators beside the weights.
"""

import math
from dataclasses import dataclass
from typing import Any, cast

import torch
from kornia.color import rgb_to_grayscale, rgb_to_hsv
from torch import Tensor

from colorizer_hf.errors import TrainingDataError
from colorizer_hf.models.colormamba import ColorMambaModel
from train.parts.adversarial import AdversarialRunConfig, AdversarialTrainer
from train.parts.config import ConfigError
from train.parts.loop import Objective, ObjectiveOutput, Trainer
from train.parts.networks import build_network
from train.parts.nir_data import split_batch
from train.parts.pair_run import PairRunConfig, run_on_pairs
from train.parts.pseudo_nir import expose_anew
from train.parts.run import command_line
from train.parts.translation_losses import TranslationLoss
from train.recipes.nir import build_nir_evaluator

RGB_WEIGHT = 20  # of both sums of the RGB; those of the HSV have 1


@dataclass(frozen=True)
class ColorMambaRunConfig(AdversarialRunConfig, PairRunConfig):
    """A run of this recipe.

    Attributes:
        architecture: The network; there is one.
        contrast: Half of the pictures have theirs changed by a factor of 1 plus or minus at most this, and so has the
            frame that is seen as HSV; the one that is seen as infrared has not.
        stretch: Whether every target is brought to its full contrast first, as published; protocols for raw targets
            want what lies in the files.
    """

    architecture: str = "colormamba"
    contrast: float = 0.5
    stretch: bool = True


class ColorMambaObjective(Objective):
    """Predict RGB and HSV of frames."""

    judges = ("rgb_discriminator", "hsv_discriminator")

    def __init__(self, config: ColorMambaRunConfig) -> None:
        super().__init__()
        self.network = build_network(config, config.architecture)
        self.loss = TranslationLoss(config.backbone_weights)
        self.config = config

    def forward(self, photos: Tensor, generator: torch.Generator) -> ObjectiveOutput:
        """The loss of samples (B, 4, H, W) uint8 as `train.parts.nir_data` makes them, and its terms."""
        rgb, nir, _ = split_batch(photos)
        nir = expose_anew(nir, self.config.pairs.camera_jitter, generator)
        shown, rgb = change_contrast((nir, rgb), self.config.contrast, generator)
        hsv = to_hsv(rgb)
        if self.config.stretch:
            rgb, hsv = stretch(rgb), stretch(hsv)
        made = cast(ColorMambaModel, self.network).predict(nir, shown)
        with torch.autocast(photos.device.type, enabled=False):
            rgb_error, rgb_rest = self.loss(made.rgb.float(), rgb)
            hsv_error, hsv_rest = self.loss(made.hsv.float(), hsv)
            loss = RGB_WEIGHT * (rgb_error + rgb_rest) + hsv_error + hsv_rest
        terms = {"rgb": rgb_error, "rgb_rest": rgb_rest, "hsv": hsv_error, "hsv_rest": hsv_rest}
        pictures = [dict(zip(self.judges, both, strict=True)) for both in ((made.rgb, made.hsv), (rgb, hsv))]
        return ObjectiveOutput(loss, {name: term.item() for name, term in terms.items()}, *pictures)


def change_contrast(pictures: tuple[Tensor, Tensor], most: float, generator: torch.Generator) -> list[Tensor]:
    """Change the contrast of half of the pairs (B, 1, H, W) and (B, 3, H, W), of both pictures by one factor.

    Values move away from, or towards, the mean gray of their picture, and are clipped to [0, 1].
    """
    chance, amount = torch.rand(2, len(pictures[0]), 1, 1, 1, generator=generator)
    factor = torch.where(chance < 0.5, 1 + most * (2 * amount - 1), 1.0).to(pictures[0].device)
    changed = []
    for picture in pictures:
        gray = rgb_to_grayscale(picture.expand(-1, 3, -1, -1)).mean(dim=(2, 3), keepdim=True)
        changed.append((gray + factor * (picture - gray)).clamp(0, 1))
    return changed


def to_hsv(rgb: Tensor) -> Tensor:
    """Hue, saturation and value, all in [0, 1], of pictures (B, 3, H, W) in [0, 1]."""
    hue, others = rgb_to_hsv(rgb).split([1, 2], dim=1)
    return torch.cat([hue / (2 * math.pi), others], dim=1)


def stretch(picture: Tensor) -> Tensor:
    """Pictures (B, C, H, W) from their smallest to their largest value, those of all channels together."""
    picture = picture - picture.amin(dim=(1, 2, 3), keepdim=True)
    return picture / (picture.amax(dim=(1, 2, 3), keepdim=True) + 0.001 / 255)


def train(config: ColorMambaRunConfig, *, name: str) -> dict[str, Any]:
    """Train ColorMamba, against discriminators or alone."""
    if config.pairs.photo_share:
        raise ConfigError("this recipe learns from pairs alone; set pairs.photo_share to 0")
    if not config.pairs.sources:
        raise TrainingDataError("there are no pairs to train on; set pairs.sources to folders or tars of them")
    return run_on_pairs(
        config,
        ColorMambaObjective,
        recipe="colormamba",
        name=name,
        build_evaluator=build_nir_evaluator,
        trainer_class=AdversarialTrainer if config.adversarial else Trainer,
    )


if __name__ == "__main__":
    command_line(train, ColorMambaRunConfig)
