"""What a person sees without looking for it: what the page does, how far it is, where things are."""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.webui.photos import CUP, EXAMPLES
from tests.webui.servers import Server
from tests.webui.tabs import Tab, same, wait_until


@pytest.fixture
def tab(open_tab: Callable[..., Tab]) -> Tab:
    return open_tab()


@pytest.fixture
def panorama(tmp_path: Path) -> Path:
    path = tmp_path / "panorama.jpg"
    with Image.open(CUP) as photo:
        photo.crop((0, 150, 600, 225)).resize((2400, 300)).save(path)
    return path


def chroma_of(data_url: str) -> np.ndarray:
    """How far the colours of a picture in an address are from gray, (H, W)."""
    with Image.open(io.BytesIO(base64.b64decode(data_url.partition(",")[2]))) as picture:
        return np.ptp(np.asarray(picture.convert("RGB")).astype(int), axis=2)


def test_the_page_starts_with_gray_examples_and_waits_for_no_network(server: Server) -> None:
    with urlopen(f"{server.url}/config") as answer:
        components = json.load(answer)["components"]
    (examples,) = (part["props"]["props"]["examples"] for part in components if part["props"].get("elem_id") == "stage")
    assert len(examples) == len(list(EXAMPLES.glob("*.jpg")))
    assert max(chroma_of(example["image"]).max() for example in examples) <= 8  # what JPEG adds


def test_the_examples_soon_show_before_and_after(tab: Tab) -> None:
    image = tab.page.get_by_role("button", name="Example: Coffee cup").locator("img")

    def colors_are_there() -> bool:
        return chroma_of(image.get_attribute("src") or "").max() > 8

    wait_until(colors_are_there, seconds=120)
    chroma = chroma_of(image.get_attribute("src") or "")
    middle = chroma.shape[1] // 2
    assert chroma[:, : middle - 8].max() <= 8
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


def test_a_file_dragged_over_an_open_photo_is_told_where_it_may_be_let_go(tab: Tab) -> None:
    tab.open(CUP)
    before, _ = tab.seen_beside(0.5)
    tab.drag_file(CUP, "picture", end="dragOver")
    expect(tab.page.locator("[data-drop]")).to_have_count(1)
    cue = "view => getComputedStyle(view, '::after').content"
    assert "photo" in tab.page.locator("[data-drop] .viewport").evaluate(cue)
    dragging, _ = tab.seen_beside(0.5)
    assert not same(dragging, before)
    with tab.new_picture():
        tab.drop(CUP, "picture")
    expect(tab.page.locator("[data-drop]")).to_have_count(0)


def test_the_thumb_of_the_slider_stands_out_from_its_track(open_tab: Callable[..., Tab]) -> None:
    """Contrast of at least 3 to 1, as WCAG 2.2 asks of controls (1.4.11)."""
    for dark in (False, True):
        tab = open_tab(dark=dark)
        tab.open(CUP)
        tab.vividness.scroll_into_view_if_needed()
        box = tab.vividness.bounding_box()
        assert box is not None
        with Image.open(io.BytesIO(tab.page.screenshot(animations="disabled", clip=box))) as picture:
            row = np.asarray(picture.convert("RGB"))[round(box["height"] / 2)] / 255
        light = np.where(row <= 0.04045, row / 12.92, ((row + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)
        thumb, track = (np.median(light[round(share * len(light)) - 2 :][:5]) for share in (0.7, 0.35))
        assert (max(thumb, track) + 0.05) / (min(thumb, track) + 0.05) >= 3


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
