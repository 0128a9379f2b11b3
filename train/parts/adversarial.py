"""Adversarial training: a generator against discriminators that know photographs; most often there is one of them.

Isola et al. 2017 ("pix2pix"), section 3; least squares: Mao et al. 2017. One forward pass of the generator a step:

1. a discriminator judges real pictures and detached predictions, apart from each other, and learns;
2. frozen, it judges the prediction again, and the generator learns from that and from its own loss. In ColorMamba it
   then predicts and learns a second time (`generator_steps`).

The frozen discriminator stays in training mode, as in the reference code: its batch statistics see every picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import RunConfig
from .discriminator import PatchDiscriminator, PatchDiscriminatorConfig
from .loop import Objective, Trainer, adamw, learning_rate_factor, set_learning_rates


@dataclass(frozen=True)
class AdversarialConfig:
    """The game.

    Attributes:
        mode: "vanilla" (binary cross-entropy on logits) or "lsgan" (least squares).
        reconstruction: Weight of the generator's own loss beside the adversarial one (lambda of pix2pix). It belongs to
            chroma in ab / 110: the published 100 for ab / 255 is 43 here.
        lr: Learning rate of the discriminator.
        betas: Of the discriminator's moments.
        width: See `PatchDiscriminatorConfig`, as the next three.
        all_strided: The student report's variant; pix2pix has False.
        spectral_norm: Instead of batch norm.
        bound_ends: Whether its first and last convolution are bounded too.
        generator_steps: How often the generator learns while a discriminator learns once.
    """

    mode: Literal["vanilla", "lsgan"] = "vanilla"
    reconstruction: float = 100.0
    lr: float = 2e-4
    betas: tuple[float, ...] = (0.5, 0.999)
    width: int = 64
    all_strided: bool = False
    spectral_norm: bool = False
    bound_ends: bool = True
    generator_steps: int = 1


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
    """What discriminators learn: real pictures from made-up ones.

    Args:
        networks: By name.
        mode: See `AdversarialConfig`.
    """

    def __init__(self, networks: Mapping[str, PatchDiscriminator], mode: str) -> None:
        super().__init__()
        self.networks = nn.ModuleDict(dict(networks))
        self.mode = mode

    def forward(self, made: Mapping[str, Tensor], real: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Summed loss, and the share of patches that are judged rightly; no gradient reaches the pictures."""
        losses, accuracies, border = [], [], 0.0 if self.mode == "vanilla" else 0.5
        for name, network in self.networks.items():
            true, false = network(real[name]), network(made[name].detach())
            loss = adversarial_loss(true, real=True, mode=self.mode) + adversarial_loss(
                false, real=False, mode=self.mode
            )
            losses.append(loss / 2)
            accuracies.append(((true > border).float().mean() + (false <= border).float().mean()) / 2)
        return torch.stack(losses).sum(), torch.stack(accuracies).mean()

    def conviction(self, made: Mapping[str, Tensor]) -> Tensor:
        """How far pictures are from passing for real ones, summed over the discriminators; a scalar."""
        logits = [network(made[name]) for name, network in self.networks.items()]
        return torch.stack([adversarial_loss(one, real=True, mode=self.mode) for one in logits]).sum()


class AdversarialTrainer(Trainer):
    """A trainer whose generator also has to convince the discriminators that the objective names.

    The objective's output must hold `made` and `real`. Discriminators that lie beside the weights of `config.init`, in
    folders of their names, are taken over. See `Trainer` for the arguments.
    """

    def __init__(self, objective: Objective, *args: Any, **kwargs: Any) -> None:
        super().__init__(objective, *args, **kwargs)
        assert isinstance(self.config, AdversarialRunConfig)
        assert self.config.adversarial is not None  # the caller has looked
        self.game = self.config.adversarial
        judges = {name: build_discriminator(self.config.init, name, self.game) for name in objective.judges}
        self.discriminator = DiscriminatorObjective(judges, self.game.mode)
        parameters = list(self.discriminator.parameters())
        optimizer = adamw(
            [{"params": parameters, "lr": self.game.lr, "peak_lr": self.game.lr, "weight_decay": 0.0}], self.game.betas
        )
        self.discriminator_objective, self.discriminator_optimizer = self.accelerator.prepare(
            self.discriminator, optimizer
        )

    def _step(self, photos: Tensor) -> dict[str, float]:
        output = self._predict(photos)
        share = self.done.share(self.config)
        factor = learning_rate_factor(self.done.step, share, self.config.optimizer)
        set_learning_rates(self.discriminator_optimizer, factor)
        loss, accuracy = self.discriminator_objective(output.made, output.real)
        self._descend(loss, self.discriminator, self.discriminator_optimizer)

        self.discriminator.requires_grad_(False)
        for count in range(self.game.generator_steps):
            output = self._predict(photos) if count else output
            assert output.made is not None  # promised by the objective
            adversarial = self.discriminator.conviction(output.made)
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
        for name, network in self.discriminator.networks.items():
            cast(PatchDiscriminator, network).save_pretrained(folder / name)


def build_discriminator(init: str | None, name: str, game: AdversarialConfig) -> PatchDiscriminator:
    """The discriminator of a name beside the weights of `init`, or a new one."""
    if init and (Path(init) / name / "config.json").is_file():
        return PatchDiscriminator.from_pretrained(Path(init) / name)
    return PatchDiscriminator(
        PatchDiscriminatorConfig(
            width=game.width,
            all_strided=game.all_strided,
            spectral_norm=game.spectral_norm,
            bound_ends=game.bound_ends,
        )
    )
