import json
import os
from pathlib import Path
from typing import Literal, get_args, get_type_hints

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from colorizer_hf.cli import app
from colorizer_hf.cli.evaluate import evaluate
from colorizer_hf.errors import ColorizerError
from colorizer_hf.metrics.protocols import PROTOCOLS
from tests.tiny_networks import SMALL_CHROMAFORMER


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    """Folder of a small network with random weights."""
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny", modality="gray")


@pytest.fixture(scope="module")
def nir_model(tmp_path_factory) -> str:
    """The same for near-infrared frames: it predicts luminance too."""
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny_nir", modality="nir")


def save_tiny(folder: Path, *, modality: Literal["gray", "nir"]) -> str:
    from colorizer_hf.image_processing import ColorizerImageProcessor
    from colorizer_hf.models.chromaformer import ChromaFormerConfig, ChromaFormerModel

    config = ChromaFormerConfig(
        **SMALL_CHROMAFORMER,
        working_size=64,
        modality=modality,
        predicts_luminance=modality == "nir",
    )
    ChromaFormerModel(config).save_pretrained(folder)
    ColorizerImageProcessor(working_size=64).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for index in range(3):
        pixels = generator.integers(40, 220, (4, 5, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((50, 40), Image.Resampling.BICUBIC).save(folder / f"{index}.png")
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


class TestEvaluate:
    def test_writes_the_agreed_json(self, photos, model, tmp_path):
        out = tmp_path / "results" / "out.json"
        result = run(photos, "--model", model, "--hints", "0,10", "--limit", 2, "--json", out)
        assert result.exit_code == 0, result.output
        report = json.loads(out.read_text())
        assert (report["protocol"], report["model"], report["images"]) == ("siggraph17", model, 2)
        assert [row["hints"] for row in report["rows"]] == [0, 10]
        for row in report["rows"]:
            assert row["gain"] == pytest.approx(row["psnr"] - row["gray_psnr"])
            assert row["lpips_alex"] is None
            assert all(row[key] is not None for key in ("mse", "ssim", "ae", "ciede2000", "colourfulness"))
        assert [path.name for path in out.parent.iterdir()] == ["out.json"]

    def test_gives_the_same_numbers_twice(self, photos, model, tmp_path):
        for name in ("one.json", "two.json"):
            run(photos, "--model", model, "--hints", "5", "--limit", 1, "--json", tmp_path / name)
        assert (tmp_path / "one.json").read_text() == (tmp_path / "two.json").read_text()

    def test_prints_floors_network_and_ceiling(self, photos, model):
        result = run(photos, "--model", model, "--hints", "0,10", "--protocol", "icolorit")
        lines = [line.strip() for line in result.stdout.splitlines()]
        subjects = ("gray floor", "tone floor", "0 hints", "10 hints", "ceiling")
        assert [name for line in lines for name in subjects if line.startswith(name)] == list(subjects)
        assert "icolorit, 3 photographs, seen at 64 px" in result.stdout

    def test_says_that_lpips_is_left_out(self, photos, model, monkeypatch):
        monkeypatch.delenv("COLORIZER_LPIPS_ALEX", raising=False)
        result = run(photos, "--model", model, "--hints", "0", "--limit", 1)
        assert "LPIPS (alex) is left out: its network's weights were not given (--lpips-alex FILE" in result.stderr

    def test_draws_the_plot(self, photos, model, tmp_path):
        out = tmp_path / "curve.png"
        assert run(photos, "--model", model, "--hints", "0,1", "--limit", 1, "--plot", out).exit_code == 0
        with Image.open(out) as picture:
            assert picture.format == "PNG"

    def test_names_unreadable_photographs_measures_the_others_and_exits_with_1(self, photos, model, tmp_path):
        (photos / "1.png").write_bytes(b"no picture")
        result = run(photos, "--model", model, "--hints", "0", "--json", tmp_path / "out.json")
        assert result.exit_code == 1
        assert f"{photos / '1.png'}: it is not a picture of a format that is read here" in result.stderr
        assert json.loads((tmp_path / "out.json").read_text())["images"] == 2

    def test_gray_photographs_are_named_and_change_no_figure(self, photos, model, tmp_path):
        run(photos, "--model", model, "--hints", "0", "--json", tmp_path / "before.json")
        Image.linear_gradient("L").convert("RGB").save(photos / "gray.jpg")
        result = run(photos, "--model", model, "--hints", "0", "--json", tmp_path / "after.json")
        assert result.exit_code == 0
        assert f"{photos / 'gray.jpg'} is gray and was left out" in result.stderr.splitlines()
        assert (tmp_path / "after.json").read_text() == (tmp_path / "before.json").read_text()

    @pytest.mark.parametrize("option", ["--json", "--plot"])
    @pytest.mark.parametrize("place", ["file/out", "x" * 300], ids=["below a file", "long name"])
    def test_refuses_a_place_where_it_cannot_write_before_the_run(self, photos, model, tmp_path, option, place):
        (tmp_path / "file").write_text("")
        result = run(photos, "--model", model, "--hints", "0", "--limit", 1, option, tmp_path / place)
        assert isinstance(result.exception, ColorizerError)
        assert f"{place} cannot be written (" in str(result.exception)
        assert not result.output
        assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "photos"]

    def test_leaves_no_folder_behind_when_the_run_fails(self, model, tmp_path):
        run(tmp_path / "nowhere", "--model", model, "--json", tmp_path / "results" / "out.json")
        assert list(tmp_path.iterdir()) == []

    def test_writes_into_a_pipe_and_does_not_replace_it(self, photos, model):
        reader, writer = os.pipe()
        result = run(photos, "--model", model, "--hints", "0", "--limit", 1, "--json", f"/dev/fd/{writer}")
        os.close(writer)
        assert result.exit_code == 0, result.output
        with open(reader) as pipe:  # noqa: PTH123 - a descriptor has no path
            assert json.load(pipe)["images"] == 1

    def test_a_link_stays_a_link_to_the_new_figures(self, photos, model, tmp_path):
        link = tmp_path / "latest.json"
        link.symlink_to("real.json")
        run(photos, "--model", model, "--hints", "0", "--limit", 1, "--json", link)
        assert link.is_symlink()
        assert json.loads((tmp_path / "real.json").read_text())["images"] == 1

    @pytest.mark.parametrize(
        "arguments",
        [("--hints", "0,501"), ("--hints", "ten"), ("--hints", ""), ("--protocol", "other"), ("--device", "toaster")],
    )
    def test_refuses_a_wrong_command_line_with_2(self, arguments, photos, model):
        result = run(photos, "--model", model, *arguments)
        assert result.exit_code == 2
        assert arguments[0] in result.stderr

    def test_offers_every_protocol(self):
        choices, *_ = get_args(get_type_hints(evaluate, include_extras=True)["protocol"])
        assert set(get_args(choices)) == {*PROTOCOLS, "vcip2020"}


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Two public test images of the challenge by their names, of which the first leaks."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for name in ("testing_0003", "testing_0005"):
        pixels = generator.integers(40, 220, (4, 5, 4), dtype=np.uint8)
        large = [
            Image.fromarray(channel).resize((50, 40), Image.Resampling.BICUBIC)
            for channel in np.moveaxis(pixels, -1, 0)
        ]
        large[3].save(folder / f"{name}_nir.png")
        Image.merge("RGB", large[:3]).save(folder / f"{name}_rgb.png")
    return folder


def run_nir(*arguments: object) -> Result:
    return run(*arguments, "--protocol", "vcip2020")


class TestEvaluateNir:
    def test_writes_rows_for_subsets_and_targets_with_their_floors(self, pairs, model, tmp_path):
        out = tmp_path / "out.json"
        result = run_nir(pairs, "--model", model, "--train", pairs, "--json", out)
        assert result.exit_code == 0, result.output
        report = json.loads(out.read_text())
        assert (report["protocol"], report["model"], report["images"]) == ("vcip2020", model, 2)
        assert report["training_images"] == 2
        assert [(row["subset"], row["target"], row["images"]) for row in report["rows"]] == [
            ("all", "raw", 2),
            ("all", "stretched", 2),
            ("not_in_training", "raw", 1),
            ("not_in_training", "stretched", 1),
            ("no_near_duplicate", "raw", 1),
            ("no_near_duplicate", "stretched", 1),
        ]
        for row in report["rows"]:
            assert list(row["references"]) == ["nir_copied", "nir_toned", "nir_table", "true_luminance"]

    def test_prints_a_table_for_each_with_the_floors_before_the_model(self, pairs, model):
        lines = [line.strip() for line in run_nir(pairs, "--model", model, "--train", pairs).stdout.splitlines()]
        assert "not in training, stretched targets: 1 pair" in lines
        labels = ("NIR copied", "NIR toned", "NIR table", "true gray", "model")
        assert [name for line in lines for name in labels if line.startswith(name)] == 6 * list(labels)

    def test_a_narrow_terminal_loses_no_figure(self, pairs, model, monkeypatch):
        monkeypatch.setenv("COLUMNS", "40")
        assert "…" not in run_nir(pairs, "--model", model, "--train", pairs).stdout

    def test_without_a_model_the_one_for_near_infrared_is_taken(self, pairs):
        assert run_nir(pairs, "--limit", 1).stdout.startswith("chromaformer_nir, ")

    def test_a_network_for_gray_photographs_keeps_the_frame_as_luminance(self, pairs, model, tmp_path):
        out = tmp_path / "out.json"
        run_nir(pairs, "--model", model, "--json", out)
        row = json.loads(out.read_text())["rows"][0]
        assert row["luma_psnr"] == pytest.approx(row["references"]["nir_copied"]["luma_psnr"], abs=0.5)
        assert list(row["references"]) == ["nir_copied", "nir_toned", "true_luminance"]

    def test_a_network_for_near_infrared_frames_gives_the_luminance_too(self, pairs, nir_model, tmp_path):
        out = tmp_path / "out.json"
        assert run_nir(pairs, "--model", nir_model, "--json", out).exit_code == 0
        row = json.loads(out.read_text())["rows"][0]
        assert abs(row["luma_psnr"] - row["references"]["nir_copied"]["luma_psnr"]) > 0.5

    def test_stops_at_the_limit(self, pairs, model, tmp_path):
        out = tmp_path / "out.json"
        assert run_nir(pairs, "--model", model, "--limit", 1, "--json", out).exit_code == 0
        assert [row["subset"] for row in json.loads(out.read_text())["rows"]] == ["all", "all"]

    def test_frames_may_have_16_bits(self, pairs, model):
        deep = np.full((40, 50), 40_000, np.uint16)
        Image.fromarray(deep).save(pairs / "testing_0003_nir.png")
        assert run_nir(pairs, "--model", model, "--limit", 1).exit_code == 0

    def test_an_incomplete_pair_ends_it_in_a_sentence(self, pairs, model, tmp_path):
        (pairs / "testing_0005_rgb.png").unlink()
        result = run_nir(pairs, "--model", model, "--json", tmp_path / "out.json")
        assert isinstance(result.exception, ColorizerError)
        assert "testing_0005_nir.png has no RGB picture beside it" in str(result.exception)
        assert not (tmp_path / "out.json").exists()

    @pytest.mark.parametrize(
        ("protocol", "option", "value"),
        [
            ("vcip2020", "--hints", "0,1"),
            ("vcip2020", "--plot", "curve.png"),
            ("siggraph17", "--train", "pairs.tar"),
            ("icolorit", "--train", "pairs.tar"),
        ],
    )
    def test_refuses_options_that_make_no_sense_together(self, pairs, model, protocol, option, value):
        result = run(pairs, "--model", model, "--protocol", protocol, option, value)
        assert result.exit_code == 2
        assert f"{option} belongs to " in result.stderr
        assert f"leave it out with {protocol}" in " ".join(result.stderr.split())
