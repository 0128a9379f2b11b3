"""The part of `colorizer evaluate` that measures on pairs of near-infrared and colour photographs."""

import sys
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

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


# Heading, key, format; what was not computed is left out. JSON has the rest.
_COLUMNS = (
    ("PSNR", "psnr", ".2f"),
    ("±", "standard_error", ".2f"),
    ("luma", "luma_psnr", ".2f"),
    ("SSIM", "ssim", ".4f"),
    ("angle", "angle", ".2f"),
    ("legacy", "angle_legacy", ".2f"),
    ("black", "black_share", ".1%"),
    ("AE", "ae", ".2f"),
    ("ΔE00", "ciede2000", ".2f"),
    ("LPIPS alex", "lpips_alex", ".4f"),
    ("LPIPS vgg", "lpips_vgg", ".4f"),
)


def _print_tables(report: "NirReport") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    columns = [column for column in _COLUMNS if any(getattr(row, column[1]) is not None for row in report.rows)]
    print(f"{report.model}, {report.protocol}, {_pairs(report.images)}")
    for row in report.rows:
        table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0))
        table.add_column()
        for heading, _, _ in columns:
            table.add_column(heading, justify="right")
        for label, measures in _lines(row).items():
            values = [(getattr(measures, key, None), form) for _, key, form in columns]
            table.add_row(label, *("" if value is None else f"{value:{form}}" for value, form in values))
        print(f"{row.subset.replace('_', ' ')}, {row.target} targets: {_pairs(row.images)}")
        Console().print(table)
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
