"""Configurations of networks that are small enough for tests."""

from typing import Any

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
