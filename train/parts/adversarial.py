"""Adversarial training: a generator against a discriminator that knows photographs.

Isola et al. 2017 ("pix2pix"), section 3; least squares: Mao et al. 2017. One forward pass of the generator a step:

1. the discriminator judges real pictures and detached predictions, apart from each other, and learns;
2. frozen, it judges the prediction again, and the generator learns from that and from its own loss.

The frozen discriminator stays in training mode, as in the reference code: its batch statistics see every picture.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import RunConfig
from .discriminator import PatchDiscriminator, PatchDiscriminatorConfig
from .loop import Trainer, adamw, learning_rate_factor, set_learning_rates

DISCRIMINATOR = "discriminator"  # its folder beside the generator's weights


@dataclass(frozen=True)
class AdversarialConfig:
    """The game.

    Attributes:
        mode: "vanilla" (binary cross-entropy on logits) or "lsgan" (least squares).
        reconstruction: Weight of the generator's own loss beside the adversarial one (lambda of pix2pix). It belongs to
            chroma in ab / 110: the published 100 for ab / 255 is 43 here.
        lr: Learning rate of the discriminator.
        betas: Of the discriminator's moments.
        width: See `PatchDiscriminatorConfig`, as the next two.
        all_strided: The student report's variant; pix2pix has False.
        spectral_norm: Instead of batch norm.
    """

    mode: Literal["vanilla", "lsgan"] = "vanilla"
    reconstruction: float = 100.0
    lr: float = 2e-4
    betas: tuple[float, ...] = (0.5, 0.999)
    width: int = 64
    all_strided: bool = False
    spectral_norm: bool = False


@dataclass(frozen=True)
class AdversarialRunConfig(RunConfig):
    """A run that may be adversarial.

    Attributes:
        adversarial: The game; None trains the generator alone.
    """

    adversarial: AdversarialConfig | None = field(default=None)


def adversarial_loss(logits: Tensor, *, real: bool, mode: str) -> Tensor:
    """How far logits are from calling pictures real (or made up); a scalar."""
    target = torch.full_like(logits, float(real))
    loss = F.binary_cross_entropy_with_logits if mode == "vanilla" else F.mse_loss
    return loss(logits, target)


class DiscriminatorObjective(nn.Module):
    """What the discriminator learns: real pictures from made-up ones."""

    def __init__(self, network: PatchDiscriminator, mode: str) -> None:
        super().__init__()
        self.network = network
        self.mode = mode

    def forward(self, luminance: Tensor, chroma: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Loss, and the share of patches that are judged rightly, of predictions (B, 2, H, W) without gradient."""
        real, fake = self.judge(luminance, labels), self.judge(luminance, chroma.detach())
        loss = adversarial_loss(real, real=True, mode=self.mode) + adversarial_loss(fake, real=False, mode=self.mode)
        border = 0.0 if self.mode == "vanilla" else 0.5
        accuracy = ((real > border).float().mean() + (fake <= border).float().mean()) / 2
        return loss / 2, accuracy

    def judge(self, luminance: Tensor, chroma: Tensor) -> Tensor:
        """Logits of pictures given as luminance in [0, 1] and chroma."""
        return self.network(torch.cat([luminance * 2 - 1, chroma], dim=1))


class AdversarialTrainer(Trainer):
    """A trainer whose generator also has to convince a discriminator.

    The objective's output must hold `luminance`, `chroma` and `labels`. A discriminator that lies beside the weights of
    `config.init` is taken over. See `Trainer` for the arguments.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        assert isinstance(self.config, AdversarialRunConfig)
        assert self.config.adversarial is not None  # the caller has looked
        self.game = self.config.adversarial
        objective = DiscriminatorObjective(build_discriminator(self.config.init, self.game), self.game.mode)
        self.discriminator = objective
        parameters = list(objective.parameters())
        optimizer = adamw(
            [{"params": parameters, "lr": self.game.lr, "peak_lr": self.game.lr, "weight_decay": 0.0}], self.game.betas
        )
        self.discriminator_objective, self.discriminator_optimizer = self.accelerator.prepare(objective, optimizer)

    def _step(self, photos: Tensor) -> dict[str, float]:
        output = self._predict(photos)
        luminance, chroma, labels = output.luminance, output.chroma, output.labels
        assert luminance is not None  # promised by the objective, as are the other two
        assert chroma is not None
        assert labels is not None

        share = self.done.share(self.config)
        factor = learning_rate_factor(self.done.step, share, self.config.optimizer)
        set_learning_rates(self.discriminator_optimizer, factor)
        loss, accuracy = self.discriminator_objective(luminance, chroma, labels)
        self._descend(loss, self.discriminator, self.discriminator_optimizer)

        self.discriminator.requires_grad_(False)
        judged = self.discriminator.judge(luminance, chroma)
        adversarial = adversarial_loss(judged, real=True, mode=self.game.mode)
        self._descend(adversarial + self.game.reconstruction * output.loss, self.network, self.optimizer)
        self.discriminator.requires_grad_(True)

        self.ema.update_parameters(self.network)
        return output.terms | {
            "adversarial": adversarial.item(),
            "discriminator": loss.item(),
            "accuracy": accuracy.item(),
        }

    def _write_model(self, folder: Path) -> None:
        super()._write_model(folder)
        self.discriminator.network.save_pretrained(folder / DISCRIMINATOR)


def build_discriminator(init: str | None, game: AdversarialConfig) -> PatchDiscriminator:
    """The discriminator beside the weights of `init`, or a new one."""
    if init and (Path(init) / DISCRIMINATOR / "config.json").is_file():
        return PatchDiscriminator.from_pretrained(Path(init) / DISCRIMINATOR)
    return PatchDiscriminator(
        PatchDiscriminatorConfig(width=game.width, all_strided=game.all_strided, spectral_norm=game.spectral_norm)
    )
