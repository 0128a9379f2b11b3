"""The protocol of the VCIP 2020 Grand Challenge on NIR Image Colorization: near-infrared (NIR) frames to colour.

Pictures are compared with their registered colour photographs at full size, one by one, and averaged over the pairs.

**Targets.** `raw`: the photographs as they are, as the challenge has it and MCFNet (arXiv 2404.16685) was scored.
`stretched`: each spread from its least to its greatest value, as the script of ColorMamba (arXiv 2408.08087) does
before it compares. The same pictures score up to 1.5 dB apart, so the rows must not be mixed. Only the targets are
stretched, never what is compared with them.

**Leaks.** In the data as it is handed around 8 of the 28 public test images are also in the training set, and 4 more
show a place that is there as well. Published figures are on all 28; `not_in_training` (20) and `no_near_duplicate` (16)
are the truth.

**SSIM** has scikit-image's 7x7 uniform window here, as the published scripts do.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .angular_error import angular_error, angular_error_legacy, black_share
from .ciede2000 import ciede2000
from .lpips import Lpips
from .nir_floors import TrainingColours, frame_floors, to_batch, true_luminance
from .nir_report import NirMeasures, NirReport, NirRow
from .pairs import NirPair
from .pixel_errors import PEAK, absolute_error, luma_psnr, psnr
from .structural_similarity import ssim_uniform

Colorize = Callable[[np.ndarray], np.ndarray]
Meter = Callable[[Tensor, Tensor], Tensor]
Values = Mapping[tuple[str, str], Sequence[Mapping[str, float]]]

# The public test images by name (github.com/AlexYangxx/MCFNet, datasets/Testing), and which of them are copies of a
# training image, by equal pixels, or show the place of one again, by SIFT features.
PUBLIC_TEST = frozenset(f"testing_{number:04}" for number in range(1, 29))
IN_TRAINING = {
    "testing_0003": "mountain_0001",
    "testing_0006": "field_0056",
    "testing_0015": "forest_0022",
    "testing_0016": "country_0056",
    "testing_0017": "field_0021",
    "testing_0019": "forest_0080",
    "testing_0024": "country_0008",
    "testing_0028": "forest_0040",
}
NEAR_DUPLICATES = {
    "testing_0001": ("mountain_0082", "mountain_0063"),
    "testing_0010": ("country_0074", "country_0080"),
    "testing_0021": ("mountain_0084",),
    "testing_0026": ("country_0074", "country_0080"),
}
SUBSETS = {
    "not_in_training": PUBLIC_TEST - IN_TRAINING.keys(),
    "no_near_duplicate": PUBLIC_TEST - IN_TRAINING.keys() - NEAR_DUPLICATES.keys(),
}

METRICS: dict[str, Meter] = {
    "psnr": psnr,
    "luma_psnr": luma_psnr,
    "ssim": ssim_uniform,
    "angle": angular_error,
    "angle_legacy": angular_error_legacy,
    "black_share": black_share,
    "ae": absolute_error,
    "ciede2000": ciede2000,
}

_NETWORK = "network"
_STRETCH_MARGIN = 1e-3  # of 255, in the published script


def evaluate_pairs(
    pairs: Iterable[NirPair],
    colorize: Colorize,
    *,
    model: str = "colorizer",
    training: TrainingColours | None = None,
    lpips: Sequence[Lpips] = (),
    progress: Callable[[int], None] | None = None,
    kinds: Collection[str] = ("raw", "stretched"),
    with_floors: bool = True,
) -> NirReport:
    """Colorize near-infrared frames and compare them with the photographs of their scenes.

    Args:
        pairs: With different names, at least 7 pixels high and wide; read one by one.
        colorize: From a frame (H, W), uint8 or uint16, to a picture (H, W, 3) uint8 sRGB.
        model: What to call it in the report.
        training: What the floors know, from `training_colours`; None: the mean colour of VCIP 2020 and no table.
        lpips: The distances to compute as well.
        progress: Called with the number of pairs done, after each.
        kinds: Of targets to compare with, see `targets`.
        with_floors: Whether the floors are measured as well, which takes four times as long as the rest.

    Returns:
        A row for each subset that occurs among the names and each kind of target, with its floors.

    Raises:
        ValueError: there is no pair, or a picture has another shape or type.
        ImageError: from `read_pairs`.
    """
    training = training or TrainingColours()
    meters = METRICS | {f"lpips_{network.trunk}": network for network in lpips}
    names: list[str] = []
    values: defaultdict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    for pair in pairs:
        pictures = {_NETWORK: _checked(colorize(pair.nir), pair)}
        if with_floors:
            pictures |= frame_floors(pair.nir, training)
        for target, truth in targets(pair.rgb).items():
            if target not in kinds:
                continue
            own_gray = {"true_luminance": true_luminance(truth)} if with_floors else {}
            for subject, one in (pictures | own_gray).items():
                values[target, subject].append({name: meter(one, truth).item() for name, meter in meters.items()})
        names.append(pair.name)
        if progress:
            progress(len(names))
    if not names:
        raise ValueError("pairs must hold at least one pair, got none")
    return NirReport(
        protocol="vcip2020",
        model=model,
        images=len(names),
        tone=training.tone,
        training_images=training.images,
        rows=_rows(names, values),
    )


def targets(rgb: np.ndarray) -> dict[str, Tensor]:
    """What pictures are compared with.

    Args:
        rgb: (H, W, 3) uint8.

    Returns:
        "raw": (1, 3, H, W) uint8. "stretched": the same as float64, from 0 to almost 255; not rounded, as published.
    """
    raw = to_batch(rgb)
    above = raw.double() - raw.min()
    return {"raw": raw, "stretched": above / (above.max() + _STRETCH_MARGIN) * PEAK}


def _checked(picture: np.ndarray, pair: NirPair) -> Tensor:
    if picture.shape != pair.rgb.shape or picture.dtype != np.uint8:
        raise ValueError(
            f"colorize must give uint8 of shape {pair.rgb.shape} for {pair.name}, got {picture.dtype} {picture.shape}"
        )
    return to_batch(picture)


def _rows(names: Sequence[str], values: Values) -> list[NirRow]:
    """A row for each subset that has names, and each target."""
    members = {"all": list(range(len(names)))}
    members |= {subset: [i for i, name in enumerate(names) if name in chosen] for subset, chosen in SUBSETS.items()}
    kinds = list(dict.fromkeys(target for target, _ in values))
    return [_row(subset, target, chosen, values) for subset, chosen in members.items() if chosen for target in kinds]


def _row(subset: str, target: str, members: Sequence[int], values: Values) -> NirRow:
    means = {subject: _means([ones[i] for i in members]) for (kind, subject), ones in values.items() if kind == target}
    network = means.pop(_NETWORK)
    psnrs = torch.tensor([values[target, _NETWORK][i]["psnr"] for i in members], dtype=torch.float64)
    return NirRow(
        **network,
        subset=subset,
        target=target,
        images=len(members),
        standard_error=(psnrs.std() / len(psnrs) ** 0.5).item() if len(psnrs) > 1 else None,
        references={subject: NirMeasures(**measures) for subject, measures in means.items()},
    )


def _means(ones: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Mean of each metric over the pictures that have it; None if none has."""
    means: dict[str, Any] = {}
    for metric in ones[0]:
        mean = torch.tensor([one[metric] for one in ones], dtype=torch.float64).nanmean()
        means[metric] = None if mean.isnan() else mean.item()
    return means


__all__ = ["IN_TRAINING", "METRICS", "NEAR_DUPLICATES", "PUBLIC_TEST", "SUBSETS", "evaluate_pairs", "targets"]
