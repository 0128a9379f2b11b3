"""What networks of a table are measured on, and shown by: photographs, or pairs of near infrared and colour."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image

from colorizer_hf.color import lightness_table
from colorizer_hf.imaging import eight_bit, read
from colorizer_hf.metrics.lpips import Lpips
from colorizer_hf.metrics.nir_floors import TrainingColours
from colorizer_hf.metrics.pairs import NirPair
from colorizer_hf.metrics.protocols import evaluate
from colorizer_hf.metrics.vcip2020 import evaluate_pairs
from colorizer_hf.models.base import ColorizerModel
from colorizer_hf.pipeline import ColorizationPipeline, nir_colorizer

from .boxes import salient_boxes
from .experiments import side_by_side
from .palette_simulation import true_palette

MEASURED = ("ssim", "mse", "ae", "colourfulness")
TOLD: dict[str, dict[str, Any]] = {"palette": {"palette": true_palette}, "boxes": {"boxes": salient_boxes}}
SHOWN_PAIRS = 6


class Examiner(Protocol):
    """Measures the networks of a table, and draws what they make."""

    def measure(self, model: ColorizerModel, told: str | None = None) -> dict[str, Any]:
        """The evaluation of a network, or several by what they are on, with `rows`; `told` as in `Experiment`."""
        ...

    def draw(self, model: ColorizerModel, told: str | None = None) -> Image.Image:
        """What a network makes of some of them, side by side, without vividness."""
        ...

    def draw_references(self) -> dict[str, Image.Image]:
        """What the network sees of these, and what should come out if that is not plain, by what it is called."""
        ...


class PhotoExaminer:
    """Photographs whose colours are known, by the protocol of siggraph17.

    Args:
        photos: To measure on.
        shown: Files of others to draw.
        lpips: Distances to measure.
        hints: Numbers of hints to measure with.
    """

    def __init__(
        self, photos: list[np.ndarray], shown: list[Path], lpips: list[Lpips], hints: tuple[int, ...] = (0,)
    ) -> None:
        self.photos = photos
        self.shown = shown
        self.lpips = lpips
        self.hints = hints

    def measure(self, model: ColorizerModel, told: str | None = None) -> dict[str, Any]:
        hints = self.hints if model.supports_hints else (0,)
        knows = TOLD[told] if told else {}
        return evaluate(model, self.photos, hints=hints, metrics=MEASURED, lpips=self.lpips, **knows).to_dict()

    def draw(self, model: ColorizerModel, told: str | None = None) -> Image.Image:
        colorize = ColorizationPipeline(model, device="cpu")
        pictures = []
        for photo in self.shown:
            knows: dict[str, Any] = {"boxes": find_boxes(photo)} if told == "boxes" else {}
            pictures.append(colorize(photo, vividness=0.0, **knows).image)
        return side_by_side(pictures)

    def draw_references(self) -> dict[str, Image.Image]:
        pictures = [Image.fromarray(read(photo).luminance).convert("RGB") for photo in self.shown]
        return {"gray": side_by_side(pictures)}


class PairExaminer:
    """Pairs of near infrared and colour, by the protocol `vcip2020`, raw targets.

    Args:
        sets: Of pairs, by their names.
        training: What the floors know.
        lpips: Distances to measure.
    """

    def __init__(self, sets: Mapping[str, Sequence[NirPair]], training: TrainingColours, lpips: list[Lpips]) -> None:
        self.sets = sets
        self.training = training
        self.lpips = lpips
        self.floors: dict[str, Any] = {}  # by set; they are the same for all networks
        self.shown = [pair for pairs in sets.values() for pair in spread(pairs, SHOWN_PAIRS // len(sets))]

    def measure(self, model: ColorizerModel, told: str | None = None) -> dict[str, Any]:
        result = nir_colorizer(ColorizationPipeline(model, device="cpu"))
        measured = {}
        for name, pairs in self.sets.items():
            is_first = name not in self.floors
            report = evaluate_pairs(
                pairs, result, training=self.training, lpips=self.lpips, kinds=["raw"], with_floors=is_first
            ).to_dict()
            row = report["rows"][0]  # of all pairs
            if is_first:
                self.floors[name] = row["references"]
            measured[name] = report | {"rows": [row | {"references": self.floors[name]}]}
        return measured

    def draw(self, model: ColorizerModel, told: str | None = None) -> Image.Image:
        colorize = ColorizationPipeline(model, device="cpu")
        return side_by_side([colorize(pair.nir, vividness=0.0).image for pair in self.shown])

    def draw_references(self) -> dict[str, Image.Image]:
        frames = [Image.fromarray(eight_bit(pair.nir)).convert("RGB") for pair in self.shown]
        return {"frame": side_by_side(frames), "truth": side_by_side([Image.fromarray(p.rgb) for p in self.shown])}


def find_boxes(photo: Path) -> list[list[float]]:
    """Boxes around what is salient on a photograph, for the pipeline."""
    luminance = torch.from_numpy(lightness_table(np.uint8)[read(photo).luminance])[None, None]
    boxes, size = salient_boxes(luminance), torch.tensor(luminance.shape[:1:-1] * 2)
    return (boxes.corners[boxes.mask] * size).tolist()


def spread(pairs: Sequence[NirPair], count: int) -> list[NirPair]:
    """At most so many of them, evenly spread over all."""
    step = -(-len(pairs) // max(count, 1))
    return list(islice(pairs, 0, None, step))
