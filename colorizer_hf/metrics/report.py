"""The outcome of an evaluation: means over photographs, as rows, JSON and published curves."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

# Zhang et al. 2017 under their own protocol: 1,000 ImageNet photographs of the "ctest10k" split, not the ones evaluated
# here. Means of the per-photo PSNR that the authors released.
SIGGRAPH17_PSNR = dict(
    zip(
        (0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 63, 79, 100, 126, 158, 200, 251, 316, 398, 501),
        (
            *(24.43, 25.37, 26.20, 26.69, 27.08, 27.39, 27.65, 28.10, 28.42, 28.79, 29.04, 29.34, 29.60),
            *(29.91, 30.17, 30.42, 30.68, 30.90, 31.13, 31.34, 31.52, 31.70, 31.85, 31.97, 32.07, 32.14),
        ),
        strict=True,
    )
)
SIGGRAPH17_GRAY_PSNR = 22.8  # about: of gray pictures of the same photographs, in the paper


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Mean metrics of the pictures of one kind; those that were not computed are None.

    Attributes:
        psnr: In dB.
        gain: PSNR over that of the gray pictures, in dB.
        mse: In squared 8-bit levels.
        ssim: At most 1.
        ae: Absolute error in 8-bit levels.
        ciede2000: Mean colour difference; about 1 is just noticeable.
        lpips_alex: LPIPS 0.1 with AlexNet.
        lpips_vgg: LPIPS 0.1 with VGG16.
        colourfulness: Of the pictures, as published.
        colourfulness_absolute: Of the pictures, from absolute opponent channels.
        patchiness: Variation of chroma in Lab units where the photographs have none.
    """

    psnr: float
    gain: float
    mse: float | None = None
    ssim: float | None = None
    ae: float | None = None
    ciede2000: float | None = None
    lpips_alex: float | None = None
    lpips_vgg: float | None = None
    colourfulness: float | None = None
    colourfulness_absolute: float | None = None
    patchiness: float | None = None


@dataclass(frozen=True, kw_only=True)
class HintRow(Measures):
    """Metrics of the network with a number of hints, what they compare with beside them.

    Attributes:
        hints: Number of hints.
        standard_error: Of `psnr`, in dB; None for a single photo.
        gray_psnr: PSNR of the gray pictures.
        tone_psnr: PSNR of the pictures of one tone.
        truth_colourfulness: Colourfulness of the photographs.
        truth_colourfulness_absolute: The same from absolute opponent channels.
    """

    hints: int
    standard_error: float | None
    gray_psnr: float
    tone_psnr: float
    truth_colourfulness: float | None
    truth_colourfulness_absolute: float | None


class Averages:
    """Values of single photos, collected batch by batch and averaged at the end."""

    def __init__(self) -> None:
        self._values: dict[str | int, dict[str, list[Tensor]]] = defaultdict(lambda: defaultdict(list))

    def add(self, subject: str | int, values: Mapping[str, Tensor]) -> None:
        """Add a batch: for each metric a tensor (B,), of a subject such as "gray" or a number of hints."""
        for metric, value in values.items():
            self._values[subject][metric].append(value.double())

    def means(self, subject: str | int) -> dict[str, float]:
        """Mean of each metric over the photos."""
        return {metric: torch.cat(values).mean().item() for metric, values in self._values[subject].items()}

    def measures(self, subject: str | int) -> Measures:
        """The means of pictures that no network made."""
        means = self.means(subject)
        return Measures(**means, gain=means["psnr"] - self.means("gray")["psnr"])

    def hint_row(self, hints: int) -> HintRow:
        """The means of the network's pictures with a number of hints."""
        psnr = torch.cat(self._values[hints]["psnr"])
        truth = self.means("truth")
        return HintRow(
            **asdict(self.measures(hints)),
            hints=hints,
            standard_error=(psnr.std() / len(psnr) ** 0.5).item() if len(psnr) > 1 else None,
            gray_psnr=self.means("gray")["psnr"],
            tone_psnr=self.means("tone")["psnr"],
            truth_colourfulness=truth.get("colourfulness"),
            truth_colourfulness_absolute=truth.get("colourfulness_absolute"),
        )


@dataclass(frozen=True)
class EvaluationReport:
    """Means over the photographs of one evaluation.

    Attributes:
        protocol: Name of the protocol.
        model: Name of the network.
        images: Number of photographs.
        seed: Seed of the hints.
        size: Side in pixels at which the network saw the photographs.
        tone: a and b of the tone floor in Lab units.
        references: Pictures that no network made. "gray": no chroma; "tone": the same chroma everywhere; "ceiling": the
            true chroma at the network's output resolution.
        rows: One for each number of hints.
    """

    protocol: str
    model: str
    images: int
    seed: int
    size: int
    tone: tuple[float, float]
    references: dict[str, Measures]
    rows: list[HintRow]

    def to_dict(self) -> dict[str, Any]:
        """The report in plain types, ready for JSON."""
        return asdict(self)

    def to_json(self) -> str:
        """The report as JSON text."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n"


__all__ = ["SIGGRAPH17_GRAY_PSNR", "SIGGRAPH17_PSNR", "Averages", "EvaluationReport", "HintRow", "Measures"]
