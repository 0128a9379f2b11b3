"""`colorizer colorize` with boxes around things, and with a detector that finds them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from colorizer_hf.boxes import NOTHING_BOXED
from colorizer_hf.cli import app
from colorizer_hf.errors import BoxError
from tests.tiny_networks import save_detector, save_instance_fusion

FACE = [30, 20, 70, 50]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_instance_fusion(tmp_path_factory.mktemp("instance_fusion"))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with two photographs of 160 x 120 pixels that look the same."""
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0).integers(0, 256, (120, 160), dtype=np.uint8)
    for name in ("one.png", "two.png"):
        Image.fromarray(noise).save(name)
    return tmp_path


def write(boxes: Any) -> str:
    Path("boxes.json").write_text(json.dumps(boxes))
    return "boxes.json"


@pytest.fixture
def colorize(desk: Path, checkpoint: Path) -> Any:
    def colorize(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["colorize", *arguments, "--model", str(checkpoint), "--device", "cpu"])

    return colorize


def pixels(path: str) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


class TestBoxes:
    def test_of_one_photo_change_it_and_without_them_a_note_is_printed(self, colorize: Any) -> None:
        assert NOTHING_BOXED in colorize("one.png", "-o", "whole.png").output
        assert NOTHING_BOXED not in colorize("one.png", "-o", "boxed.png", "--boxes", write([FACE])).output
        assert not np.array_equal(pixels("whole.png"), pixels("boxed.png"))

    def test_of_several_photos_go_by_their_names(self, colorize: Any) -> None:
        result = colorize("one.png", "two.png", "--json", "--boxes", write({"two.png": [{"box": FACE, "score": 0.9}]}))
        one, two = (json.loads(line) for line in result.stdout.splitlines())
        assert one["notes"] == [NOTHING_BOXED]
        assert two["notes"] == []
        assert not np.array_equal(pixels("colorized/one.png"), pixels("colorized/two.png"))

    def test_without_names_are_of_a_single_photo(self, colorize: Any) -> None:
        result = colorize("one.png", "two.png", "--boxes", write([FACE]))
        assert result.exit_code == 2
        assert "boxes without names belong to a single photograph, got 2" in " ".join(result.stderr.split())

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("[[1, 2", "boxes.json: the boxes are not valid JSON"),
            ('{"three.png": [[1, 2, 3, 4]]}', "it names none of the photographs; the first name in it is three.png"),
            ("\udcff", "boxes.json: the boxes cannot be read"),
        ],
        ids=["damaged", "of others", "no text"],
    )
    def test_a_file_of_something_else_is_refused(self, colorize: Any, text: str, problem: str) -> None:
        Path("boxes.json").write_text(text, errors="surrogateescape")
        result = colorize("one.png", "--boxes", "boxes.json")
        assert isinstance(result.exception, BoxError)
        assert problem in str(result.exception)
        assert not Path("colorized").exists()

    def test_a_box_that_makes_no_sense_fails_its_photo_alone(self, colorize: Any) -> None:
        result = colorize("one.png", "two.png", "--boxes", write({"one.png": [[500, 0, 600, 50]]}))
        assert result.exit_code == 1
        assert "lies outside the photo of 160 x 120 pixels" in result.stderr
        assert Path("colorized/two.png").exists()


class TestDetector:
    def test_finds_the_things(self, colorize: Any) -> None:
        detector = save_detector(Path("detector"), (30 / 160, 20 / 120, 70 / 160, 50 / 120))
        assert NOTHING_BOXED not in colorize("one.png", "-o", "found.png", "--detector", str(detector)).output
        colorize("one.png", "-o", "boxed.png", "--boxes", write([FACE] * 3))
        assert np.array_equal(pixels("found.png"), pixels("boxed.png"))

    def test_of_a_model_that_wants_none_is_refused(self, desk: Path) -> None:
        detector = save_detector(Path("detector"), (0.1, 0.1, 0.5, 0.5))
        result = CliRunner().invoke(app, ["colorize", "one.png", "--detector", str(detector), "--device", "cpu"])
        assert str(result.exception).startswith("a chromaformer takes no boxes")
