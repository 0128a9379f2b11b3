"""The colours of another photograph on the page."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.webui.photos import CUP
from tests.webui.servers import Server
from tests.webui.tabs import Tab, same


@pytest.fixture
def tab(open_tab: Callable[..., Tab]) -> Tab:
    tab = open_tab()
    tab.open(CUP)
    return tab


@pytest.fixture
def red(tmp_path: Path) -> Path:
    Image.new("RGB", (300, 200), "#c81e1e").save(tmp_path / "barn.png")
    return tmp_path / "barn.png"


def redness_of(picture: np.ndarray) -> float:
    return float((picture[..., 0].astype(int) - picture[..., 1:].mean(axis=2)).mean())


def redness(tab: Tab) -> float:
    return redness_of(tab.shown())


def use_colors_of(tab: Tab, path: Path) -> None:
    """Choose a reference, and see the picture that follows."""
    with tab.new_picture():
        tab.part("like-input").set_input_files(path)


def test_the_picture_takes_on_the_colours_and_gives_them_up_with_the_cross(tab: Tab, red: Path) -> None:
    seen, before = tab.shown(), redness(tab)
    use_colors_of(tab, red)
    assert redness(tab) > before + 10
    expect(tab.part("like-name")).to_have_text("barn.png")
    expect(tab.part("like-picture")).to_be_visible()
    tab.press("like-forget")
    assert same(tab.shown(), seen)
    expect(tab.part("like-name")).to_have_text("Choose or drop a photo")
    expect(tab.part("like-picture")).to_be_hidden()
    expect(tab.part("like-input")).to_be_focused()


def test_less_of_them_makes_less_of_it_and_each_step_can_be_undone(tab: Tab, red: Path) -> None:
    seen = tab.shown()
    use_colors_of(tab, red)
    half, some = tab.shown(), redness(tab)
    with tab.new_picture():
        tab.page.get_by_role("slider", name="How much of these colours").fill("0.1")
    assert redness(tab) < some - 10
    tab.press("undo")
    assert same(tab.shown(), half)
    tab.press("undo")
    assert same(tab.shown(), seen)
    tab.press("redo")
    assert same(tab.shown(), half)


def test_a_photo_dropped_on_the_field_is_not_opened(tab: Tab, red: Path) -> None:
    tab.part("like").scroll_into_view_if_needed()
    with tab.new_picture():
        tab.drop(red, onto="like")
    expect(tab.part("like-name")).to_have_text("barn.png")
    expect(tab.part("facts")).to_contain_text("coffee_cup.jpg")


def test_strokes_and_downloads_keep_them(tab: Tab, red: Path, tmp_path: Path) -> None:
    use_colors_of(tab, red)
    before = redness(tab)
    tab.paint((0.1, 0.1), color="teal")
    assert redness(tab) > before - 15
    tab.download(format="PNG").save_as(tmp_path / "result.png")
    with Image.open(tmp_path / "result.png") as result:
        assert abs(redness_of(np.asarray(result)) - redness(tab)) < 5


def test_they_outlive_a_reload_but_not_another_photo(tab: Tab, red: Path) -> None:
    use_colors_of(tab, red)
    seen = tab.shown()
    tab.page.reload()
    with tab.new_picture():
        tab.part("go-on").click()
    assert same(tab.shown(), seen)
    expect(tab.part("like-name")).to_have_text("barn.png")
    tab.open(CUP.with_name("coffee_cup.jpg"))
    expect(tab.part("like-name")).to_have_text("Choose or drop a photo")


def test_the_field_works_by_keyboard(tab: Tab, red: Path) -> None:
    field = tab.page.get_by_role("group", name="Colours like another photo")
    with tab.page.expect_file_chooser() as chooser:
        tab.part("like-input").press("Enter")
    with tab.new_picture():
        chooser.value.set_files(red)
    before = redness(tab)
    tab.page.keyboard.press("Tab")
    expect(field.get_by_role("button", name="Forget these colours")).to_be_focused()
    tab.page.keyboard.press("Tab")
    expect(field.get_by_role("slider", name="How much of these colours")).to_be_focused()
    with tab.new_picture():
        tab.page.keyboard.press("Home")
    assert redness(tab) < before - 10
    tab.page.keyboard.press("Shift+Tab")
    with tab.new_picture():
        tab.page.keyboard.press("Enter")
    expect(tab.part("like-name")).to_have_text("Choose or drop a photo")


def test_a_gray_photo_has_none_and_the_picture_stays(tab: Tab, photos: Path) -> None:
    seen = tab.address()
    tab.part("like-input").set_input_files(photos / "gray.png")
    expect(tab.part("error-text")).to_have_text("The photograph whose colours should be used has none; take another")
    assert tab.address() == seen
    expect(tab.part("like-name")).to_have_text("Choose or drop a photo")
    expect(tab.part("undo")).to_be_disabled()


def test_what_is_no_photo_is_called_by_its_name(tab: Tab, photos: Path) -> None:
    tab.part("like-input").set_input_files(photos / "text.jpg")
    expect(tab.part("error-text")).to_contain_text("text.jpg: it is not a picture")


def test_nothing_of_the_file_stays_on_the_server(tab: Tab, red: Path, server: Server) -> None:
    pixels = red.read_bytes()
    use_colors_of(tab, red)
    assert not [path for path in server.temporary_files() if path.read_bytes() == pixels]
