"""Pictures that the tests of imaging share: real files, made here."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def gray() -> np.ndarray:
    """(24, 36) uint8 with every kind of neighbourhood."""
    return np.random.default_rng(0).integers(0, 256, (24, 36), dtype=np.uint8)


@pytest.fixture
def color() -> np.ndarray:
    """(24, 36, 3) uint8."""
    return np.random.default_rng(1).integers(0, 256, (24, 36, 3), dtype=np.uint8)


@pytest.fixture
def save() -> Callable[..., bytes]:
    """Bytes of an array or PIL image saved by Pillow: `save(pixels, "PNG", **options)`."""

    def save(pixels: np.ndarray | Image.Image, format: str, **options: Any) -> bytes:
        image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
        buffer = io.BytesIO()
        image.save(buffer, format, **options)
        return buffer.getvalue()

    return save
