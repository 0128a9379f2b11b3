"""`colorizer video` from the shell's point of view."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from colorizer_hf.cli import app
from colorizer_hf.hints import Hint, hints_to_json
from tests.film.films import Pan, photo, read_film, write_film


@pytest.fixture
def film(tmp_path: Path) -> Path:
    pan = Pan(photo("astronaut", 100), 64, zooms=False, count=4)
    Image.fromarray(pan.frames[0]).save(tmp_path / "first.png")
    return write_film(tmp_path / "film.mp4", pan.gray(), sound=True)


def video(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["video", *map(str, arguments), "--size", "64"])


def test_says_what_became_of_the_film(film: Path, tmp_path: Path) -> None:
    done = video(film, "-o", tmp_path / "colour.mp4")
    assert (done.exit_code, done.output) == (0, f"{film} -> {tmp_path / 'colour.mp4'}\n")
    assert len(read_film(tmp_path / "colour.mp4")[1]) == 4


def test_a_part_of_it(film: Path, tmp_path: Path) -> None:
    assert video(film, "-o", tmp_path / "colour.mkv", "--from", 0.04, "--to", 0.12).exit_code == 0
    assert len(read_film(tmp_path / "colour.mkv")[1]) == 2


def test_hints_and_a_frame_coloured_by_hand(film: Path, tmp_path: Path) -> None:
    hints = json.loads(hints_to_json([Hint(32, 55, "#1f9d3a", 6)], (64, 64)))
    (tmp_path / "hints.json").write_text(json.dumps([{"time": 0.04, "hints": hints}]))
    for name, options in {
        "plain": (),
        "hinted": ("--hints", tmp_path / "hints.json"),
        "led": ("--reference", f"0={tmp_path / 'first.png'}"),
    }.items():
        assert video(film, "-o", tmp_path / f"{name}.mp4", *options).exit_code == 0
    plain, hinted, led = (
        np.array(read_film(tmp_path / f"{name}.mp4")[1], float) for name in ("plain", "hinted", "led")
    )
    green = (hinted - plain)[:, 50:60, 26:38]
    assert (green[..., 1] - green[..., 0]).mean() > 10
    truth = np.asarray(Image.open(tmp_path / "first.png"), float)
    assert np.square(led[0] - truth).mean() < 0.5 * np.square(plain[0] - truth).mean()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--reference", "0=missing.png"), "missing.png: it is no picture of a frame"),
        (("--reference", "9=first.png"), "there is no frame at 9 s; the film lasts 0.2 s"),
        (("--hints", "missing.json"), "missing.json: the hints cannot be read"),
        (("--hints", "first.png"), "first.png: these are no hints on frames"),
        (("--model", "nowhere"), "nowhere"),
        (("--codec", "libx999"), "there is no video encoder libx999"),
    ],
    ids=str,
)
def test_what_cannot_be_done_ends_in_one_sentence(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    done = video(film, "-o", "colour.mp4", *options)
    assert done.exit_code != 0
    assert sentence in str(done.exception)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(("--reference", "first.png"), "is not TIME=PICTURE"), (("--from", "2", "--to", "1"), "must end after it begins")],
    ids=str,
)
def test_a_wrong_command_line_is_told_so(film: Path, tmp_path: Path, options: tuple[str, ...], sentence: str) -> None:
    done = video(film, "-o", tmp_path / "colour.mp4", *options)
    assert done.exit_code == 2
    assert sentence in done.output
