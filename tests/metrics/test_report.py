import json

import pytest
import torch

from colorizer_hf.metrics.report import SIGGRAPH17_PSNR, Averages, EvaluationReport


@pytest.fixture
def averages() -> Averages:
    averages = Averages()
    for subject, values in {"gray": (20, 22), "tone": (21, 22), "ceiling": (40, 44), 0: (22, 24), 10: (24, 30)}.items():
        for value in values:  # in two batches
            averages.add(subject, {"psnr": torch.tensor([value]), "ssim": torch.tensor([value / 100])})
    averages.add("truth", {"colourfulness": torch.tensor([30.0, 50.0])})
    return averages


@pytest.fixture
def report(averages: Averages) -> EvaluationReport:
    return EvaluationReport(
        protocol="siggraph17",
        model="tiny",
        images=2,
        seed=0,
        size=192,
        tone=(1.0, 5.0),
        references={name: averages.measures(name) for name in ("gray", "tone", "ceiling")},
        rows=[averages.hint_row(count) for count in (0, 10)],
    )


class TestAverages:
    def test_are_over_all_photos_of_all_batches(self, averages):
        assert averages.means("gray") == {"psnr": 21, "ssim": pytest.approx(0.21)}

    def test_give_gains_over_the_gray_floor(self, averages):
        assert averages.hint_row(10).gain == 6
        assert averages.measures("tone").gain == 0.5

    def test_give_the_standard_error_of_the_mean(self, averages):
        assert averages.hint_row(10).standard_error == pytest.approx(3)  # values 24 and 30
        single = Averages()
        for subject in ("gray", "tone", 0):
            single.add(subject, {"psnr": torch.tensor([20])})
        assert single.hint_row(0).standard_error is None


class TestEvaluationReport:
    def test_has_the_agreed_keys_in_its_json(self, report):
        content = json.loads(report.to_json())
        assert {"protocol", "model", "images", "rows"} <= set(content)
        assert {
            *("hints", "psnr", "gray_psnr", "tone_psnr", "gain", "mse", "ssim", "ae", "ciede2000", "lpips_alex"),
            *("colourfulness", "truth_colourfulness"),
        } <= set(content["rows"][0])

    def test_has_null_for_what_was_not_computed(self, report):
        row = json.loads(report.to_json())["rows"][1]
        assert row["hints"] == 10
        assert row["ssim"] == pytest.approx(0.27)
        assert row["truth_colourfulness"] == 40
        assert row["mse"] is row["lpips_alex"] is row["colourfulness"] is None


class TestPublishedCurve:
    def test_rises_with_every_hint(self):
        assert list(SIGGRAPH17_PSNR) == sorted(SIGGRAPH17_PSNR)
        assert list(SIGGRAPH17_PSNR.values()) == sorted(SIGGRAPH17_PSNR.values())
        assert [SIGGRAPH17_PSNR[count] for count in (0, 1, 10, 100)] == [24.43, 25.37, 28.42, 31.13]
