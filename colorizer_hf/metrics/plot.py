"""PSNR against the number of hints, as a picture. Needs matplotlib (the extra `eval`)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .report import SIGGRAPH17_PSNR, EvaluationReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Where "no hints" stands on an axis that is logarithmic elsewhere.
AUTOMATIC = 0.4
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


def draw_report(report: EvaluationReport) -> "Figure":
    """Draw the network's curve, the floors, the ceiling, and for `siggraph17` the published curve.

    Args:
        report: What `evaluate` returned.

    Returns:
        The figure, to be saved with its `savefig`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    _draw_model(axes, report)
    for (subject, label), style in zip(_REFERENCES.items(), ("--", "-.", ":"), strict=True):
        level = report.references[subject].psnr
        axes.axhline(level, color="gray", linestyle=style, linewidth=1, label=f"{label}, {level:.2f} dB")
    if report.protocol == "siggraph17":
        label = "siggraph17 as published, on 1,000 other ImageNet photographs"
        axes.plot(*_curve(SIGGRAPH17_PSNR), ":", color="tab:orange", label=label)
    _scale_hints(axes)
    axes.set(xlabel="hints", ylabel="PSNR, dB", title=f"{report.model}, {report.protocol}, {report.images} photographs")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def draw_gains(curves: Mapping[str, Mapping[int, float]]) -> "Figure":
    """Draw what networks gain over gray pictures of the photographs that each was measured on.

    Photographs differ in how far gray is from them, so curves of different ones compare by their gains, and roughly.

    Args:
        curves: By label, gains in dB by the number of hints; the first dotted.

    Returns:
        The figure.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.subplots()
    for place, (label, levels) in enumerate(curves.items()):
        axes.plot(*_curve(levels), "o-" if place else ":", label=label)
    _scale_hints(axes)
    axes.set(xlabel="hints", ylabel="PSNR over gray, dB", title="siggraph17 protocol, each on its own photographs")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", fontsize="small")
    return figure


def _scale_hints(axes: "Axes") -> None:
    axes.set_xscale("log")
    axes.set_xticks([AUTOMATIC, *TICKS], ["none", *map(str, TICKS)], minor=False)
    axes.minorticks_off()


_REFERENCES = {"gray": "gray floor", "tone": "tone floor", "ceiling": "ceiling of the chroma's resolution"}


def _draw_model(axes: "Axes", report: EvaluationReport) -> None:
    hints, levels = _curve({row.hints: row.psnr for row in report.rows})
    errors = [row.standard_error or 0 for row in report.rows]
    axes.errorbar(
        hints, levels, yerr=errors, fmt="o-", color="tab:blue", capsize=2, label=f"{report.model} ± standard error"
    )


def _curve(levels: Mapping[int, float]) -> tuple[list[float], list[float]]:
    return [count or AUTOMATIC for count in levels], list(levels.values())


__all__ = ["draw_gains", "draw_report"]
