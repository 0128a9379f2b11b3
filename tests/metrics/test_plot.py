from dataclasses import replace

import pytest

from colorizer_hf.metrics.plot import draw_report
from colorizer_hf.metrics.report import EvaluationReport, HintRow, Measures


def row(hints: int, psnr: float) -> HintRow:
    return HintRow(
        hints=hints,
        psnr=psnr,
        gain=psnr - 22,
        standard_error=0.2,
        gray_psnr=22,
        tone_psnr=22.5,
        truth_colourfulness=None,
        truth_colourfulness_absolute=None,
    )


@pytest.fixture
def report() -> EvaluationReport:
    return EvaluationReport(
        protocol="siggraph17",
        model="tiny",
        images=7,
        seed=0,
        size=192,
        tone=(1.0, 5.0),
        references={
            name: Measures(psnr=psnr, gain=0) for name, psnr in [("gray", 22), ("tone", 22.5), ("ceiling", 37)]
        },
        rows=[row(0, 23), row(100, 29)],
    )


def curves(report: EvaluationReport) -> dict[str, list[float]]:
    (axes,) = draw_report(report).axes
    handles, labels = axes.get_legend_handles_labels()
    lines = [getattr(handle, "lines", [handle])[0] for handle in handles]  # error bars carry their line
    return {label: list(line.get_ydata()) for label, line in zip(labels, lines, strict=True)}


class TestDrawReport:
    def test_draws_the_network(self, report):
        assert curves(report)["tiny ± standard error"] == [23, 29]

    def test_draws_floors_and_ceiling(self, report):
        assert curves(report)["gray floor, 22.00 dB"] == [22, 22]
        assert curves(report)["tone floor, 22.50 dB"] == [22.5, 22.5]
        assert curves(report)["ceiling of the chroma's resolution, 37.00 dB"] == [37, 37]

    def test_draws_the_published_curve_under_its_own_protocol_alone(self, report):
        published = "siggraph17 as published, on 1,000 other ImageNet photographs"
        assert curves(report)[published][0] == 24.43
        assert published not in curves(replace(report, protocol="icolorit"))
