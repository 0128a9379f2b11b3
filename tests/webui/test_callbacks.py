"""What the page answers to what a person does, without the page."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorizer_hf.errors import HintError, ImageError
from colorizer_hf.hints import hints_from_json, hints_to_strokes, strokes_to_hints
from colorizer_hf.pipeline import ColorizationPipeline
from colorizer_hf.webui import callbacks
from colorizer_hf.webui.callbacks import Choices, Edits
from colorizer_hf.webui.files import example_photos
from colorizer_hf.webui.workspace import LostPhotoError, Workspace

DAB = {"color": "#c02020", "radius": 0.02, "points": [[0.5, 0.5]]}


def edits(**words: Any) -> Edits:
    return Edits.parse({"revision": 1, "photo": {}, "strokes": []} | words)


@pytest.fixture(scope="module")
def choices() -> Choices:
    return Choices("chromaformer", ColorizationPipeline.from_pretrained(device="cpu"), vividness=1.0)


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "tab")


@pytest.fixture
def with_photo(workspace: Workspace, uploads: Path) -> Workspace:
    callbacks.open_photo(workspace, edits(photo={"example": "coffee_cup.jpg"}), uploads)
    return workspace


def upload(uploads: Path, source: Path, name: str) -> dict[str, str]:
    """What the stage sends about a file that was uploaded as Gradio does it."""
    folder = uploads / ("a" * 64)
    folder.mkdir(parents=True)
    shutil.copy(source, folder / "random-name")
    return {"path": str(folder / "random-name"), "name": name}


class TestOpening:
    def test_an_upload_moves_into_the_tabs_folder_and_is_shown_gray(self, workspace: Workspace, uploads: Path) -> None:
        photo = upload(uploads, example_photos()[0], "Großmutter.jpg")
        shown = callbacks.open_photo(workspace, edits(photo=photo), uploads)["photo"]
        assert shown["name"] == "Großmutter.jpg"
        assert list(uploads.iterdir()) == []
        with Image.open(shown["before"]) as before, Image.open(example_photos()[0]) as source:
            assert before.size == source.size == (shown["width"], shown["height"])
            assert np.ptp(np.asarray(before).astype(int), axis=2).max() <= 2

    def test_an_example_stays_where_it_is(self, workspace: Workspace, uploads: Path) -> None:
        for example in example_photos():
            callbacks.open_photo(workspace, edits(photo={"example": example.name}), uploads)
            assert example.is_file()

    @pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "", "None", "\0"])
    def test_only_uploads_can_be_opened(self, path: str, workspace: Workspace, uploads: Path) -> None:
        with pytest.raises(ImageError, match="did not arrive"):
            callbacks.open_photo(workspace, edits(photo={"path": path, "name": "a.jpg"}), uploads)

    def test_another_tabs_photo_cannot_be_opened(self, with_photo: Workspace, tmp_path: Path) -> None:
        theirs = {"path": str(with_photo.photo_path), "name": "a.jpg"}
        with pytest.raises(ImageError, match="did not arrive"):
            callbacks.open_photo(Workspace(tmp_path / "mine"), edits(photo=theirs), tmp_path)

    def test_what_is_no_photo_is_named_by_its_own_name_and_leaves_nothing(
        self, workspace: Workspace, uploads: Path, tmp_path: Path
    ) -> None:
        text = tmp_path / "letter"
        text.write_text("Dear grandmother")
        with pytest.raises(ImageError, match=r"^letter\.jpg: it is not a picture"):
            callbacks.open_photo(workspace, edits(photo=upload(uploads, text, "letter.jpg")), uploads)
        assert list(workspace.folder.iterdir()) == []

    def test_a_failure_keeps_the_photo_before(
        self, with_photo: Workspace, uploads: Path, tmp_path: Path, choices: Choices
    ) -> None:
        (tmp_path / "empty").touch()
        with pytest.raises(ImageError):
            callbacks.open_photo(with_photo, edits(photo=upload(uploads, tmp_path / "empty", "empty.jpg")), uploads)
        assert with_photo.photo_name == "coffee_cup.jpg"
        assert next(callbacks.edit(with_photo, edits(), choices))["result"]


class TestEditing:
    def test_shows_the_picture_that_a_call_of_the_pipeline_gives(self, with_photo: Workspace, choices: Choices) -> None:
        shown = next(callbacks.edit(with_photo, edits(strokes=[DAB]), choices))["result"]
        size = with_photo.photo.size
        expected = choices.pipeline(with_photo.photo, hints=strokes_to_hints([DAB], size), vividness=1.0)
        with Image.open(shown["after"]) as after:
            difference = np.asarray(after).astype(int) - np.asarray(expected.image).astype(int)
        assert shown["revision"] == 1
        assert np.abs(difference).mean() < 4  # what WebP costs

    def test_the_picture_comes_first_then_the_alternatives_to_it(self, with_photo: Workspace, choices: Choices) -> None:
        first, second = callbacks.edit(with_photo, edits(), choices)
        assert first["result"]["alternatives"] is None
        assert first["result"] == second["result"] | {"alternatives": None}
        assert [offer["label"] for offer in second["result"]["alternatives"]][:3] == ["Calm", "Natural", "Vivid"]
        assert [offer["label"] for offer in second["result"]["alternatives"] if offer["current"]] == ["Vivid"]

    def test_suggestions_are_for_the_point_last_touched(self, with_photo: Workspace, choices: Choices) -> None:
        untouched = next(callbacks.edit(with_photo, edits(), choices))["result"]["suggestions"]
        here, there = (
            next(callbacks.edit(with_photo, edits(touched=point), choices))["result"]["suggestions"]
            for point in ([0.1, 0.1], [1, 1])
        )
        assert untouched == []
        assert 1 <= len(here) <= 5
        assert here != there

    def test_without_a_photo_the_page_is_told_so(self, workspace: Workspace, choices: Choices) -> None:
        with pytest.raises(LostPhotoError):
            next(callbacks.edit(workspace, edits(), choices))

    def test_old_pictures_are_removed(self, with_photo: Workspace, choices: Choices) -> None:
        for _ in range(6):
            list(callbacks.edit(with_photo, edits(), choices))
        assert len(list(with_photo.folder.rglob("after.webp"))) == 2


class TestDownload:
    @pytest.mark.parametrize(("format", "kind"), [("JPEG", "JPEG"), ("PNG", "PNG")])
    def test_a_download_has_the_photos_size_and_name(
        self, format: str, kind: str, with_photo: Workspace, choices: Choices
    ) -> None:
        file = callbacks.download(with_photo, edits(settings={"format": format}), choices)["download"]
        assert Path(file["name"]).stem == "coffee_cup-colour"
        with Image.open(file["path"]) as picture:
            assert picture.format == kind
            assert picture.size == with_photo.photo.size


class TestHints:
    def test_what_is_saved_can_be_loaded_and_means_the_same(self, with_photo: Workspace) -> None:
        line = {"color": "#2040a0", "radius": 0.01, "points": [[0.1, 0.1], [0.4, 0.2]]}
        file = callbacks.save_hints(with_photo, edits(strokes=[DAB, line]))["download"]
        text = Path(file["path"]).read_text(encoding="utf-8")
        loaded = callbacks.load_hints(with_photo, edits(request={"text": text}))["strokes"]["strokes"]
        size = with_photo.photo.size
        saved = strokes_to_hints([DAB, line], size)
        assert loaded == hints_to_strokes(saved, size)
        assert hints_from_json(text, size) == saved

    @pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"width": 1, "height": 1, "hints": [{"x": "?"}]})])
    def test_a_file_that_is_none_of_hints_is_refused(self, text: str, with_photo: Workspace) -> None:
        with pytest.raises(HintError, match="no hints"):
            callbacks.load_hints(with_photo, edits(request={"text": text}))


class TestWordsFromABrowser:
    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )

    @given(value=json_values)
    def test_anything_is_either_understood_or_refused(self, value: Any) -> None:
        try:
            parsed = Edits.parse(value)
        except HintError:
            return
        assert isinstance(parsed.revision, int)

    @given(words=st.fixed_dictionaries({"photo": json_values, "strokes": json_values, "touched": json_values}))
    def test_any_words_are_either_understood_or_refused(self, words: dict[str, Any]) -> None:
        try:
            parsed = Edits.parse({"revision": 1} | words)
        except HintError:
            return
        assert parsed.touched is None or all(0 <= share < 1 for share in parsed.touched)


class TestExplaining:
    def test_our_errors_are_their_own_sentence(self) -> None:
        error = callbacks.explain(ImageError("a.jpg: it is empty"))["error"]
        assert error["message"] == "a.jpg: it is empty"
        assert not error["lost"]

    def test_a_sentence_begins_as_one(self) -> None:
        assert callbacks.explain(HintError("a photo can take 300 strokes"))["error"]["message"].startswith("A photo")

    def test_a_lost_photo_is_marked(self) -> None:
        assert callbacks.explain(LostPhotoError())["error"]["lost"]

    def test_anything_else_is_logged_and_its_inside_not_shown(self, caplog: pytest.LogCaptureFixture) -> None:
        error = callbacks.explain(RuntimeError("/secret/path"))["error"]
        assert "/secret/path" not in error["message"]
        assert "/secret/path" in caplog.text
