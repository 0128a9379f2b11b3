"""What a person sees without looking for it: what the page does, how far it is, where things are."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.webui.photos import CUP
from tests.webui.tabs import Tab, same


@pytest.fixture
def tab(open_tab: Callable[..., Tab]) -> Tab:
    return open_tab()


@pytest.fixture
def panorama(tmp_path: Path) -> Path:
    path = tmp_path / "panorama.jpg"
    with Image.open(CUP) as photo:
        photo.crop((0, 150, 600, 225)).resize((2400, 300)).save(path)
    return path


def test_the_examples_show_before_and_after(tab: Tab) -> None:
    image = tab.page.get_by_role("button", name="Example: Coffee cup").locator("img").get_attribute("src")
    assert image is not None
    with Image.open(io.BytesIO(base64.b64decode(image.partition(",")[2]))) as picture:
        chroma = np.ptp(np.asarray(picture.convert("RGB")).astype(int), axis=2)
    middle = chroma.shape[1] // 2
    assert chroma[:, : middle - 8].max() <= 8  # what JPEG adds
    assert chroma[:, middle + 8 :].mean() > 10


def test_a_slow_upload_says_how_far_it_is(tab: Tab, tmp_path: Path) -> None:
    with Image.open(CUP) as photo:
        photo.resize((2400, 1600)).save(tmp_path / "large.png")
    devtools = tab.page.context.new_cdp_session(tab.page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}
    devtools.send("Network.emulateNetworkConditions", slow)
    tab.part("status").evaluate("""status => {
        window.said = [];
        new MutationObserver(() => window.said.push(status.textContent)).observe(status, { childList: true });
    }""")
    tab.choose_file(tmp_path / "large.png")
    tab.page.wait_for_function("window.said.some(text => /^Sending the photo… [1-9][0-9]? %$/.test(text))")
    devtools.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})


def test_a_panorama_is_no_slot_and_its_other_colourings_are_sharp(tab: Tab, panorama: Path) -> None:
    tab.open(panorama)
    box = tab.part("picture").bounding_box()
    assert box is not None
    assert box["height"] >= 300
    first = tab.part("alternatives").locator("img").first
    expect(first).to_be_visible()
    tab.page.wait_for_function("document.querySelector('[data-testid=alternatives] img').naturalHeight > 0")
    assert first.evaluate("image => image.naturalHeight") >= 80


def test_the_row_of_other_colourings_keeps_its_height_whatever_its_words(tab: Tab) -> None:
    tab.open(CUP)
    label = tab.part("alternatives").locator("span").first
    expect(label).to_be_visible()
    height = "row => row.getBoundingClientRect().height"
    before = tab.part("others").evaluate(height)
    label.evaluate("label => label.textContent = 'Perhaps dark turquoise'")
    assert tab.part("others").evaluate(height) == before


def test_vividness_is_undone_like_everything_else(tab: Tab) -> None:
    tab.open(CUP)
    first = tab.shown()
    tab.set_vividness(0)
    tab.press("undo")
    expect(tab.vividness).to_have_value("0.7")
    assert same(tab.shown(), first)


def test_an_edit_that_runs_while_another_photo_is_asked_for_is_no_error(tab: Tab) -> None:
    tab.open(CUP)
    tab.vividness.fill("0.2")
    tab.part("another-photo").click()
    tab.open_example("Coffee cup")
    tab.set_vividness(0.3)
    tab.set_vividness(0.4)
    expect(tab.part("error")).to_be_hidden()
    expect(tab.part("error-text")).to_have_text("")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (844, 390)])
def test_on_a_phone_the_tools_have_words_and_the_download_is_among_them(
    width: int, height: int, open_tab: Callable[..., Tab]
) -> None:
    phone = open_tab(width=width, height=height, touch=True)
    phone.open_example("Coffee cup")
    for name in ("tool-compare", "tool-brush", "tool-eraser", "undo", "redo", "download", "file-button", "more-button"):
        box = phone.part(name).bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        assert box["y"] + box["height"] < height / 2
        assert phone.part(name).inner_text().strip()
    photo = phone.part("picture").bounding_box()
    assert photo is not None
    assert photo["y"] < 220
