"""Boxes drawn on the page, for a model that looks at things one by one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image
from playwright.sync_api import expect

from colorizer_hf.boxes import NOTHING_BOXED
from tests.tiny_networks import save_detector, save_instance_fusion
from tests.webui.photos import CUP
from tests.webui.servers import Server, serve
from tests.webui.tabs import Tab, same

AS_A_WHOLE = f"{NOTHING_BOXED[0].upper()}{NOTHING_BOXED[1:]}."
CORNER, OPPOSITE, WITHIN = (0.2, 0.2), (0.7, 0.8), (0.5, 0.5)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With that model in the first place, one that wants no boxes, and a detector that is not sure of anything."""
    folder = tmp_path_factory.mktemp("boxes")
    model = save_instance_fusion(folder / "instance_fusion")
    detector = save_detector(folder / "detector", (0.1, 0.1, 0.6, 0.6), score=0.5)
    with serve(folder, "--model", str(model), "--model", "chromaformer", "--detector", str(detector)) as server:
        yield server


@pytest.fixture
def tab(open_tab: Callable[..., Tab]) -> Tab:
    tab = open_tab()
    tab.open(CUP)
    tab.use("box")
    return tab


def drag(tab: Tab, *places: tuple[float, float]) -> np.ndarray:
    """The picture that follows."""
    with tab.new_picture():
        tab.drag(*places)
    return tab.shown()


def test_a_box_is_dragged_and_undone(tab: Tab) -> None:
    whole = tab.shown()
    expect(tab.part("notes")).to_have_text(AS_A_WHOLE)
    assert not same(drag(tab, CORNER, OPPOSITE), whole)
    expect(tab.part("notes")).to_have_text("")
    tab.press("undo")
    assert same(tab.shown(), whole)
    expect(tab.part("notes")).to_have_text(AS_A_WHOLE)


def test_two_touches_make_a_box_and_one_within_removes_it(tab: Tab) -> None:
    whole = tab.shown()
    tab.drag(CORNER)
    assert not same(drag(tab, OPPOSITE), whole)
    assert same(drag(tab, WITHIN), whole)


def test_keys_draw_a_box(tab: Tab) -> None:
    tab.part("picture").focus()
    tab.page.keyboard.press("Enter")
    for _ in range(3):
        tab.page.keyboard.press("Shift+ArrowRight")
        tab.page.keyboard.press("Shift+ArrowDown")
    with tab.new_picture():
        tab.page.keyboard.press("Enter")
    expect(tab.part("notes")).to_have_text("")


def test_a_model_that_wants_no_boxes_hides_the_tool_and_they_are_kept_for_the_other(tab: Tab) -> None:
    boxed = drag(tab, CORNER, OPPOSITE)
    tab.choose_model("chromaformer")
    expect(tab.part("tool-box")).to_be_hidden()
    expect(tab.part("tool-compare")).to_have_attribute("aria-pressed", "true")
    tab.choose_model("instance_fusion")
    expect(tab.part("tool-box")).to_be_visible()
    assert same(tab.shown(), boxed)


def test_programs_give_boxes_too(server: Server, tmp_path: Path) -> None:
    client = Client(server.url, verbose=False, download_files=tmp_path)
    (boxed, notes), (whole, notes_on_whole) = (
        client.predict(handle_file(CUP), boxes=boxes, format="PNG", api_name="/colorize")
        for boxes in ("[[60, 60, 300, 300]]", "")
    )
    assert (notes, notes_on_whole) == ([], [NOTHING_BOXED])
    with Image.open(boxed) as one, Image.open(whole) as other:
        assert not same(np.asarray(one), np.asarray(other))
