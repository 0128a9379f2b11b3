"""Files that are damaged, enormous, unusual or no photos: a sentence or the right result, and the page lives on."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.webui.photos import CUP
from tests.webui.tabs import Tab, same


@pytest.fixture
def tab(open_tab: Callable[..., Tab]) -> Tab:
    return open_tab()


def gray_cup() -> np.ndarray:
    """What a photo of the cup shows, (400, 600)."""
    with Image.open(CUP) as photo:
        return np.asarray(photo.convert("L")).astype(int)


def shows_the_cup_upright(tab: Tab) -> bool:
    before = tab.shown("before").astype(int).mean(axis=2)
    return before.shape == (400, 600) and np.abs(before - gray_cup()).mean() < 3


class TestRefused:
    REASONS: ClassVar = {
        "text.jpg": "it is not a picture",
        "empty.jpg": "it is empty",
        "cut_off.jpg": "it is damaged or cut off",
        "huge.png": "20000 x 15000 pixels",
        "too_large.jpg": "this page takes",
        "letter.txt": "is not a picture",
    }

    @pytest.fixture
    def files(self, photos: Path, tmp_path: Path) -> dict[str, Path]:
        """The files that `REASONS` names."""
        (tmp_path / "letter.txt").write_text("Dear grandmother")
        with (tmp_path / "too_large.jpg").open("wb") as file:
            file.truncate(250_000_000)
        return {name: path for name in self.REASONS for path in (photos / name, tmp_path / name) if path.exists()}

    def test_a_sentence_says_why_the_photo_before_stays_and_the_next_one_opens(
        self, files: dict[str, Path], tab: Tab, photos: Path
    ) -> None:
        tab.open_example("Coffee cup")
        first = tab.shown()
        tab.paint((0.5, 0.5), color="teal")
        painted = tab.shown()
        for name, reason in self.REASONS.items():
            tab.drop(files[name], onto="picture")
            expect(tab.part("error-text")).to_contain_text(name)
            expect(tab.part("error-text")).to_contain_text(reason)
            assert "/" not in (tab.part("error-text").text_content() or "")  # where it lies is nobody's business
            expect(tab.part("after")).to_be_visible()
            assert np.array_equal(tab.shown(), painted)
            assert len(tab.hints()) == 1
        tab.press("undo")
        assert same(tab.shown(), first)

        tab.open(photos / "gray.png")
        expect(tab.part("error")).to_be_hidden()
        assert shows_the_cup_upright(tab)

    def test_without_a_photo_before_the_page_stays_ready_for_one(self, tab: Tab, photos: Path) -> None:
        tab.choose_file(photos / "text.jpg")
        expect(tab.part("error")).to_be_visible()
        expect(tab.part("start")).to_be_visible()
        tab.part("error-dismiss").click()
        expect(tab.part("error")).to_be_hidden()
        tab.open(photos / "gray.png")
        assert shows_the_cup_upright(tab)


class TestUnusual:
    def test_sixteen_bits_are_shown_as_they_look(self, tab: Tab, photos: Path) -> None:
        for name in ("sixteen_bits.tif", "sixteen_bits.png"):
            tab.open(photos / name)
            expect(tab.part("facts")).to_contain_text(name)
            assert shows_the_cup_upright(tab)

    def test_a_photo_that_a_phone_marked_as_turned_is_shown_and_downloaded_upright(
        self, tab: Tab, photos: Path
    ) -> None:
        tab.open(photos / "phone.jpg")
        assert shows_the_cup_upright(tab)
        with Image.open(tab.download().path()) as result:
            assert result.size == (600, 400)
            assert result.getexif().get(0x0112, 1) == 1
            assert np.abs(np.asarray(result.convert("L")) - gray_cup()).mean() < 6

    def test_what_can_be_seen_through_stays_so_in_a_png(self, tab: Tab, photos: Path) -> None:
        tab.open(photos / "see_through.png")
        with Image.open(tab.download(format="PNG").path()) as result, Image.open(photos / "see_through.png") as source:
            assert np.array_equal(np.asarray(result)[..., 3], np.asarray(source)[..., 3])


def test_odd_names_are_shown_as_they_are_and_downloads_are_named_after_them(tab: Tab, tmp_path: Path) -> None:
    for stem in ("Großmutter & <b>Opa<b> 100% #1", "写真 😀", "a" * 200):
        (tmp_path / f"{stem}.jpg").write_bytes(CUP.read_bytes())
        tab.open(tmp_path / f"{stem}.jpg")
        expect(tab.part("facts")).to_contain_text(f"{stem[:96]}.jpg")
        name = re.sub("[<>]", "_", stem[:96])  # the browser replaces what Windows forbids
        assert tab.download().suggested_filename == f"{name}-colour.jpg"
