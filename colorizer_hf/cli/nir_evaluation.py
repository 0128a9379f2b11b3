"""The part of `colorizer evaluate` that measures on pairs of near-infrared and colour photographs."""

import sys
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from .measure_tables import Column, measured, print_measures

if TYPE_CHECKING:
    import numpy as np

    from ..metrics.lpips import Lpips
    from ..metrics.nir_report import NirMeasures, NirReport, NirRow

NIR_PROTOCOL = "vcip2020"


def evaluate_nir(
    source: Path,
    colorize: "Callable[[np.ndarray], np.ndarray]",
    *,
    name: str,
    train: Path | None,
    limit: int | None,
    lpips: "Sequence[Lpips]",
) -> "NirReport":
    """Evaluate under a progress bar and print the tables.

    Args:
        source: The pairs.
        colorize: See `metrics.vcip2020.evaluate_pairs`.
        name: Of the model.
        train: Training pairs for the floors.
        limit: Take only the first so many pairs.
        lpips: The distances to compute as well.

    Raises:
        ImageError: the pairs cannot be read.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ..metrics.nir_floors import training_colours
    from ..metrics.pairs import count_pairs, read_pairs
    from ..metrics.vcip2020 import evaluate_pairs

    total = min(count_pairs(source), limit or sys.maxsize)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        training = None
        if train:
            pairs = progress.track(read_pairs(train), count_pairs(train), description="training colours")
            training = training_colours(pairs)
        task = progress.add_task(NIR_PROTOCOL, total=total)
        report = evaluate_pairs(
            islice(read_pairs(source), limit),
            colorize,
            model=name,
            training=training,
            lpips=lpips,
            progress=lambda done: progress.update(task, completed=done),
        )
    _print_tables(report)
    return report


_COLUMNS = (  # those that were not computed are left out; JSON has the rest
    Column("PSNR", "psnr", ".2f"),
    Column("±", "standard_error", ".2f"),
    Column("luma", "luma_psnr", ".2f"),
    Column("SSIM", "ssim", ".4f"),
    Column("angle", "angle", ".2f"),
    Column("legacy", "angle_legacy", ".2f"),
    Column("black", "black_share", ".1%"),
    Column("AE", "ae", ".2f"),
    Column("ΔE00", "ciede2000", ".2f"),
    Column("LPIPS alex", "lpips_alex", ".4f"),
    Column("LPIPS vgg", "lpips_vgg", ".4f"),
)


def _print_tables(report: "NirReport") -> None:
    columns = measured(_COLUMNS, report.rows)
    print(f"{report.model}, {report.protocol}, {_pairs(report.images)}")
    for row in report.rows:
        print(f"{row.subset.replace('_', ' ')}, {row.target} targets: {_pairs(row.images)}")
        print_measures(_lines(row), columns)
    print(
        "PSNR in dB; luma: PSNR of the luma; angle and legacy: angular error in degrees, without and with black pixels."
    )


def _lines(row: "NirRow") -> "dict[str, NirMeasures]":
    """The floors and the model."""
    from ..metrics.nir_report import FLOOR_LABELS

    floors = {label: row.references[name] for name, label in FLOOR_LABELS.items() if name in row.references}
    return {**floors, "model": row}


def _pairs(count: int) -> str:
    return f"{count} pair{'s' * (count != 1)}"


__all__ = ["NIR_PROTOCOL", "evaluate_nir"]
