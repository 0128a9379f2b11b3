"""Boxes around things on photographs without a detector: from a JSON beside them, by saliency, or a grid.

The JSON is an object with a list for each photograph's file name (in a folder its path within the folder), as
`colorizer colorize --boxes` takes it: left, top, right and bottom in pixels, or an object with such a `box` and a
`score`. A classical saliency finds what stands out from the repetitions of a photograph (Hou, Zhang 2007, "Saliency
Detection: A Spectral Residual Approach"); it knows nothing of things.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from kornia.contrib import connected_components
from kornia.filters import gaussian_blur2d
from torch import Tensor

from colorizer_hf.boxes import boxes_from_json, collect_boxes
from colorizer_hf.color import rgb_to_lab
from colorizer_hf.errors import BoxError, TrainingDataError
from colorizer_hf.metrics.nir_floors import to_batch
from colorizer_hf.models.box_batch import BoxBatch

BoxSource = Literal["json", "saliency", "grid"]

MAX_BOXES = 8  # of a photograph, those with the highest scores: Su, Chu, Huang 2020
SALIENCY_SIDE = 64  # pixels of the picture whose spectrum is looked at
SALIENT = 2.0  # times the mean saliency; 3 in the paper, which leaves single spots of most photographs
SMALLEST, LARGEST = 0.02, 0.6  # area of a box that may hold a thing, as a share of the photograph


def find_boxes(source: BoxSource, picture: np.ndarray, given: list[Any] | None, size: tuple[int, int]) -> np.ndarray:
    """The boxes of a training photograph, (8, 4) as in `TrainingPhoto`.

    Args:
        source: Where they come from.
        picture: (H, W, 3) uint8.
        given: What the JSON says of it.
        size: Width and height of the photograph that the JSON speaks of.

    Raises:
        TrainingDataError: what the JSON says are no boxes.
    """
    corners = np.zeros((MAX_BOXES, 4), np.float32)
    if source == "json":
        found = given_corners(given, size)
    elif source == "saliency":
        boxes = salient_boxes(rgb_to_lab(to_batch(picture) / 255)[0])
        found = boxes.corners[boxes.mask]
    else:
        found = grid_boxes(1).corners[0]
    corners[: len(found)] = found[:MAX_BOXES]
    return corners


def given_corners(given: list[Any] | None, size: tuple[int, int]) -> np.ndarray:
    """Boxes from a JSON, (N, 4) in shares of the photograph, the surest first.

    Raises:
        TrainingDataError: they are no boxes.
    """
    try:
        boxes = sorted(collect_boxes(given, size), key=lambda box: -box.score)
    except BoxError as error:
        raise TrainingDataError(f"a JSON of boxes is wrong: {error}") from error
    return np.array([box.edges for box in boxes], np.float32).reshape(-1, 4) / np.array(size * 2, np.float32)


def read_boxes(path: Path) -> dict[str, list[Any]]:
    """The JSON of boxes beside photographs, by name; nothing where there is no such file.

    Raises:
        TrainingDataError: it is no such JSON.
    """
    if not path.is_file():
        return {}
    try:
        boxes = boxes_from_json(path.read_text(encoding="utf-8"))
    except (BoxError, UnicodeDecodeError) as error:
        raise TrainingDataError(f"{path} cannot be read as boxes: {error}") from error
    if not isinstance(boxes, dict):
        raise TrainingDataError(f"{path} must hold an object with a list for each photograph's name")
    return boxes


def salient_boxes(luminance: Tensor) -> BoxBatch:
    """Boxes around what stands out.

    Args:
        luminance: (B, 1, H, W) in [0, 1].

    Returns:
        At most 8 boxes a photograph, the most salient first; none where nothing stands out.
    """
    saliency = spectral_residual(luminance)
    mean = saliency.mean(dim=(1, 2, 3), keepdim=True)
    areas = connected_components((saliency > SALIENT * mean).float(), num_iterations=SALIENCY_SIDE)
    photos = [_boxes_of(area, level) for area, level in zip(areas[:, 0], saliency[:, 0], strict=True)]
    return BoxBatch.cat([BoxBatch(corners[None], torch.ones(1, len(corners), dtype=torch.bool)) for corners in photos])


def grid_boxes(batch: int) -> BoxBatch:
    """The four quarters of every photograph, and its middle."""
    quarters = [(0, 0, 0.5, 0.5), (0.5, 0, 1, 0.5), (0, 0.5, 0.5, 1), (0.5, 0.5, 1, 1), (0.25, 0.25, 0.75, 0.75)]
    corners = torch.tensor(quarters).expand(batch, -1, -1)
    return BoxBatch(corners, torch.ones(corners.shape[:2], dtype=torch.bool))


def spectral_residual(luminance: Tensor) -> Tensor:
    """How much each place stands out, (B, 1, 64, 64): what of the spectrum is not its own local mean."""
    side = (SALIENCY_SIDE, SALIENCY_SIDE)
    spectrum = torch.fft.fft2(F.interpolate(luminance, side, mode="bilinear", antialias=True))
    level = spectrum.abs().clamp(min=1e-8).log()
    smooth = F.avg_pool2d(F.pad(level, (1, 1, 1, 1), mode="circular"), 3, stride=1)
    residual = torch.fft.ifft2(torch.polar((level - smooth).exp(), spectrum.angle())).abs().square()
    return gaussian_blur2d(residual, (17, 17), (4.0, 4.0))


def _boxes_of(areas: Tensor, saliency: Tensor) -> Tensor:
    """Boxes (N, 4) in shares of the sides around connected areas (S, S), numbered from 1 on, by their saliency."""
    found = []
    for label in areas.unique().tolist():
        ys, xs = (areas == label).nonzero().unbind(-1)
        edges = torch.stack([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]) / len(areas)
        size = float((edges[2] - edges[0]) * (edges[3] - edges[1]))
        if label > 0 and SMALLEST <= size <= LARGEST:
            found.append((float(saliency[ys, xs].sum()), edges))
    found.sort(key=lambda pair: -pair[0])
    return torch.stack([edges for _, edges in found[:MAX_BOXES]]) if found else torch.zeros(0, 4)
