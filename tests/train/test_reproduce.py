"""A table of experiments: run once, kept, drawn."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from PIL import Image

from colorizer_hf.metrics.photos import load_photos
from colorizer_hf.models.unet import UNetConfig, UNetModel
from tests.train.test_nir import write_pairs
from train.parts.config import ConfigError, read_yaml
from train.parts.examiners import PhotoExaminer
from train.parts.experiments import read_comparison
from train.recipes.reproduce import EXAMPLES, Reproduction, examine_pairs

SCENES = {"pairs": range(6), "test": range(20, 23), "more": range(30, 32)}
SECOND = {"adversarial": {"width": 4}, "steps": 2}


@pytest.fixture
def table(tiny_gan: Path, tmp_path: Path) -> Path:
    common = {key: value for key, value in read_yaml(tiny_gan).items() if key not in ("architecture", "model")}
    network = {"architecture": "unet", "model": {"width": 4, "depth": 2, "working_size": 64}}
    path = tmp_path / "table.yaml"
    experiments = {
        "alone": {"title": "alone", "recipe": "gan", "run": network},
        "judged": {"title": "judged", "recipe": "gan", "init": "alone", "run": SECOND | {"architecture": "unet"}},
        "taught": {"title": "taught", "recipe": "distill", "teacher": "judged", "run": network},
        "pruned": {"title": "pruned", "recipe": "gan", "init": "taught", "prune": 0.5, "run": {"architecture": "unet"}},
    }
    values = {"title": "A table", "about": "Of four.", "common": common, "experiments": experiments}
    path.write_text(yaml.safe_dump(values))
    return path


@pytest.fixture
def reproduction(table: Path, photo_tar: Path, tmp_path: Path) -> Reproduction:
    return Reproduction(
        read_comparison(table),
        runs=tmp_path / "runs",
        results=tmp_path / "results",
        overrides={"steps": None},
        examiner=examine(photo_tar),
    )


def examine(photos: Path, hints: tuple[int, ...] = (0,)) -> PhotoExaminer:
    return PhotoExaminer(list(load_photos(photos, limit=2, size=256)), [EXAMPLES / "coffee_cup.jpg"], [], hints)


def record(reproduction: Reproduction, name: str) -> dict[str, Any]:
    return json.loads((reproduction.results / f"{name}.json").read_text())


def test_runs_what_is_asked_for_and_what_that_needs(reproduction: Reproduction, capsys: pytest.CaptureFixture) -> None:
    reproduction.reproduce("pruned")
    names = ["alone", "judged", "taught", "pruned"]
    assert {path.stem for path in reproduction.results.glob("*.json")} == set(names)
    judged, pruned = record(reproduction, "judged"), record(reproduction, "pruned")
    assert (judged["steps"], judged["total_steps"]) == (2, 10)
    assert pruned["parameters"] < record(reproduction, "taught")["parameters"] / 2
    assert judged["config"]["init"].endswith("alone/model")
    assert judged["curves"][-1]["accuracy"] >= 0
    assert {"psnr", "ssim", "mse", "ae", "colourfulness"} <= set(judged["evaluation"]["rows"][0])

    capsys.readouterr()
    written = {path: path.stat().st_mtime_ns for path in reproduction.runs.rglob("*.safetensors")}
    for name in names:
        reproduction.reproduce(name)
    assert capsys.readouterr().out.splitlines() == [f"{name}: done" for name in names]
    assert {path: path.stat().st_mtime_ns for path in reproduction.runs.rglob("*.safetensors")} == written

    shutil.rmtree(reproduction.runs)  # as in a fresh clone: records are kept, weights are not
    (reproduction.results / "judged.json").unlink()
    reproduction.reproduce("judged")
    assert (reproduction.runs / "alone" / "model" / "model.safetensors").is_file()
    assert not (reproduction.runs / "taught").exists()

    reproduction.summarize()
    page = (reproduction.results / "README.md").read_text()
    for name in ("gray floor", "tone floor", *names):
        assert f" {name} |" in page
    with (
        Image.open(reproduction.results / "grid.jpg") as grid,
        Image.open(reproduction.results / "curves.png") as curves,
    ):
        assert grid.height == 5 * 128
        assert curves.width > 500


def test_the_flagship_is_measured_with_hints(tiny_run: Path, photo_tar: Path, tmp_path: Path) -> None:
    run = read_yaml(tiny_run) | {"steps": 2, "loss": {"rebalance": 0.5}}
    experiments = {"base": {"title": "the recipe", "recipe": "pretrain", "run": run}}
    values = {
        "title": "A search",
        "about": "One.",
        "common": {"output": ""},
        "experiments": experiments,
        "hints": [0, 1, 10],
    }
    table = tmp_path / "search.yaml"
    table.write_text(yaml.safe_dump(values))
    results = tmp_path / "results"
    reproduction = Reproduction(
        read_comparison(table),
        runs=tmp_path / "runs",
        results=results,
        overrides={},
        examiner=examine(photo_tar, (0, 1, 10)),
    )
    reproduction.reproduce("base")
    reproduction.summarize()
    lines = [line.split("|") for line in (results / "README.md").read_text().splitlines() if line.startswith("|")]
    assert {len(line) for line in lines} == {len(lines[0])}
    row = next(line for line in lines if line[1] == " base ")
    gains = [measured["gain"] for measured in record(reproduction, "base")["evaluation"]["rows"]]
    assert [float(row[lines[0].index(name)]) for name in (" 1 hint ", " 10 hints ")] == pytest.approx(
        gains[1:], abs=0.01
    )


def test_networks_are_measured_with_what_they_are_told_and_without(
    tiny_gan: Path, photo_tar: Path, tmp_path: Path
) -> None:
    common = {key: value for key, value in read_yaml(tiny_gan).items() if key not in ("architecture", "model")}
    sizes = {"width": 4, "working_size": 64}
    instance = {"model": {"fusion_width": 4, "instance_size": 32}, "stage": "fusion", "boxes": "grid", "steps": 1}
    experiments = {
        "local": {"title": "local", "recipe": "guided", "run": {"model": sizes, "steps": 1}},
        "full": {
            "title": "full",
            "recipe": "instance",
            "init": "local",
            "run": instance | {"stage": "full", "steps": 16},
        },
        "fusion": {"title": "fusion", "recipe": "instance", "init": "full", "told": "boxes", "run": instance},
        "global": {
            "title": "global",
            "recipe": "guided",
            "told": "palette",
            "run": {"model": sizes | {"global_hints": True}, "told_share": 0.5, "stage": "regression", "steps": 60},
        },
    }
    table = tmp_path / "published.yaml"
    values = {"title": "Told", "about": "Four.", "common": common | {"data": common["data"] | {"crop_size": 32}}}
    table.write_text(yaml.safe_dump(values | {"experiments": experiments, "hints": [0, 1]}))
    reproduction = Reproduction(
        read_comparison(table),
        runs=tmp_path / "runs",
        results=tmp_path / "results",
        overrides={},
        examiner=examine(photo_tar, (0, 1)),
    )
    for name in ("fusion", "global"):
        reproduction.reproduce(name)
    reproduction.summarize()
    told, untold = (record(reproduction, "global")[key]["rows"][0]["psnr"] for key in ("evaluation", "untold"))
    assert told != untold
    assert "untold" in record(reproduction, "fusion")
    assert "untold" not in record(reproduction, "full")
    assert len(record(reproduction, "local")["evaluation"]["rows"]) == 2
    lines = [line for line in (reproduction.results / "README.md").read_text().splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    assert sum("the same, told nothing" in line for line in lines) == 2
    assert record(reproduction, "fusion")["gmacs"] > 1.2 * record(reproduction, "full")["gmacs"]


def test_pairs_are_measured_by_their_own_protocol_and_their_pictures_stay_with_the_runs(
    tiny_gan: Path, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    UNetModel(UNetConfig(width=4, depth=2, working_size=64)).save_pretrained(tmp_path / "gray")
    pairs, test, more = (write_pairs(tmp_path / name, seeds) for name, seeds in SCENES.items())
    kept = ("data", "optimizer", "batch_size", "log_every", "report_to")
    common = {key: value for key, value in read_yaml(tiny_gan).items() if key in kept}
    common |= {"output": "", "pairs": {"crop_size": 32, "num_workers": 0}, "steps": 2}
    network = {"architecture": "unet", "model": {"width": 4, "depth": 2, "working_size": 64}}
    two = {"gray": str(tmp_path / "gray"), "weights": {"features": 0}, "model": {"translator_width": 4}}
    experiments = {
        "regression": {"title": "alone", "recipe": "nir", "run": network},
        "two": {"title": "two", "recipe": "cocolor", "routes": ["nir", "gray"], "run": two | {"stage": "fusion"}},
    }
    table = tmp_path / "nir.yaml"
    values = {"title": "Frames", "about": "Two.", "protocol": "vcip2020", "common": common, "experiments": experiments}
    table.write_text(yaml.safe_dump(values))
    sources = [str(test), str(more)]
    reproduction = Reproduction(
        read_comparison(table),
        runs=tmp_path / "runs",
        results=tmp_path / "results",
        overrides={"pairs.sources": [str(pairs)], "pairs.held_out": sources},
        examiner=examine_pairs([str(pairs)], sources, [], limit=2),
        pictures=tmp_path / "runs",
    )
    for name in experiments:
        reproduction.reproduce(name)
    reproduction.summarize()
    two_routes = record(reproduction, "two")
    measured = [two_routes["evaluation"], two_routes["routes"]["nir"], two_routes["routes"]["gray"]]
    assert [one["test"]["images"] for one in measured] == [2, 2, 2]
    assert len({one["test"]["rows"][0]["psnr"] for one in measured}) == 3
    assert two_routes["evaluation"]["test"]["training_images"] == 6

    page = (reproduction.results / "README.md").read_text()
    for line in ("## test", "## more", "NIR copied", "NIR table", "true gray", "| regression | alone", "F_N alone"):
        assert line in page
    assert "grid.jpg" not in page
    assert {path.name for path in reproduction.results.iterdir()} == {
        *("README.md", "curves.png", "regression.json", "two.json")
    }
    with Image.open(tmp_path / "runs" / "grid.jpg") as grid:
        assert grid.height == 4 * 128


def test_names_what_it_does_not_know(reproduction: Reproduction) -> None:
    with pytest.raises(ConfigError, match="there is no experiment z; known are alone, judged"):
        reproduction.reproduce("z")


def test_a_table_with_an_unknown_key_is_refused(table: Path) -> None:
    values = read_yaml(table)
    values["experiments"]["alone"]["teachers"] = "judged"
    table.write_text(yaml.safe_dump(values))
    with pytest.raises(ConfigError, match="unknown key teachers"):
        read_comparison(table)
