"""PSNR against the number of hints, as a picture. Needs matplotlib (the extra `eval`)."""

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
    axes.set_xscale("log")
    axes.set_xticks([AUTOMATIC, *TICKS], ["none", *map(str, TICKS)], minor=False)
    axes.minorticks_off()
    axes.set(xlabel="hints", ylabel="PSNR, dB", title=f"{report.model}, {report.protocol}, {report.images} photographs")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


_REFERENCES = {"gray": "gray floor", "tone": "tone floor", "ceiling": "ceiling of the chroma's resolution"}


def _draw_model(axes: "Axes", report: EvaluationReport) -> None:
    hints, levels = _curve({row.hints: row.psnr for row in report.rows})
    errors = [row.standard_error or 0 for row in report.rows]
    axes.errorbar(
        hints, levels, yerr=errors, fmt="o-", color="tab:blue", capsize=2, label=f"{report.model} ± standard error"
    )


def _curve(levels: dict[int, float]) -> tuple[list[float], list[float]]:
    return [count or AUTOMATIC for count in levels], list(levels.values())


__all__ = ["draw_report"]
