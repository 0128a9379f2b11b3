"""Networks that are small enough for tests, and a detector."""

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import YolosConfig, YolosForObjectDetection, YolosImageProcessorPil

from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.models.instance_fusion import InstanceFusionConfig, InstanceFusionModel

TINY_RESNET: dict[str, Any] = {
    "model_type": "resnet",
    "embedding_size": 8,
    "hidden_sizes": [8, 12, 16, 20],
    "depths": [1, 1, 1, 1],
    "layer_type": "basic",
}
SMALL_CHROMAFORMER: dict[str, Any] = {  # on the flagship's own encoder
    "hidden_size": 16,
    "num_layers": 1,
    "num_heads": 2,
    "decoder_channels": [12, 8],
    "decoder_depths": [1, 1],
}
TINY_CHROMAFORMER: dict[str, Any] = SMALL_CHROMAFORMER | {"backbone": "transformers", "backbone_config": TINY_RESNET}

TINY_COCOLOR: dict[str, Any] = {
    "gray": {"model_type": "unet", "width": 4, "depth": 2},
    "nir": {"model_type": "unet", "width": 4, "depth": 2, "modality": "nir", "predicts_luminance": True},
    "translator_width": 4,
    "fusion_width": 8,
    "working_size": 64,
}
TINY_COLORMAMBA: dict[str, Any] = {"width": 8, "depth": 6, "state_size": 2}
TINY_INSTANCE_FUSION: dict[str, Any] = {"width": 4, "fusion_width": 4, "instance_size": 32, "working_size": 32}


def strengthen(network: nn.Module) -> None:
    """Give convolutions weights with which activations neither vanish nor grow."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight)


def save_instance_fusion(folder: Path) -> Path:
    """A checkpoint of an instance-aware network; gives its folder."""
    torch.manual_seed(0)
    model = InstanceFusionModel(InstanceFusionConfig(**TINY_INSTANCE_FUSION))
    strengthen(model)
    model.save_pretrained(folder)
    ColorizerImageProcessor(working_size=32, size_multiple=8).save_pretrained(folder)
    return folder


def save_detector(folder: Path, edges: tuple[float, float, float, float], *, score: float = 0.9) -> Path:
    """A detector that finds one thing in every photograph, several times.

    Args:
        folder: Where it is saved.
        edges: Left, top, right and bottom of the thing, in shares of the photograph's width and height.
        score: How sure the detector is.

    Returns:
        The folder.
    """
    sizes: Any = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    sizes |= {"image_size": [64, 64], "patch_size": 16, "num_detection_tokens": 3, "num_labels": 2}
    model = YolosForObjectDetection(YolosConfig(**sizes))
    left, top, right, bottom = edges
    place = torch.tensor([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top])
    kinds = torch.tensor([score, 1e-6, 1 - score - 1e-6]).log()  # the last one is no thing
    for head, answer in ((model.bbox_predictor, place.logit()), (model.class_labels_classifier, kinds)):
        last: Any = head.layers[-1]
        torch.nn.init.zeros_(last.weight)
        last.bias.data = answer
    model.save_pretrained(folder)
    YolosImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 96}).save_pretrained(folder)
    return folder
