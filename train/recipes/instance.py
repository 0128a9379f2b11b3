"""Train the instance-aware network of Su, Chu, Huang 2020 in its three stages.

    python -m train.recipes.instance --config train/configs/instance/cpu_full.yaml --data photos/ \
        --init runs/guided/model --output runs/full
    python -m train.recipes.instance --config train/configs/instance/cpu_instance.yaml --data photos/ \
        --init runs/full/model --output runs/instance
    python -m train.recipes.instance --config train/configs/instance/cpu_fusion.yaml --data photos/ \
        --init runs/instance/model --output runs/fusion

* `full`: the network of whole photographs learns, from the checkpoint of a siggraph17 if one is given;
* `instance`: the network of single things begins as that one and learns from one thing of each photograph;
* `fusion`: what weighs things against the whole learns, with the last two convolutions of the network that fuses, which
  begins as the first one; everything else is as it is in evaluation.

Every stage leaves a checkpoint of all three networks for the next, and what every recipe leaves (`train/README.md`).
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, cast

import torch

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.errors import CheckpointError
from colorizer_hf.models.base import ColorizerOutput
from colorizer_hf.models.instance_fusion import InstanceFusionModel
from colorizer_hf.models.siggraph17 import Siggraph17Model
from train.parts.boxes import BoxSource
from train.parts.config import ConfigError, RunConfig
from train.parts.loop import Objective, ObjectiveOutput
from train.parts.networks import build_network
from train.parts.run import command_line, run
from train.parts.things import BoxedPhotos, build_thing_loader

CLASS_HEAD = "class_head."


@dataclass(frozen=True)
class InstanceConfig(RunConfig):
    """A run of this recipe.

    Attributes:
        architecture: The network; there is one.
        stage: What learns.
        boxes: Where boxes around things come from; see `train/parts/boxes.py`.
    """

    architecture: Literal["instance_fusion"] = "instance_fusion"
    stage: Literal["full", "instance", "fusion"] = "full"
    boxes: BoxSource = "json"


class InstanceObjective(Objective):
    """The Huber distance of the colours that one of the networks gives."""

    def __init__(self, config: InstanceConfig) -> None:
        super().__init__()
        self.network = start_network(config)
        self.stage = config.stage

    def forward(self, photos: Any, generator: torch.Generator) -> ObjectiveOutput:
        """The loss of a batch (B, 3, H, W) uint8; in the last stage of `BoxedPhotos`."""
        network, boxes = cast(InstanceFusionModel, self.network), None
        if self.stage == "fusion":
            boxed: BoxedPhotos = photos
            photos, boxes = boxed.photos, boxed.boxes
        luminance, chroma = rgb_to_lab(photos / 255)
        if self.stage == "instance":
            output = ColorizerOutput(network.run(network.instance, luminance))
        else:
            output = network(luminance, boxes=boxes)
        with torch.autocast(luminance.device.type, enabled=False):
            loss = network.loss(output, chroma)
        return ObjectiveOutput(loss, {"loss": loss.item()})


def start_network(config: InstanceConfig) -> InstanceFusionModel:
    """The network at the beginning of a stage, with what learns there marked.

    Raises:
        ConfigError: there is no checkpoint of the stage before.
        CheckpointError: the checkpoint does not fit.
    """
    if config.stage == "full":
        network = start_full_network(config)
        learning = network.full
    elif config.init is None:
        raise ConfigError(f"stage {config.stage} goes on from the stage before; set init to its checkpoint")
    else:
        network = cast(InstanceFusionModel, build_network(config, "instance_fusion"))
        learning = network.instance if config.stage == "instance" else network.fusion
        learning.load_state_dict(network.full.state_dict())
    if config.stage == "fusion":
        network.train_fusion_only()
    else:
        network.requires_grad_(False)
        learning.requires_grad_(True)
    return network


def start_full_network(config: InstanceConfig) -> InstanceFusionModel:
    """A new network whose part for whole photographs has the weights of a siggraph17, if there is one to start from.

    Raises:
        CheckpointError: the checkpoint is none of a siggraph17 with hints.
    """
    if config.init is None:
        return cast(InstanceFusionModel, build_network(config, "instance_fusion"))
    given = Siggraph17Model.from_pretrained(config.init)
    if given.config.global_hints:
        raise CheckpointError(f"{config.init} takes palettes; stage full starts from a siggraph17 that takes hints")
    model = config.model | {"width": given.config.width, "mask_center": given.config.mask_center}
    network = cast(InstanceFusionModel, build_network(replace(config, init=None, model=model), "instance_fusion"))
    weights = given.network.state_dict().items()
    network.full.load_state_dict({key: value for key, value in weights if not key.startswith(CLASS_HEAD)})
    return network


def train(config: InstanceConfig, *, name: str) -> dict[str, Any]:
    """Train the instance-aware network, one of its stages."""
    loader = None  # crops of whole photographs
    if config.stage != "full":
        loader = partial(
            build_thing_loader,
            config.data,
            config.boxes,
            size=config.data.crop_size,
            is_whole=config.stage == "fusion",
            batch_size=config.batch_size,
            seed=config.seed,
        )
    return run(config, InstanceObjective, recipe="instance", name=name, build_loader=loader)


if __name__ == "__main__":
    command_line(train, InstanceConfig)
