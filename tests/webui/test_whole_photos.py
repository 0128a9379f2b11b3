"""Photos from file to file, one and many."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from colorizer_hf.errors import HintError, ImageError
from colorizer_hf.hints import Hint, hints_to_json
from colorizer_hf.imaging import Photo
from colorizer_hf.palette import Palette
from colorizer_hf.pipeline import ColorizationPipeline
from colorizer_hf.result import ColorizationResult
from colorizer_hf.webui.files import example_photos
from colorizer_hf.webui.whole_photos import Colorize, Options, Outcome, colorize_file, colorize_files

CUP = next(path for path in example_photos() if path.stem == "coffee_cup")
AS_PNG = Options(model="chromaformer", vividness=0.7, format="PNG", note=True)


@pytest.fixture(scope="module")
def pipe() -> ColorizationPipeline:
    return ColorizationPipeline.from_pretrained(device="cpu")


@pytest.fixture(scope="module")
def colorize(pipe: ColorizationPipeline) -> Colorize:
    def colorize(
        model: str, photo: Photo, hints: list[Hint] | None, vividness: float, palette: Palette | None, boxes: Any
    ) -> ColorizationResult:
        assert model == "chromaformer"
        assert boxes is None
        return pipe(photo, hints=hints, vividness=vividness, palette=palette)

    return colorize


class TestOne:
    def test_is_what_the_pipeline_gives(self, colorize: Colorize, pipe: ColorizationPipeline, tmp_path: Path) -> None:
        hint = Hint(300, 200, "#c02020")
        result = colorize_file(CUP, tmp_path, colorize, AS_PNG, hints=hints_to_json([hint], (600, 400)))
        with Image.open(result.path) as image:
            np.testing.assert_array_equal(np.asarray(image), pipe(CUP, hints=[hint], vividness=0.7).pixels)

    def test_bad_files_and_bad_hints_are_named_without_their_folder(self, colorize: Colorize, tmp_path: Path) -> None:
        (tmp_path / "letter.jpg").write_text("Dear grandmother")
        with pytest.raises(ImageError, match=r"^letter\.jpg: it is not a picture"):
            colorize_file(tmp_path / "letter.jpg", tmp_path, colorize, AS_PNG)
        with pytest.raises(HintError, match="not valid JSON"):
            colorize_file(CUP, tmp_path, colorize, AS_PNG, hints="red, please")


class TestMany:
    def test_good_ones_are_packed_and_bad_ones_are_named(self, colorize: Colorize, tmp_path: Path) -> None:
        bad = tmp_path / "bad.jpg"
        bad.touch()
        (good, failed, other) = colorize_files([CUP, bad, example_photos()[0]], tmp_path / "all.zip", colorize, AS_PNG)
        assert good == Outcome("coffee_cup.jpg", "coffee_cup-colour.png", "")
        assert failed.result is None
        assert failed.message.startswith("it is empty")
        with zipfile.ZipFile(tmp_path / "all.zip") as pack:
            assert pack.testzip() is None
            assert pack.namelist() == [good.result, other.result]

    def test_notes_on_reading_and_writing_come_with_each(self, colorize: Colorize, tmp_path: Path) -> None:
        pages = [np.full((40, 60), value, np.uint8) for value in (90, 120)]
        tifffile.imwrite(tmp_path / "stack.tif", np.stack(pages), imagej=True)
        (outcome,) = colorize_files([tmp_path / "stack.tif"], tmp_path / "all.zip", colorize, AS_PNG)
        assert outcome.result == "stack-colour.png"
        assert "page 1 of 2 was read" in outcome.notes

    def test_photos_of_the_same_name_do_not_replace_each_other(self, colorize: Colorize, tmp_path: Path) -> None:
        outcomes = list(colorize_files([CUP, CUP, CUP], tmp_path / "all.zip", colorize, AS_PNG))
        names = [outcome.result for outcome in outcomes]
        assert names == ["coffee_cup-colour.png", "coffee_cup-colour-2.png", "coffee_cup-colour-3.png"]

    def test_an_unforeseen_failure_stops_nobody_and_shows_nothing_of_the_inside(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(*args: object) -> ColorizationResult:
            raise RuntimeError("/secret/path")

        (outcome,) = colorize_files([CUP], tmp_path / "all.zip", broken, AS_PNG)
        assert outcome.result is None
        assert "/secret/path" not in outcome.message
        assert "/secret/path" in caplog.text
