"""The outcome of an evaluation on pairs of near-infrared (NIR) and colour photographs, as rows and JSON."""

import json
from dataclasses import asdict, dataclass
from typing import Any

# What people read for the floors of `nir_floors`, in this order.
FLOOR_LABELS = {
    "nir_copied": "NIR copied",
    "nir_toned": "NIR toned",
    "nir_table": "NIR table",
    "true_luminance": "true gray",
}


@dataclass(frozen=True, kw_only=True)
class NirMeasures:
    """Mean metrics of the pictures of one kind.

    Attributes:
        psnr: In dB, over the three channels together.
        luma_psnr: Of the luma alone, in dB.
        ssim: With a 7x7 uniform window; at most 1.
        angle: Angular error in degrees, over the pixels that are not black; None if all are.
        angle_legacy: Angular error in degrees as published, black pixels as 90.
        black_share: Share of the pixels that `angle` leaves out, 0..1.
        ae: Absolute error in 8-bit levels.
        ciede2000: Mean colour difference; about 1 is just noticeable.
        lpips_alex: LPIPS 0.1 with AlexNet; None if it was not computed.
        lpips_vgg: LPIPS 0.1 with VGG16; None if it was not computed.
    """

    psnr: float
    luma_psnr: float
    ssim: float
    angle: float | None
    angle_legacy: float
    black_share: float
    ae: float
    ciede2000: float
    lpips_alex: float | None = None
    lpips_vgg: float | None = None


@dataclass(frozen=True, kw_only=True)
class NirRow(NirMeasures):
    """Metrics of the colorizer on some of the pairs, with its floors.

    Attributes:
        subset: "all", "not_in_training" or "no_near_duplicate".
        target: "raw" or "stretched".
        images: Number of pairs.
        standard_error: Of `psnr`, in dB; None for a single pair.
        references: The floors by their names in `nir_floors`.
    """

    subset: str
    target: str
    images: int
    standard_error: float | None
    references: dict[str, NirMeasures]


@dataclass(frozen=True)
class NirReport:
    """Means over the pairs of one evaluation.

    Attributes:
        protocol: "vcip2020".
        model: Name of the colorizer.
        images: Number of pairs.
        tone: a and b of the floor `nir_toned` in Lab units.
        training_images: Number of pairs that the floor `nir_table` was fitted on; 0 without it.
        rows: One for each subset and target, all pairs first.
    """

    protocol: str
    model: str
    images: int
    tone: tuple[float, float]
    training_images: int
    rows: list[NirRow]

    def to_dict(self) -> dict[str, Any]:
        """The report in plain types, ready for JSON."""
        return asdict(self)

    def to_json(self) -> str:
        """The report as JSON text."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n"


__all__ = ["FLOOR_LABELS", "NirMeasures", "NirReport", "NirRow"]
