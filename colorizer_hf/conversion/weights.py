"""Reading weights out of files of others, without ever running what is in them."""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ..errors import CheckpointError
from .caffe import read_caffe

# What training programs call the network's weights beside their optimiser, schedule and counters.
_WRAPPINGS = ("state_dict", "model_state_dict", "model", "network", "net", "generator")


def read_weights(path: Path) -> dict[str, Tensor]:
    """The weights in a file, by the names that they have there.

    Args:
        path: A file of PyTorch, old or new, of safetensors or, if it is called `.caffemodel`, of Caffe.

    Returns:
        Tensors in float32 where they are of floats. Wrappings are undone: a dictionary around the weights, with an
        optimiser's state beside them, and the `module.` that DataParallel puts before every name.

    Raises:
        CheckpointError: the file is missing, damaged, holds no weights, or could only be read by running code.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no file {path}; give one with weights")
    content = _READERS.get(path.suffix, _pickled)(path)
    tensors = {name: value for name, value in _unwrapped(content).items() if isinstance(value, Tensor)}
    if not tensors:
        raise CheckpointError(f"{path} holds no weights; give the file of a network's state_dict")
    if all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): value for name, value in tensors.items()}
    return {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} is damaged or no safetensors file; fetch it again") from error


def _pickled(path: Path) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # about pickles of other versions
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damage shows as any exception there is
        asked = re.search(r"(?:GLOBAL|but got)\s+(\S+)", str(error)) if isinstance(error, UnpicklingError) else None
        if asked is None:
            raise CheckpointError(f"{path} is damaged or no file of PyTorch; fetch it again") from error
        raise CheckpointError(
            f"{path} holds more than weights ({asked[1].rstrip('.')}), and code in a file is never run; "
            "give a file of the network's state_dict alone"
        ) from error


_READERS = {".safetensors": _safetensors, ".caffemodel": read_caffe}


def _unwrapped(content: Any) -> Mapping[str, Any]:
    """The dictionary that holds the weights themselves."""
    while isinstance(content, Mapping) and not any(isinstance(value, Tensor) for value in content.values()):
        wrapped = [content[name] for name in _WRAPPINGS if isinstance(content.get(name), Mapping)]
        if not wrapped:
            break
        content = wrapped[0]
    if not isinstance(content, Mapping):
        return {}
    return {name: value for name, value in content.items() if isinstance(name, str)}


__all__ = ["read_weights"]
