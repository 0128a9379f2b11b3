"""What the page's events are answered, whatever happens around them."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from colorizer_hf.pipeline import ColorizationPipeline
from colorizer_hf.webui.files import example_photos
from colorizer_hf.webui.handlers import Handlers

TAB: Any = SimpleNamespace(session_hash="tab")
CUP = {"example": "coffee_cup.jpg"}
DAB = {"color": "#c02020", "radius": 0.02, "points": [[0.5, 0.5]]}


@pytest.fixture(scope="module")
def pipelines() -> dict[str, ColorizationPipeline]:
    return {"chromaformer": ColorizationPipeline.from_pretrained(device="cpu")}


@pytest.fixture
def handlers(pipelines: dict[str, ColorizationPipeline], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Handlers:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return Handlers(pipelines)


def said(revision: int, photo: dict[str, str] | None, *strokes: dict[str, Any]) -> dict[str, Any]:
    return {"revision": revision, "photo": photo, "strokes": list(strokes), "touched": None, "request": None}


def told(updates: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """All that the stage is told, the later over the earlier."""
    together: dict[str, Any] = {}
    for update in updates:
        together |= update
    return together


class TestWithoutAPhoto:
    @pytest.mark.parametrize("value", [None, "", said(3, None), said(3, {})], ids=["none", "empty", "null", "{}"])
    def test_nothing_is_done_and_nothing_said_but_the_stages_value_is_left_to_it(
        self, value: Any, handlers: Handlers
    ) -> None:
        for event in (handlers.edit, handlers.look_closer, handlers.download, handlers.save_hints, handlers.load_hints):
            updates = list(event(value, TAB))
            assert updates == [gr.skip()]  # of a call without any answer Gradio would empty the value

    @pytest.mark.parametrize("value", [[1], {"strokes": 1}, "a shopping list", {"revision": "x"}])
    def test_words_of_no_page_are_answered_without_the_inside_of_one(self, value: Any, handlers: Handlers) -> None:
        message = told(handlers.edit(value, TAB))["error"]["message"]
        assert message == "The page and the server do not understand each other; reload the page"


class TestPhotoPutAway:
    def test_while_it_is_coloured_ends_the_work_without_a_word_and_leaves_nothing(self, handlers: Handlers) -> None:
        updates = handlers.open(said(1, CUP), TAB)
        first = [next(updates) for _ in range(3)]  # so that Gradio knows, the photo, its colours
        assert "result" in first[-1]
        handlers.close(TAB)
        assert told(updates) == {}
        assert not any(handlers.workspaces.root.rglob("*.webp"))

    def test_before_an_edit_of_it_is_begun_is_told_with_the_edits_revision(self, handlers: Handlers) -> None:
        told(handlers.open(said(1, CUP), TAB))
        handlers.close(TAB)
        error = told(handlers.edit(said(2, CUP, DAB), TAB))["error"]
        assert error["lost"]
        assert error["revision"] == 2

    def test_for_another_one_is_not_mistaken_for_that(self, handlers: Handlers) -> None:
        told(handlers.open(said(1, CUP), TAB))
        told(handlers.open(said(3, {"example": "astronaut.jpg"}), TAB))
        late = told(handlers.edit(said(2, CUP, DAB), TAB))
        assert late["error"]["lost"]
        assert "result" not in late


def test_an_answer_that_was_lost_can_be_asked_for_again(handlers: Handlers) -> None:
    folder = handlers.uploads / ("a" * 64)
    folder.mkdir(parents=True)
    shutil.copy(example_photos()[0], folder / "random-name")
    photo = {"path": str(folder / "random-name"), "name": "portrait.jpg"}
    first, second = (told(handlers.open(said(revision, photo), TAB)) for revision in (1, 2))
    assert second["photo"]["name"] == first["photo"]["name"] == "portrait.jpg"
    assert second["result"]["revision"] == 2
