"""Evaluation protocols: photographs in, PSNR and friends against the number of colour hints out.

Both protocols squash each photograph to a square, take its luminance away from the network, reveal the true mean colour
of N small patches as hints, and compare 8-bit RGB. They differ in the square, the patches and where these lie, so their
numbers must not be mixed:

* `siggraph17`: Zhang et al. 2017, "Real-Time User-Guided Image Colorization", and the sweep of its released code.
* `icolorit`: Yun et al. 2023, "iColoriT", section 4, and its released evaluator.

Both reference evaluators resize with antialiased bilinear interpolation, and so does `photos.py`.

Shapes: B photos, S the protocol's square, K hints, h x w the network's output.
"""

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..chroma_upsampling import upsample_chroma
from ..color import lab_to_rgb, rgb_to_lab
from ..models.base import CHROMA_SCALE, ColorizerModel
from ..models.box_batch import BoxBatch
from ..models.hint_batch import HintBatch
from .ciede2000 import ciede2000
from .colourfulness import colourfulness, colourfulness_absolute
from .lpips import Lpips
from .patchiness import patchiness
from .pixel_errors import absolute_error, mean_squared_error, psnr
from .report import Averages, EvaluationReport
from .structural_similarity import ssim

Place = Callable[[np.random.Generator, int], np.ndarray]
Meter = Callable[[Tensor, Tensor], Tensor]

MAX_HINTS = 500
# Mean a and b of unfiltered ImageNet photographs in Lab units: the tone floor of checkpoints that state no mean.
IMAGENET_MEAN_CHROMA = (1.0, 5.0)


@dataclass(frozen=True)
class Protocol:
    """The rules of one protocol.

    Attributes:
        size: Side S of the square in pixels.
        patch: Side of a hint's patch in pixels.
        place: Top left corners (K, 2), row and column, of K patches; the first of K are those of any larger K.
        psnr_cap: Highest PSNR of one photo in dB.
    """

    size: int
    patch: int
    place: Place
    psnr_cap: float


def gaussian_corners(generator: np.random.Generator, count: int, *, size: int, patch: int) -> np.ndarray:
    """Corners from a normal distribution around the middle, a quarter of the square wide; (count, 2)."""
    room = size - patch
    return generator.normal((room + 1) / 2, (room + 1) / 4, (count, 2)).clip(0, room).astype(np.int64)


def grid_corners(generator: np.random.Generator, count: int, *, size: int, patch: int) -> np.ndarray:
    """Corners of different cells of the grid of patches, all equally likely; (count, 2)."""
    cells = size // patch
    chosen = generator.permutation(cells * cells)[:count]
    return np.stack(np.divmod(chosen, cells), axis=1) * patch


PROTOCOLS = {
    "siggraph17": Protocol(256, 6, partial(gaussian_corners, size=256, patch=6), psnr_cap=100.0),
    # Its evaluator floors the error of pictures in [0, 1] at 1e-5, which is 50 dB.
    "icolorit": Protocol(224, 2, partial(grid_corners, size=224, patch=2), psnr_cap=50.0),
}

METRICS: dict[str, Meter] = {
    "mse": mean_squared_error,
    "ssim": ssim,
    "ae": absolute_error,
    "ciede2000": ciede2000,
    "colourfulness": lambda picture, _: colourfulness(picture),
    "colourfulness_absolute": lambda picture, _: colourfulness_absolute(picture),
    "patchiness": patchiness,
}


def evaluate(
    model: ColorizerModel,
    photos: Iterable[np.ndarray],
    *,
    protocol: str = "siggraph17",
    hints: Sequence[int] = (0, 1, 10, 100),
    metrics: Sequence[str] = tuple(METRICS),
    lpips: Sequence[Lpips] = (),
    size: int | None = None,
    tone: tuple[float, float] | None = None,
    vividness: float = 0.0,
    disturb: Callable[[Tensor], Tensor] | None = None,
    palette: Callable[[Tensor], Tensor] | None = None,
    boxes: Callable[[Tensor], BoxBatch] | None = None,
    seed: int = 0,
    batch_size: int = 8,
    progress: Callable[[int], None] | None = None,
) -> EvaluationReport:
    """Run a network over photographs under a protocol.

    The network gets the luminance alone. Its chroma is up-sampled to the square as in
    the product, joined with the luminance inside the sRGB gamut, and rounded to 8 bits. Hints depend on `seed` and on a
    photo's place in `photos` alone.

    Args:
        model: Any colorizer, on any device; it is put into evaluation mode for the time being.
        photos: (S, S, 3) uint8 RGB, as `load_photos` makes them; read batch by batch.
        protocol: A key of `PROTOCOLS`.
        hints: Numbers of hints, each in 0..500; the rows of the report come in rising order.
        metrics: Keys of `METRICS` to compute beside PSNR, which always is; the others stay absent. () is fastest.
        lpips: The distances to compute as well.
        size: Side in pixels at which the network sees the luminance; its config's `working_size` if None.
        tone: a and b in Lab units of the tone floor, the mean of the training photographs; if None, `mean_chroma` in
            the `manifest.json` beside the network's weights, and without one `IMAGENET_MEAN_CHROMA`.
        vividness: With which the network is decoded; 0 in the published protocols.
        disturb: Changes the luminance (B, 1, h, w) that the network sees, and nothing else; to measure how it takes
            damage.
        palette: Makes of the true chroma (B, 2, S, S) the palette that a network is told, see `ColorizerModel.decode`;
            no published protocol does.
        boxes: Makes of the luminance (B, 1, S, S) the boxes that a network is told.
        seed: Seed of the hints.
        batch_size: Photos per forward pass.
        progress: Called with the number of photos done, after every batch.

    Returns:
        Means over the photos, for every number of hints and for the floors and the ceiling.

    Raises:
        ValueError: an argument is outside its range, a photo has another size, or there is no photo.
    """
    rules = _rules(protocol, hints)
    meters = _meters(metrics, lpips, psnr_cap=rules.psnr_cap)
    counts = sorted(set(hints))
    size = size or model.config.working_size
    tone = tone or _training_tone(model)
    averages, images = Averages(), 0
    with _evaluating(model):
        for truth in _batches(photos, rules.size, batch_size):
            points = reveal_hints(rules, truth, first=images, count=counts[-1], seed=seed)
            for subject, picture in _pictures(
                model,
                truth,
                points,
                counts=counts,
                size=size,
                tone=tone,
                vividness=vividness,
                disturb=disturb,
                palette=palette,
                boxes=boxes,
            ):
                averages.add(subject, {name: meter(picture, truth) for name, meter in meters.items()})
            averages.add("truth", {name: METRICS[name](truth, truth) for name in metrics if "colourfulness" in name})
            images += len(truth)
            if progress:
                progress(images)
    if not images:
        raise ValueError("photos must hold at least one photograph, got none")
    return EvaluationReport(
        protocol=protocol,
        model=Path(model.name_or_path or type(model).__name__).name,
        images=images,
        seed=seed,
        size=size,
        tone=tone,
        references={subject: averages.measures(subject) for subject in ("gray", "tone", "ceiling")},
        rows=[averages.hint_row(count) for count in counts],
    )


def reveal_hints(rules: Protocol, truth: Tensor, *, first: int, count: int, seed: int) -> HintBatch:
    """The true mean chroma of patches at random places, as hints.

    Each photo has a random generator of its own, and the patches are drawn one after the other, so the first hints of
    many are the hints of few, whatever the batch.

    Args:
        rules: The protocol.
        truth: (B, 3, S, S) uint8 RGB.
        first: Place of the first photo among all photos.
        count: Number K of hints for each photo.
        seed: Seed of the evaluation.

    Returns:
        K hints for each photo. A hint's disc fits into its patch, so that it claims nothing outside of it.
    """
    _, chroma = rgb_to_lab(truth / 255)
    drawn = [rules.place(np.random.default_rng([seed, first + index]), count) for index in range(len(truth))]
    corners = torch.from_numpy(np.stack(drawn))  # (B, K, 2)
    patch_means = F.avg_pool2d(chroma, rules.patch, stride=1)  # (B, 2, S-P+1, S-P+1)
    rows, columns = corners.unbind(-1)  # (B, K)
    centres = (corners.flip(-1) + rules.patch / 2) / rules.size  # (B, K, 2), x and y in [0, 1]
    return HintBatch(
        points=centres * 2 - 1,
        chroma=patch_means[torch.arange(len(truth)).unsqueeze(1), :, rows, columns],
        radius=torch.full(rows.shape, rules.patch / 2 / rules.size),
        mask=torch.ones(rows.shape, dtype=torch.bool),
    )


@torch.no_grad()
def _pictures(
    model: ColorizerModel,
    truth: Tensor,
    hints: HintBatch,
    *,
    counts: Sequence[int],
    size: int,
    tone: tuple[float, float],
    vividness: float,
    disturb: Callable[[Tensor], Tensor] | None,
    palette: Callable[[Tensor], Tensor] | None,
    boxes: Callable[[Tensor], BoxBatch] | None,
) -> Iterator[tuple[str | int, Tensor]]:
    """The floors, the network's pictures for each number of hints, the ceiling; (B, 3, S, S) uint8 each."""
    luminance, chroma = rgb_to_lab(truth / 255)

    def picture(full: Tensor) -> Tensor:
        return (lab_to_rgb(luminance, full) * 255).round().to(torch.uint8)

    yield "gray", picture(torch.zeros_like(chroma))
    yield "tone", picture((torch.tensor(tone) / CHROMA_SCALE).view(1, 2, 1, 1).expand_as(chroma))
    seen = F.interpolate(luminance, (size, size), mode="bilinear", antialias=True)
    if disturb is not None:
        seen = disturb(seen)
    where: dict[str, Any] = {} if boxes is None else {"boxes": boxes(luminance).to(model.device)}
    features = model.encode(seen.to(model.device, model.dtype), **where)
    told = None if palette is None else palette(chroma).to(model.device)
    for count in counts:
        output = model.decode(features, _first_hints(hints, count).to(model.device), told, vividness=vividness)
        low = output.chroma.float().cpu()
        yield count, picture(upsample_chroma(low, luminance))
    low = F.interpolate(chroma, low.shape[-2:], mode="area")
    yield "ceiling", picture(upsample_chroma(low, luminance))


def _first_hints(hints: HintBatch, count: int) -> HintBatch:
    return hints.map(lambda tensor: tensor[:, :count])


def _batches(photos: Iterable[np.ndarray], size: int, batch_size: int) -> Iterator[Tensor]:
    """Photos as tensors (B, 3, S, S) uint8."""
    remaining = iter(photos)
    while batch := list(islice(remaining, batch_size)):
        for photo in batch:
            if photo.shape != (size, size, 3) or photo.dtype != np.uint8:
                raise ValueError(f"photos must be uint8 of shape {(size, size, 3)}, got {photo.dtype} {photo.shape}")
        yield torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2)


def _rules(protocol: str, hints: Sequence[int]) -> Protocol:
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol must be one of {', '.join(PROTOCOLS)}, got {protocol!r}")
    if not hints or not all(0 <= count <= MAX_HINTS for count in hints):
        raise ValueError(f"hints must be numbers from 0 to {MAX_HINTS}, at least one, got {list(hints)}")
    return PROTOCOLS[protocol]


def _meters(metrics: Sequence[str], lpips: Sequence[Lpips], *, psnr_cap: float) -> dict[str, Meter]:
    if unknown := set(metrics) - set(METRICS):
        raise ValueError(f"metrics must be of {', '.join(METRICS)}, got {', '.join(sorted(unknown))}")
    meters: dict[str, Meter] = {"psnr": partial(psnr, cap=psnr_cap)}
    meters |= {name: METRICS[name] for name in metrics}
    return meters | {f"lpips_{network.trunk}": network for network in lpips}


def _training_tone(model: ColorizerModel) -> tuple[float, float]:
    manifest = Path(model.name_or_path or "", "manifest.json")
    if not model.name_or_path or not manifest.is_file():
        return IMAGENET_MEAN_CHROMA
    a, b = json.loads(manifest.read_text("utf-8")).get("mean_chroma", IMAGENET_MEAN_CHROMA)
    return a, b


@contextmanager
def _evaluating(model: ColorizerModel) -> Generator[None]:
    """The network in evaluation mode for a while."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


__all__ = ["IMAGENET_MEAN_CHROMA", "MAX_HINTS", "METRICS", "PROTOCOLS", "Protocol", "evaluate", "reveal_hints"]
