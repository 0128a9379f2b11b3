"""A result of arrays is one of tensors, and needs no torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

from colorizer_hf.imaging import Photo, read
from colorizer_hf.result import ColorizationResult

HEIGHT, WIDTH = 301, 223  # no multiple of anything
SIDES = pytest.mark.parametrize("cells", [(76, 56), (400, 300)], ids=["coarse", "finer than the photo"])


def photo(dtype: type[np.unsignedinteger]) -> Photo:
    """A gray photograph with black, white and even areas, and alpha."""
    codes = skimage.data.camera()[:HEIGHT, :WIDTH].copy()
    codes[:60], codes[60:90, :100], codes[90:140, 50:] = 0, 255, 90
    codes = codes.astype(dtype) * (np.iinfo(dtype).max // 255)
    return read(np.stack([codes, codes, codes, codes[::-1]], axis=-1))


def prediction(cells: tuple[int, int]) -> dict[str, np.ndarray]:
    """Smooth colours, and distributions over four bins."""
    y, x = np.mgrid[: cells[0], : cells[1]] / np.reshape(cells, (2, 1, 1))
    chroma = 0.4 * np.stack([np.sin(7 * x + 2 * y), np.cos(5 * y - x)])
    logits = np.stack([x, y, 1 - x, 3 * x * y])
    centers = np.array([[0.5, 0.4], [-0.5, 0.3], [0.1, -0.6], [0.0, 0.0]])
    named = {"chroma": chroma, "logits": logits, "bin_centers": centers}
    return {name: array.astype(np.float32) for name, array in named.items()}


def both(dtype: type[np.unsignedinteger], cells: tuple[int, int], **more: np.ndarray) -> list[ColorizationResult]:
    arrays = prediction(cells) | more
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return [ColorizationResult(photo(dtype), **kind) for kind in (arrays, tensors)]  # ty: ignore[invalid-argument-type]


class TestArraysAndTensors:
    @SIDES
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_give_the_same_picture(self, dtype: type[np.unsignedinteger], cells: tuple[int, int]) -> None:
        of_arrays, of_tensors = (result.pixels.astype(int) for result in both(dtype, cells))
        codes = np.iinfo(dtype).max // 255
        assert np.abs(of_arrays - of_tensors).max() <= 6 * codes
        assert np.abs(of_arrays - of_tensors).mean() < 0.01 * codes

    @SIDES
    def test_give_the_same_picture_of_a_near_infrared_frame(self, cells: tuple[int, int]) -> None:
        visible = 0.5 + prediction(cells)["chroma"][:1]
        of_arrays, of_tensors = (
            result.luminance.astype(int) for result in both(np.uint8, cells, predicted_luminance=visible)
        )
        assert np.abs(of_arrays - of_tensors).max() <= 1

    def test_give_the_same_suggestions(self) -> None:
        of_arrays, of_tensors = (result.suggestions(100, 150) for result in both(np.uint8, (76, 56)))
        assert of_arrays == of_tensors
        assert len(of_arrays) > 1


def test_needs_no_torch(tmp_path: Path) -> None:
    """From the file to the file, with only the network's answer given."""
    source, target = tmp_path / "gray.png", tmp_path / "colour.png"
    ColorizationResult(photo(np.uint8), np.zeros((2, 8, 8), np.float32), None, None).save(source)
    code = f"""
import sys
sys.modules.update(dict.fromkeys(["torch", "transformers", "kornia"]))  # importing them fails
import numpy as np
from colorizer_hf import ColorizationResult
from colorizer_hf.imaging import read
photo = read({str(source)!r})
result = ColorizationResult(photo, np.full((2, 8, 8), 0.3, np.float32), None, None)
result.save({str(target)!r})
result.preview(100)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    colors = read(target, own_colors=64).colors
    assert colors is not None
    red, _, blue = colors.reshape(-1, 3).mean(axis=0)
    assert red > blue + 20
