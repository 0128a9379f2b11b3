"""`colorizer colorize --samples`: several colourings of each photograph."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from colorizer_hf.cli import app
from tests.tiny_sampler import tiny_sampler


@pytest.fixture(scope="module")
def sampler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sampler")
    tiny_sampler().save_pretrained(folder)
    return folder


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    rows, columns = np.mgrid[:60, :90]
    Image.fromarray((60 + 100 * (columns > 40) + rows / 2).astype(np.uint8)).save(tmp_path / "old.png")
    return tmp_path / "old.png"


def colorize(photo: Path, sampler: Path, *options: str) -> Result:
    command = ["colorize", str(photo), "-o", str(photo.parent / "out"), "--model", str(sampler), *options]
    return CliRunner().invoke(app, command)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_are_numbered_and_differ(photo: Path, sampler: Path) -> None:
    done = colorize(photo, sampler, "--samples", "3")
    assert done.exit_code == 0, done.output
    results = [photo.parent / "out" / f"old-{number}.png" for number in (1, 2, 3)]
    assert done.stdout.splitlines() == [str(path) for path in results]
    first, second, third = map(pixels, results)
    assert first.shape == (60, 90, 3)
    assert all(np.abs(a - b).max() > 2 for a, b in ((first, second), (second, third), (first, third)))


def test_a_seed_gives_the_same_ones_again_and_another_seed_others(photo: Path, sampler: Path) -> None:
    found = []
    for seed in ("7", "7", "8"):
        colorize(photo, sampler, "--samples", "1", "--seed", seed, "--overwrite")
        found.append(pixels(photo.parent / "out" / "old-1.png"))
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_those_that_exist_are_kept_and_missing_ones_made(photo: Path, sampler: Path) -> None:
    colorize(photo, sampler, "--samples", "2")
    (photo.parent / "out" / "old-1.png").unlink()
    second = photo.parent / "out" / "old-2.png"
    second.write_bytes(b"mine")
    done = colorize(photo, sampler, "--samples", "2")
    assert done.stdout.splitlines() == [str(photo.parent / "out" / "old-1.png")]
    assert "1 result exists already" in done.stderr
    assert second.read_bytes() == b"mine"


def test_hints_hold_in_each(photo: Path, sampler: Path) -> None:
    colorize(photo, sampler, "--samples", "2", "--hint", "70,30,#b03030,20")
    for number in (1, 2):
        red, green, blue = pixels(photo.parent / "out" / f"old-{number}.png")[30, 70]
        assert red > green + 20 < blue + 60


@pytest.mark.parametrize("options", [("--vividness", "0.5"), ("--palette", "#ff0000"), ("--nir",)])
def test_what_chooses_colours_otherwise_is_refused(photo: Path, sampler: Path, options: tuple[str, ...]) -> None:
    done = colorize(photo, sampler, "--samples", "2", *options)
    assert done.exit_code == 2
    assert options[0] in done.stderr
    assert "draws the colours by itself" in " ".join(done.stderr.split())


def test_standard_output_takes_one(photo: Path, sampler: Path) -> None:
    done = CliRunner().invoke(app, ["colorize", str(photo), "-o", "-", "--samples", "2", "--model", str(sampler)])
    assert done.exit_code == 2
    assert "standard output takes one picture" in " ".join(done.stderr.split())


def test_another_kind_of_model_is_one_sentence(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = colorize(photo, tmp_path / "empty", "--samples", "2")
    assert done.exit_code == 1
    assert "has no model_index.json; give a folder that save_pretrained wrote" in str(done.exception)


def test_evaluation_puts_samples_beside_what_the_flagship_offers(sampler: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    rng = np.random.default_rng(0)
    for number in range(2):
        picture = np.kron(rng.integers(40, 220, (6, 6, 3)), np.ones((12, 12, 1))).astype(np.uint8)
        Image.fromarray(picture).save(photos / f"{number}.png")
    figures = tmp_path / "figures.json"
    command = ["evaluate", str(photos), "--samples", "3", "--model", str(sampler), "--json", str(figures)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    report = json.loads(figures.read_text())
    assert report["protocol"] == "samples"
    rows = report["rows"]
    assert list(rows) == ["3 samples", "flagship, vividness 0", "flagship, default", "3 alternatives"]
    assert rows["3 samples"]["best_psnr"] > rows["3 samples"]["mean_psnr"]
    assert rows["3 samples"]["diversity"] > rows["flagship, default"]["diversity"] == 0
    assert all(name in done.stdout for name in rows)


def test_evaluation_of_samples_takes_no_hints(sampler: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["evaluate", str(tmp_path), "--samples", "3", "--model", str(sampler), "--hints", "0,1"]
    )
    assert done.exit_code == 2
    assert "takes no hints" in " ".join(done.stderr.split())
