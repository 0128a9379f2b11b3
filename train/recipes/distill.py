"""Teach a small U-Net what a large one knows.

    python -m train.recipes.distill --config train/configs/distill/student.yaml --data photos/ --output runs/student

The student descends the L1 distance of its chroma from the teacher's and from the truth, and learns to look where the
teacher looks: at every size that both know, the energy of its features over the picture shall be the teacher's
(Zagoruyko and Komodakis 2017, "Paying More Attention to Attention", section 3.1). The student report "Colorizer" takes
the Kullback-Leibler divergence of a softmax over the two channels a and b; these are coordinates, not the odds of two
classes, so that is left out.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.base import AutomaticColorizer
from train.parts.config import ConfigError, RunConfig
from train.parts.loop import Objective, ObjectiveOutput
from train.parts.networks import build_network
from train.parts.run import command_line, run


@dataclass(frozen=True, kw_only=True)
class DistillConfig(RunConfig):
    """A run of this recipe.

    Attributes:
        teacher: Its checkpoint: a folder, a bundled name or a Hub id.
        architecture: Of the student.
        imitation: Weight of the L1 distance from the teacher's chroma.
        truth: Weight of the L1 distance from the true chroma.
        attention: Weight of the distance of the features' energies.
    """

    teacher: str
    architecture: str = "pix2pix_unet"
    imitation: float = 1.0
    truth: float = 0.5
    attention: float = 10.0


class DistillObjective(Objective):
    """Predict what the teacher predicts."""

    def __init__(self, config: DistillConfig) -> None:
        super().__init__()
        self.network = _u_net(build_network(config, config.architecture), "the student")
        self.teacher = _u_net(load_model(config.teacher), "the teacher").requires_grad_(False)
        self.weights = {name: getattr(config, name) for name in ("imitation", "truth", "attention")}

    def forward(self, photos: Tensor, generator: torch.Generator) -> ObjectiveOutput:
        """The loss of a batch of photos (B, 3, H, W) uint8, and its terms."""
        luminance, labels = rgb_to_lab(photos / 255)
        with torch.no_grad():
            shown = self.teacher.contract(luminance)
            taught = self.teacher.expand(shown, luminance)
        student = _u_net(self.network, "the student")
        maps = student.contract(luminance)
        chroma = student.expand(maps, luminance)
        terms = {
            "imitation": F.l1_loss(chroma, taught),
            "truth": F.l1_loss(chroma, labels),
            "attention": attention_distance(maps, shown),
        }
        loss = sum((self.weights[name] * term for name, term in terms.items()), torch.zeros((), device=photos.device))
        return ObjectiveOutput(loss, {name: term.item() for name, term in terms.items()})


def attention_distance(maps: list[Tensor], others: list[Tensor]) -> Tensor:
    """How differently two networks spread their features' energy over the picture; a scalar in [0, 4].

    Args:
        maps: Feature maps (B, C, h, w) of one.
        others: Of the other; those of a size that both have are compared, whatever their channels.
    """
    by_size = {tuple(other.shape[-2:]): other for other in others}
    pairs = [(ours, by_size[size]) for ours in maps if (size := tuple(ours.shape[-2:])) in by_size]
    distances = [(_attention(a) - _attention(b)).square().sum(dim=1).mean() for a, b in pairs]
    return torch.stack(distances).mean()


def _attention(feature_map: Tensor) -> Tensor:
    """Mean square over the channels, (B, h * w) of length 1."""
    return F.normalize(feature_map.float().square().mean(dim=1).flatten(1), dim=1)


def _u_net(model: torch.nn.Module, role: str) -> AutomaticColorizer:
    if not isinstance(model, AutomaticColorizer):
        raise ConfigError(f"{role} is a {type(model).__name__}; distillation compares feature maps of U-Nets")
    return model


def train(config: DistillConfig, *, name: str) -> dict[str, Any]:
    """Train a small U-Net to do what a large one does."""
    return run(config, DistillObjective, recipe="distill", name=name)


if __name__ == "__main__":
    command_line(train, DistillConfig)
