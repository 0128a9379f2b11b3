"""The tab "Many photos": from a heap of files to one archive."""

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from colorizer_hf.loading import load_colorizer
from tests.webui.tabs import Tab

# Remembers every count: each is shown for an instant only.
WATCH_COUNT = """() => {
    window.counts = new Set();
    new MutationObserver(() => {
        const [count] = document.querySelector("#outcomes").innerText.match(/\\d+ of \\d+ done/) ?? [];
        if (count) window.counts.add(count);
    }).observe(document.querySelector("#outcomes"), { subtree: true, childList: true, characterData: true });
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


def wait_until_all_is_done(page: Page, words: str) -> None:
    expect(page.locator("#outcomes p")).to_have_text(words)
    expect(page.get_by_role("button", name="Colour all")).to_be_visible()


def rows(page: Page) -> list[list[str]]:
    """Name and fate of each photo."""
    return [one.inner_text().split("\n") for one in page.locator("#outcomes li span").all()]


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
    wait_until_all_is_done(page, "4 of 4 done")
    first, second, failed, last = rows(page)
    assert first == ["gray.png", "gray-colour.png"]
    assert second == ["phone.jpg", "phone-colour.png"]
    assert failed[0] == "text.jpg"
    assert failed[1].startswith("failed: it is not a picture of a format that is read here")
    assert last == ["gray.png", "gray-colour-2.png"]

    folder = download(page, tmp_path / "unpacked")
    pipe = load_colorizer()
    results = {"gray-colour.png": heap[0], "phone-colour.png": heap[1], "gray-colour-2.png": heap[3]}
    assert {path.name for path in folder.iterdir()} == set(results)
    for name, photo in results.items():
        with Image.open(folder / name) as picture:
            np.testing.assert_array_equal(np.asarray(picture), pipe(photo).pixels)


def test_each_photo_is_shown_before_and_after(page: Page, heap: list[Path]) -> None:
    choose(page, heap[:2])
    colour_all(page)
    wait_until_all_is_done(page, "2 of 2 done")
    pictures = page.locator("#outcomes img")
    expect(pictures).to_have_count(4)
    colourful = []
    for picture in pictures.all():
        answer = page.request.get(picture.evaluate("image => image.src"))
        with Image.open(io.BytesIO(answer.body())) as image:
            colourful.append(np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=2).mean() > 5)
    assert colourful == [False, True, False, True]


def test_the_count_goes_up_photo_by_photo(page: Page, heap: list[Path]) -> None:
    choose(page, heap)
    page.evaluate(WATCH_COUNT)
    colour_all(page)
    wait_until_all_is_done(page, "4 of 4 done")
    seen = page.evaluate("[...window.counts]")
    assert seen[-1] == "4 of 4 done"
    assert len(seen) > 1
    assert seen == sorted(seen)


def test_what_is_stopped_ends_and_what_was_done_can_be_had(page: Page, heap: list[Path], tmp_path: Path) -> None:
    many = []
    for number in range(40):
        many.append(tmp_path / f"{number}.png")
        shutil.copy(heap[0], many[-1])
    page.locator("#photos input[type=file]").set_input_files(many)
    expect(page.locator("#photos .file")).to_have_count(40)
    colour_all(page)
    expect(page.locator("#outcomes li span").first).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#outcomes p")).to_contain_text("Stopped: ")
    expect(page.get_by_role("button", name="Colour all")).to_be_visible()
    done = rows(page)
    assert 1 <= len(done) < 40
    assert page.locator("#outcomes p").inner_text() == f"Stopped: {len(done)} of 40 done"
    folder = download(page, tmp_path / "unpacked")
    assert {path.name for path in folder.iterdir()} == {result for _, result in done}


def test_one_of_them_can_be_edited(open_tab: Callable[..., Tab], heap: list[Path]) -> None:
    tab = open_tab()
    tab.go_to("Many photos")
    choose(tab.page, heap[:2])
    colour_all(tab.page)
    wait_until_all_is_done(tab.page, "2 of 2 done")
    with tab.new_picture():
        tab.page.get_by_role("button", name="Edit phone.jpg").click()
    expect(tab.part("facts")).to_contain_text("phone.jpg · 600 × 400")
    tab.paint((0.5, 0.5), color="teal")
    assert len(tab.hints()) == 1


def test_the_list_fits_a_phone(open_tab: Callable[..., Tab], heap: list[Path]) -> None:
    phone = open_tab(width=390, height=844, touch=True)
    phone.go_to("Many photos")
    choose(phone.page, heap[:1])
    colour_all(phone.page)
    wait_until_all_is_done(phone.page, "1 of 1 done")
    assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    name = phone.page.locator("#outcomes b").bounding_box()
    assert name
    assert name["height"] < 40  # not a letter to a line


def test_a_name_is_shown_as_it_is_and_never_run(page: Page, photos: Path, tmp_path: Path) -> None:
    name = "<img src=x onerror=document.title='run'>.png"
    shutil.copy(photos / "gray.png", tmp_path / name)
    page.locator("#photos input[type=file]").set_input_files(tmp_path / name)
    expect(page.locator("#photos").get_by_test_id("block-label")).to_be_visible()
    expect(page.locator("#photos .file")).to_have_count(1)
    colour_all(page)
    wait_until_all_is_done(page, "1 of 1 done")
    ((shown, *_),) = rows(page)
    assert "img src=x" in shown
    assert page.locator("#outcomes img").count() == 2
    assert page.title() != "run"


def test_without_photos_it_says_so(page: Page) -> None:
    colour_all(page)
    expect(page.get_by_text("There are no photos yet; choose some.")).to_be_visible()
    expect(page.locator("#archive")).to_be_hidden()
