"""Several colourings of each photograph: how near the nearest comes, how near all do, and how far they differ."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ..chroma_upsampling import upsample_chroma
from ..color import fit_gamut, lightness_table, luminance_codes
from .ciede2000 import ciede2000
from .colourfulness import colourfulness
from .lpips import Lpips
from .nir_floors import to_batch
from .patchiness import patchiness
from .pixel_errors import psnr

_SHRUNK = 1e-3  # ab / 110: what the gamut takes from less is rounding


class Colouring(Protocol):
    """What is measured of a colouring: a `ColorizationResult` has it."""

    @property
    def chroma(self) -> Tensor:
        """(2, h, w), ab / 110."""
        ...

    @property
    def pixels(self) -> np.ndarray:
        """(H, W, 3) uint8 sRGB."""
        ...


@dataclass(frozen=True, kw_only=True)
class ColouringMeasures:
    """Means over photographs.

    Attributes:
        best_psnr: Of the colouring of each photograph that has the highest, in dB.
        mean_psnr: Of all of its colourings.
        best_ciede2000: Of the one with the smallest, as for the next two.
        mean_ciede2000: Of all.
        best_lpips: Of the one with the smallest; None without a network for it.
        mean_lpips: Of all.
        diversity: Mean colour difference (CIEDE2000) between two colourings of a photograph; 0 where there is one.
        colourfulness: Of the pictures.
        truth_colourfulness: Of the photographs.
        patchiness: Variation of chroma in Lab units where the photographs have none.
        out_of_gamut: Share of pixels whose chroma sRGB cannot show.
        seconds: For all colourings of a photograph, until their pixels are there.
    """

    best_psnr: float
    mean_psnr: float
    best_ciede2000: float
    mean_ciede2000: float
    best_lpips: float | None
    mean_lpips: float | None
    diversity: float
    colourfulness: float
    truth_colourfulness: float
    patchiness: float
    out_of_gamut: float
    seconds: float


def measure_colourings(
    colour: Callable[[np.ndarray], Sequence[Colouring]], photos: Iterable[np.ndarray], *, lpips: Lpips | None = None
) -> ColouringMeasures:
    """Measure what makes several colourings of each photograph.

    Args:
        colour: From luminance codes (H, W) uint8 to colourings.
        photos: (H, W, 3) uint8 RGB.
        lpips: The distance to compute as well.

    Raises:
        ValueError: there is no photograph.
    """
    rows = [_measure(colour, photo, lpips) for photo in photos]
    if not rows:
        raise ValueError("photos must hold at least one photograph, got none")
    names = [field.name for field in fields(ColouringMeasures)]
    values = {name: [row[name] for row in rows] for name in names if name in rows[0]}
    means: dict[str, float | None] = {name: float(np.mean(value)) for name, value in values.items()}
    return ColouringMeasures(**{name: means.get(name) for name in names})  # ty: ignore[invalid-argument-type]


@torch.no_grad()
def _measure(
    colour: Callable[[np.ndarray], Sequence[Colouring]], photo: np.ndarray, lpips: Lpips | None
) -> dict[str, float]:
    codes = luminance_codes(photo)
    started = time.perf_counter()
    colourings = colour(codes)
    pictures = torch.cat([to_batch(colouring.pixels) for colouring in colourings])  # (N, 3, H, W)
    seconds = time.perf_counter() - started
    truth = to_batch(photo).expand_as(pictures)
    meters: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"psnr": psnr, "ciede2000": ciede2000}
    if lpips is not None:
        meters["lpips"] = lpips
    measured: dict[str, float] = {}
    for name, meter in meters.items():
        values = meter(pictures, truth)
        measured[f"best_{name}"] = float(values.max() if name == "psnr" else values.min())
        measured[f"mean_{name}"] = float(values.mean())
    pairs = list(combinations(range(len(pictures)), 2))
    first, second = (pictures[[pair[side] for pair in pairs]] for side in (0, 1))
    measured["diversity"] = float(ciede2000(first, second).mean()) if pairs else 0.0
    measured["colourfulness"] = float(colourfulness(pictures).mean())
    measured["truth_colourfulness"] = float(colourfulness(truth[:1]).mean())
    measured["patchiness"] = float(patchiness(pictures, truth).mean())
    measured["out_of_gamut"] = float(np.mean([_out_of_gamut(codes, colouring.chroma) for colouring in colourings]))
    return measured | {"seconds": seconds}


def _out_of_gamut(codes: np.ndarray, chroma: Tensor) -> float:
    luminance = torch.from_numpy(lightness_table(codes.dtype)[codes])[None, None]
    full = upsample_chroma(chroma[None].cpu(), luminance)
    return float(((fit_gamut(luminance, full) - full).norm(dim=1) > _SHRUNK).float().mean())


__all__ = ["Colouring", "ColouringMeasures", "measure_colourings"]
