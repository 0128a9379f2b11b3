import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from colorizer_hf.metrics.lpips import TRUNKS, Lpips
from colorizer_hf.metrics.nir_floors import training_colours
from colorizer_hf.metrics.nir_report import NirReport
from colorizer_hf.metrics.pairs import NirPair
from colorizer_hf.metrics.vcip2020 import (
    IN_TRAINING,
    METRICS,
    NEAR_DUPLICATES,
    PUBLIC_TEST,
    SUBSETS,
    evaluate_pairs,
    targets,
)

FLOORS = ["nir_copied", "nir_toned", "true_luminance"]


def scene(name: str, seed: int = 0, *, size: int = 16) -> NirPair:
    """Smooth colours between 40 and 180, and a frame that has little to do with them."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(40, 180, (4, 4, 4))
    pixels = np.kron(coarse, np.ones((size // 4, size // 4, 1))).astype(np.uint8)
    return NirPair(name, pixels[..., 3], pixels[..., :3])


def copied(nir: np.ndarray) -> np.ndarray:
    return np.repeat(nir[..., None], 3, axis=-1)


def shape(report: NirReport) -> list[tuple[str, str, int]]:
    return [(row.subset, row.target, row.images) for row in report.rows]


@pytest.fixture(scope="module")
def report() -> NirReport:
    pairs = [scene("testing_0003", 1), scene("testing_0001", 2), scene("testing_0002", 3), scene("testing_0005", 4)]
    return evaluate_pairs(pairs, copied)


class TestSubsets:
    def test_have_the_published_numbers_of_images(self):
        assert len(PUBLIC_TEST) == 28
        assert {name: len(images) for name, images in SUBSETS.items()} == {
            "not_in_training": 20,
            "no_near_duplicate": 16,
        }
        assert IN_TRAINING.keys() | NEAR_DUPLICATES.keys() <= PUBLIC_TEST

    def test_leave_out_the_leaks(self, report):
        assert shape(report) == [
            *(("all", "raw", 4), ("all", "stretched", 4)),
            *(("not_in_training", "raw", 3), ("not_in_training", "stretched", 3)),
            *(("no_near_duplicate", "raw", 2), ("no_near_duplicate", "stretched", 2)),
        ]

    def test_are_only_reported_where_they_occur(self):
        assert shape(evaluate_pairs([scene("country_0001")], copied)) == [("all", "raw", 1), ("all", "stretched", 1)]

    def test_average_their_own_images_alone(self, report):
        alone = evaluate_pairs([scene("testing_0002", 3), scene("testing_0005", 4)], copied)
        assert report.rows[4].psnr == pytest.approx(alone.rows[0].psnr)
        assert report.rows[4].references["true_luminance"] == alone.rows[0].references["true_luminance"]


class TestTargets:
    def test_are_raw_and_stretched_as_in_the_published_script(self):
        rgb = scene("a").rgb
        image = rgb - rgb.min()
        expected = image / (image.max() + 1e-3) * 255
        found = targets(rgb)
        np.testing.assert_array_equal(found["raw"][0].permute(1, 2, 0), rgb)
        np.testing.assert_allclose(found["stretched"][0].permute(1, 2, 0), expected, rtol=1e-12)

    def test_a_picture_of_one_colour_can_be_stretched(self):
        assert targets(np.full((8, 8, 3), 90, np.uint8))["stretched"].unique().tolist() == [0]


class TestMeasures:
    def test_are_those_of_scikit_image(self):
        pair = scene("a")
        raw, stretched = evaluate_pairs([pair], copied).rows
        truth = pair.rgb / 255
        stretched_truth = targets(pair.rgb)["stretched"][0].permute(1, 2, 0).numpy() / 255
        for row, target in ((raw, truth), (stretched, stretched_truth)):
            picture = copied(pair.nir) / 255
            assert row.psnr == pytest.approx(peak_signal_noise_ratio(target, picture, data_range=1))
            assert row.ssim == pytest.approx(structural_similarity(target, picture, data_range=1, channel_axis=-1))

    def test_are_all_there(self, report):
        for row in report.rows:
            assert all(getattr(row, name) is not None for name in METRICS)
            assert row.lpips_alex is row.lpips_vgg is None

    def test_have_the_distances_that_are_given(self, tmp_path):
        torch.manual_seed(0)
        build, _ = TRUNKS["alex"]
        weights = {f"features.{name}": tensor for name, tensor in build().state_dict().items()}
        save_file(weights, tmp_path / "alex.safetensors")
        pair = scene("a", size=32)
        for row in evaluate_pairs([pair], copied, lpips=[Lpips("alex", tmp_path / "alex.safetensors")]).rows:
            assert row.lpips_alex is not None
            assert row.lpips_alex > 0
            assert row.references["nir_copied"].lpips_alex == row.lpips_alex
            assert row.lpips_vgg is None

    def test_of_a_perfect_colorizer(self):
        pair = scene("a")
        raw, stretched = evaluate_pairs([pair], lambda nir: pair.rgb).rows
        assert (raw.psnr, raw.luma_psnr, raw.ae, raw.ciede2000) == (100, 100, 0, 0)
        assert raw.angle == pytest.approx(0, abs=1e-5)
        assert raw.angle_legacy > 0.05
        assert stretched.psnr < 30  # what is compared is never stretched

    def test_of_a_black_picture_have_no_angle_and_are_still_json(self):
        report = evaluate_pairs([scene("a")], lambda nir: copied(nir) * 0)
        row = json.loads(report.to_json())["rows"][0]
        assert row["angle"] is None
        assert row["black_share"] == 1
        assert row["angle_legacy"] == pytest.approx(90)


class TestFloors:
    def test_stand_beside_the_colorizer(self, report):
        for row in report.rows:
            assert list(row.references) == FLOORS
            assert row.references["nir_copied"].psnr == pytest.approx(row.psnr)  # it copies the frame
            assert row.references["true_luminance"].luma_psnr > row.luma_psnr + 10

    def test_have_a_table_where_there_is_training_data(self):
        training = training_colours([scene("a")])
        report = evaluate_pairs([scene("a")], copied, training=training)
        raw = report.rows[0].references
        assert list(raw) == [*FLOORS[:2], "nir_table", FLOORS[2]]
        assert raw["nir_table"].psnr > raw["nir_copied"].psnr
        assert (report.training_images, report.tone) == (1, training.tone)


class TestEvaluatePairs:
    def test_leaves_out_what_is_not_wanted(self, report):
        pairs = [scene("testing_0003", 1), scene("testing_0001", 2), scene("testing_0002", 3), scene("testing_0005", 4)]
        little = evaluate_pairs(pairs, copied, kinds=["raw"], with_floors=False)
        assert shape(little) == [one for one in shape(report) if "raw" in one]
        assert (little.rows[0].psnr, little.rows[0].references) == (report.rows[0].psnr, {})

    def test_gives_the_colorizer_the_frame_as_it_is(self):
        frames: list[np.ndarray] = []

        def colorize(nir: np.ndarray) -> np.ndarray:
            frames.append(nir)
            return copied((nir // 257).astype(np.uint8))

        pair = scene("a")
        deep = NirPair("a", pair.nir.astype(np.uint16) * 257, pair.rgb)
        report = evaluate_pairs([deep], colorize, model="mine")
        assert frames[0] is deep.nir
        assert report.model == "mine"
        assert report.rows == evaluate_pairs([pair], copied).rows

    def test_tells_how_far_it_is(self):
        done: list[int] = []
        evaluate_pairs([scene("a"), scene("b")], copied, progress=done.append)
        assert done == [1, 2]

    def test_writes_plain_json(self, report):
        content = json.loads(report.to_json())
        assert (content["protocol"], content["images"], content["training_images"]) == ("vcip2020", 4, 0)
        assert {"subset", "target", "images", "psnr", "angle", "references"} <= set(content["rows"][0])

    @pytest.mark.parametrize(
        "colorize",
        [lambda nir: nir, lambda nir: copied(nir) / 255, lambda nir: copied(nir)[1:]],
        ids=["gray", "floats", "cut"],
    )
    def test_refuses_what_is_no_picture_of_the_scene(self, colorize):
        with pytest.raises(ValueError, match=r"colorize must give uint8 of shape \(16, 16, 3\) for a, got"):
            evaluate_pairs([scene("a")], colorize)

    def test_needs_a_pair(self):
        with pytest.raises(ValueError, match="at least one pair"):
            evaluate_pairs([], copied)
