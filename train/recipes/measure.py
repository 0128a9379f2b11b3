"""Measure what the protocols alone do not say of a network: worn photographs, vividness, consistency, edges.

    python -m train.recipes.measure chromaformer --photos photos/dev.tar --alexnet alexnet.safetensors --json out.json

* *worn*: the gain over gray when the network sees photographs degraded as old prints and scans are (the colours and the
  luminance of the result stay those of the clean photograph);
* *vividness*: how colourful the results are beside the photographs, and what that costs;
* *consistency*: by how many Lab units the chroma of a mirrored photograph, of a crop and of other working sizes differs
  from that of the whole photograph at the usual size;
* *edges*: what is lost when the true chroma is averaged to cells and brought back to full size as the product does it,
  and with bilinear interpolation instead; over the whole photograph, and how much leaks across its edges.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import torch.nn.functional as F
import typer
from kornia.filters import sobel
from rich import print_json
from torch import Tensor

from colorizer_hf.amounts import DEFAULT_VIVIDNESS
from colorizer_hf.chroma_upsampling import upsample_chroma
from colorizer_hf.color import CHROMA_SCALE, lab_to_rgb, rgb_to_lab
from colorizer_hf.errors import ColorizerError
from colorizer_hf.metrics.ciede2000 import ciede2000
from colorizer_hf.metrics.lpips import Lpips
from colorizer_hf.metrics.nir_floors import to_batch
from colorizer_hf.metrics.photos import load_photos
from colorizer_hf.metrics.protocols import evaluate
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.base import ColorizerModel
from train.parts.degradation import Degradation, DegradationConfig

Photos = Sequence[np.ndarray]
STRENGTHS = (0.3, 0.6, 1.0)
WORN_HINTS = (0, 10)
VIVIDNESSES = (0.0, DEFAULT_VIVIDNESS, 1.0)
SIZES = (192, 256, 320, 384, 512)
CROP = 0.75  # of the side
CELLS = (4, 8)  # pixels along the side of a cell of chroma
EDGES = 0.1  # of the pixels, where luminance is steepest


def measure_worn(model: ColorizerModel, photos: Photos) -> dict[str, dict[str, float]]:
    """Gain over gray, dB, without hints and with ten, by strength of the degradation; 0 is clean."""
    hints = WORN_HINTS if model.supports_hints else (0,)
    measured = {}
    for strength in (0.0, *STRENGTHS):
        degradation = Degradation(DegradationConfig(share=1.0, strength=strength))
        disturb = partial(degradation, generator=torch.Generator().manual_seed(0))
        report = evaluate(model, photos, hints=hints, metrics=(), disturb=disturb)
        measured[f"{strength:g}"] = {f"gain_{row.hints}": round(row.gain, 3) for row in report.rows}
    return measured


def measure_vividness(
    model: ColorizerModel, photos: Photos, lpips: Sequence[Lpips]
) -> dict[str, dict[str, float | None]]:
    """Colourfulness beside the truth's, patchiness, PSNR and LPIPS without hints, by vividness; and gray's LPIPS."""
    measured: dict[str, dict[str, float | None]] = {}
    for vividness in VIVIDNESSES:
        report = evaluate(
            model, photos, hints=(0,), metrics=("colourfulness", "patchiness"), lpips=lpips, vividness=vividness
        )
        row, gray = report.rows[0], report.references["gray"]
        truth = row.truth_colourfulness or 1.0
        measured[f"{vividness:g}"] = {
            "colourfulness": round((row.colourfulness or 0.0) / truth, 3),
            "patchiness": round(row.patchiness or 0.0, 3),
            "psnr": round(row.psnr, 3),
            "lpips_alex": row.lpips_alex and round(row.lpips_alex, 4),
            "gray_lpips_alex": gray.lpips_alex and round(gray.lpips_alex, 4),
        }
    return measured


@torch.no_grad()
def measure_consistency(model: ColorizerModel, photos: Photos) -> dict[str, float]:
    """Mean distance in Lab units between the chroma of a photo and of the same photo seen otherwise, without hints."""
    size = model.config.working_size
    differences: dict[str, list[float]] = {}
    for photo in photos:
        full, _ = rgb_to_lab(to_batch(photo) / 255)
        whole = _colour(model, full, size)
        mirrored = _colour(model, full.flip(-1), size).flip(-1)
        side = int(CROP * full.shape[-1])
        crop = _colour(model, full[..., :side, :side], round(CROP * size / 32) * 32)
        same_part = F.interpolate(whole, full.shape[-2:], mode="bilinear")[..., :side, :side]
        pairs = {"mirrored": (whole, mirrored), "cropped": (same_part, crop)}
        pairs |= {f"size {other}": (whole, _colour(model, full, other)) for other in SIZES if other != size}
        for name, (ours, theirs) in pairs.items():
            theirs = F.interpolate(theirs, ours.shape[-2:], mode="bilinear", antialias=True)
            differences.setdefault(name, []).append((ours - theirs).norm(dim=1).mean().item() * CHROMA_SCALE)
    return {name: round(float(np.mean(values)), 3) for name, values in differences.items()}


def _colour(model: ColorizerModel, luminance: Tensor, size: int) -> Tensor:
    """Chroma of a luminance (1, 1, H, W), squashed to a square of `size`."""
    seen = F.interpolate(luminance, (size, size), mode="bilinear", antialias=True)
    return model.decode(model.encode(seen.to(model.device))).chroma.float().cpu()


def measure_edges(photos: Photos) -> dict[str, dict[str, float]]:
    """Loss by two ways of up-sampling the true chroma, for cells of several sizes, means over photographs.

    Returns:
        By way and size of the cells: CIEDE2000 over the whole photograph, and the chroma's distance at its edges in Lab
        units.
    """
    losses: dict[str, list[tuple[float, float]]] = {}
    for photo in photos:
        truth = to_batch(photo)
        luminance, chroma = rgb_to_lab(truth / 255)
        steepness = sobel(luminance)
        is_edge = steepness >= steepness.flatten().quantile(1 - EDGES)
        for side in CELLS:
            cells = F.avg_pool2d(chroma, side)
            ways = {
                "guided": upsample_chroma(cells, luminance),
                "bilinear": F.interpolate(cells, luminance.shape[-2:], mode="bilinear"),
            }
            for way, restored in ways.items():
                picture = (lab_to_rgb(luminance, restored) * 255).round().to(torch.uint8)
                leak = (restored - chroma).norm(dim=1, keepdim=True)[is_edge].mean().item() * CHROMA_SCALE
                losses.setdefault(f"{way}, cells of {side}", []).append((ciede2000(picture, truth).mean().item(), leak))
    means = {way: np.mean(pairs, axis=0) for way, pairs in losses.items()}
    return {
        way: {"ciede2000": round(float(mean[0]), 3), "leak": round(float(mean[1]), 3)} for way, mean in means.items()
    }


def main(
    checkpoint: Annotated[str, typer.Argument(help="Bundled name, folder or Hub id.")],
    photos: Annotated[str, typer.Option(help="Colour photographs that were not trained on: folder or tar.")],
    limit: Annotated[int, typer.Option(help="Number of photographs.")] = 100,
    alexnet: Annotated[str | None, typer.Option(help="Weights of AlexNet, for LPIPS.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures there too.")] = None,
) -> None:
    """Measure how a network takes worn photographs, how vivid and consistent it is, and what its edges lose."""
    try:
        model = load_model(checkpoint)
        shown = list(load_photos(photos, limit=limit, size=256))
        lpips = [Lpips("alex", alexnet)] if alexnet else []
    except ColorizerError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    measured: dict[str, Any] = {
        "model": checkpoint,
        "images": len(shown),
        "worn": measure_worn(model, shown),
        "vividness": measure_vividness(model, shown, lpips),
        "consistency": measure_consistency(model, shown),
        "edges": measure_edges(shown),
    }
    if json_file:
        json_file.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    print_json(data=measured)


if __name__ == "__main__":
    typer.run(main)
