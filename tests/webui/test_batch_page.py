"""The tab "Many photos": from a heap of files to one archive."""

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from colorizer_hf import ColorizationPipeline
from tests.webui.tabs import Tab

# Remembers every state of the progress bar: each is shown for an instant only.
WATCH_PROGRESS = """() => {
    window.progressSeen = new Set();
    new MutationObserver(() => {
        const shown = document.body.innerText.matchAll(/(\\d+)\\/(\\d+) photos/g);
        for (const [text] of shown) window.progressSeen.add(text);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


@pytest.fixture
def page(open_tab: Callable[..., Tab]) -> Page:
    tab = open_tab()
    tab.go_to("Many photos")
    return tab.page


@pytest.fixture
def heap(photos: Path, tmp_path: Path) -> list[Path]:
    """Three good files, two of them of the same name, and one that is no picture."""
    other = tmp_path / "other"
    other.mkdir()
    with Image.open(photos / "gray.png") as picture:
        picture.rotate(180).save(other / "gray.png")
    return [photos / "gray.png", photos / "phone.jpg", photos / "text.jpg", other / "gray.png"]


def choose(page: Page, files: list[Path]) -> None:
    page.locator("#photos input[type=file]").set_input_files(files)
    for file in files:
        expect(page.locator("#photos").get_by_label(file.name).first).to_be_visible()


def colour_all(page: Page) -> None:
    page.get_by_role("button", name="Colour all").click()


def rows(page: Page) -> list[list[str]]:
    """The cells of the table, when it is there."""
    table = page.locator("#outcomes table")
    expect(table).to_be_visible()
    return [row.locator("td").all_inner_texts() for row in table.locator("tbody tr").all()]


def download(page: Page, folder: Path) -> Path:
    """The archive, unpacked."""
    with page.expect_download() as arriving:
        page.locator("#archive").get_by_test_id("download-link").click()
    assert arriving.value.suggested_filename == "colorized.zip"
    with zipfile.ZipFile(arriving.value.path()) as pack:
        assert pack.testzip() is None
        pack.extractall(folder)
    return folder


def test_every_file_gets_a_row_and_every_good_one_a_picture(page: Page, heap: list[Path], tmp_path: Path) -> None:
    choose(page, heap)
    page.get_by_role("radio", name="PNG").locator("visible=true").check()
    colour_all(page)
    assert [row[:2] for row in rows(page)] == [
        ["gray.png", "gray-colour.png"],
        ["phone.jpg", "phone-colour.png"],
        ["text.jpg", "failed"],
        ["gray.png", "gray-colour-2.png"],
    ]
    remarks = [remark for *_, remark in rows(page)]
    assert remarks[2].startswith("it is not a picture of a format that is read here")
    assert remarks[:2] + remarks[3:] == [""] * 3

    folder = download(page, tmp_path / "unpacked")
    pipe = ColorizationPipeline.from_pretrained()
    results = {"gray-colour.png": heap[0], "phone-colour.png": heap[1], "gray-colour-2.png": heap[3]}
    assert {path.name for path in folder.iterdir()} == set(results)
    for name, photo in results.items():
        with Image.open(folder / name) as picture:
            np.testing.assert_array_equal(np.asarray(picture), pipe(photo).pixels)


def test_progress_is_told_photo_by_photo(page: Page, heap: list[Path]) -> None:
    choose(page, heap)
    page.evaluate(WATCH_PROGRESS)
    colour_all(page)
    assert len(rows(page)) == len(heap)
    seen = page.evaluate("[...window.progressSeen]")
    assert seen
    assert seen == sorted(seen)
    assert all(re.fullmatch("[1-4]/4 photos", text) for text in seen)


def test_a_name_is_shown_as_it_is_and_never_run(page: Page, photos: Path, tmp_path: Path) -> None:
    name = "<img src=x onerror=document.title='run'>.png"
    shutil.copy(photos / "gray.png", tmp_path / name)
    page.locator("#photos input[type=file]").set_input_files(tmp_path / name)
    expect(page.locator("#photos").get_by_test_id("block-label")).to_be_visible()
    expect(page.locator("#photos .file")).to_have_count(1)
    colour_all(page)
    ((shown, *_),) = rows(page)
    assert "img src=x" in shown
    assert page.locator("#outcomes img").count() == 0
    assert page.title() != "run"


def test_without_photos_it_says_so(page: Page) -> None:
    colour_all(page)
    expect(page.get_by_text("There are no photos yet; choose some.")).to_be_visible()
    expect(page.locator("#archive")).to_be_hidden()
