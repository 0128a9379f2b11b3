"""Weights out of files of Caffe, which are protocol buffers: numbered fields, read here without Caffe.

The numbers are those of the public `caffe.proto`; encoding: protobuf.dev/programming-guides/encoding.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from ..errors import CheckpointError

# Fields of a network that hold layers, and in such a layer the fields of its name and of its blobs.
_LAYERS = {100: (1, 7), 2: (4, 6)}  # today's, and those of the older V1
_SHAPE, _DATA, _OLD_SHAPE, _DIMENSION = 7, 5, (1, 2, 3, 4), 1  # of a blob
_BATCH_NORM_BLOBS = 3  # mean, variance, and what both must be divided by; other layers have weights and biases


def read_caffe(path: Path) -> dict[str, Tensor]:
    """The weights in a `.caffemodel`, named as PyTorch would: `conv1_1.weight`, `conv1_2norm.running_mean`.

    Batch norms have statistics alone, no weights of their own.

    Raises:
        CheckpointError: the file is damaged or no such file.
    """
    try:
        weights: dict[str, Tensor] = {}
        for number, layer in _fields(memoryview(path.read_bytes())):
            if number in _LAYERS and isinstance(layer, memoryview):
                weights |= _layer(layer, *_LAYERS[number])
        return weights
    except (ValueError, LookupError, RuntimeError) as error:  # whatever damage comes out as
        raise CheckpointError(f"{path} is damaged or no file of Caffe; fetch it again") from error


def _layer(layer: memoryview, name_field: int, blob_field: int) -> dict[str, Tensor]:
    name, blobs = "", []
    for number, value in _fields(layer):
        if number == name_field and isinstance(value, memoryview):
            name = bytes(value).decode()
        elif number == blob_field and isinstance(value, memoryview):
            blobs.append(_blob(value))
    if len(blobs) != _BATCH_NORM_BLOBS:
        return {f"{name}.{part}": blob for part, blob in zip(("weight", "bias"), blobs, strict=False)}
    mean, variance, factor = blobs
    scale = 1 / factor if factor.item() else factor  # 0 of a network that never learned
    return {f"{name}.running_mean": scale * mean, f"{name}.running_var": scale * variance}


def _blob(blob: memoryview) -> Tensor:
    shape: list[int] = []
    old_shape: list[int] = []
    data = bytearray()
    for number, value in _fields(blob):
        if number == _DATA and isinstance(value, memoryview):  # packed, or one by one
            data += value
        elif number == _SHAPE and isinstance(value, memoryview):
            shape = [size for field, sizes in _fields(value) if field == _DIMENSION for size in _integers(sizes)]
        elif number in _OLD_SHAPE and isinstance(value, int):
            old_shape.append(value)
    if not shape and old_shape:  # always four numbers, of which a bias fills the last
        shape = old_shape if old_shape[:3] != [1, 1, 1] else old_shape[3:]
    return torch.frombuffer(data, dtype=torch.float32).view(shape).clone()


def _integers(value: int | memoryview) -> Iterator[int]:
    """One integer, or all that are packed."""
    if isinstance(value, int):
        yield value
        return
    place = 0
    while place < len(value):
        number, place = _varint(value, place)
        yield number


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and content of each field: an integer, or bytes."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == 0:
            value, place = _varint(message, place)
        else:
            size, place = _varint(message, place) if kind == 2 else ({1: 8, 5: 4}[kind], place)
            value, place = message[place : place + size], place + size
            if len(value) < size:
                raise ValueError("the file ends in the middle of a field")
        yield key >> 3, value


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """An integer of seven bits to a byte, and the place after it."""
    number, shift = 0, 0
    while True:
        byte = message[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place
        if shift > 63:
            raise ValueError("an integer is too long")


__all__ = ["read_caffe"]
