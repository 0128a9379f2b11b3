"""How many pixels, and how many bytes, a person is sent: as many as are seen."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from colorizer_hf.hints import hints_from_json
from colorizer_hf.loading import load_colorizer
from tests.webui.photos import EXAMPLES
from tests.webui.tabs import Place, Tab

MOST_OF_A_STROKE = 120_000  # bytes, everything together


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of 12 megapixels, full of detail, with a scan's grain."""
    path = tmp_path_factory.mktemp("large") / "fountain.jpg"
    with Image.open(EXAMPLES / "soda_fountain_1899.jpg") as photo:
        pixels = np.asarray(photo.convert("L").resize((4000, 3000), Image.Resampling.LANCZOS))
    grain = np.random.default_rng(0).normal(0, 5, pixels.shape)
    Image.fromarray((pixels + grain).round().clip(0, 255).astype(np.uint8)).save(path, quality=95)
    return path


def open_and_wait(tab: Tab, photo: Path) -> None:
    tab.open(photo)
    expect(tab.part("alternatives").locator("img").first).to_be_visible()


def paint_and_wait(tab: Tab, place: Place) -> None:
    """Paint a dab, and see the new picture and the other colourings to it."""
    other = tab.part("alternatives").locator("img").first
    before = other.get_attribute("src") or ""
    tab.paint(place, color="red")
    expect(other).not_to_have_attribute("src", before)


def zoom_in(tab: Tab, times: int) -> None:
    for _ in range(times):
        tab.part("zoom-in").click()
    expect(tab.part("stage")).to_have_attribute("data-sharp", "true")


def scale_of_part(tab: Tab, side: str) -> float:
    """Pixels of the picture of a part per pixel of the screen; the test fails if what is seen is not within it."""
    part, sheet, seen = (tab.part(name).bounding_box() for name in (f"{side}-part", "sheet", "picture"))
    assert part
    assert sheet
    assert seen
    for start, length in (("x", "width"), ("y", "height")):
        assert part[start] <= max(seen[start], sheet[start]) + 1
        end = min(seen[start] + seen[length], sheet[start] + sheet[length])
        assert part[start] + part[length] >= end - 1
    density = tab.page.evaluate("devicePixelRatio")
    return tab.shown(f"{side}-part").shape[1] / (part["width"] * density)


@pytest.mark.parametrize("density", [1, 2])
def test_a_stroke_on_a_large_photo_weighs_little_and_looks_the_same(
    density: int, large: Path, open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(density=density)
    open_and_wait(tab, large)
    with tab.bytes_received() as weights:
        paint_and_wait(tab, (0.4, 0.5))
    assert 10_000 < sum(weights) <= MOST_OF_A_STROKE

    with Image.open(large) as photo:
        size = photo.size
    result = load_colorizer(device="cpu")(large, hints=hints_from_json(tab.save_hints(), size))
    shown = tab.shown()
    room = tab.part("sheet").bounding_box()
    assert room
    assert shown.shape[1] * 1.25 >= room["width"] * density
    seen, expected = (  # by the eye, for which dense pixels flow together
        np.asarray(picture.reduce(density)).astype(int)
        for picture in (Image.fromarray(shown), result.preview(shown.shape[1]))
    )
    assert np.abs(seen - expected).mean() < 4  # of 255: grain, for the most part


def test_zoomed_in_a_stroke_weighs_little_more(large: Path, open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    open_and_wait(tab, large)
    zoom_in(tab, 3)
    with tab.bytes_received() as weights:
        paint_and_wait(tab, (0.5, 0.5))
    assert sum(weights) <= 2 * MOST_OF_A_STROKE


class TestZoomedIn:
    def test_what_is_seen_has_as_many_pixels_as_the_screen_on_both_sides(
        self, large: Path, open_tab: Callable[..., Tab]
    ) -> None:
        tab = open_tab()
        tab.open(large)
        zoom_in(tab, 3)
        for side in ("before", "after"):
            assert 1 <= scale_of_part(tab, side) < 1.3

    def test_all_pixels_of_the_photo_are_shown_and_after_an_edit_again(
        self, large: Path, open_tab: Callable[..., Tab]
    ) -> None:
        tab = open_tab()
        tab.open(large)
        tab.use("brush")
        zoom_in(tab, 6)  # beyond one pixel of the photo for one of the screen
        first = tab.address("after-part")
        tab.page.get_by_role("button", name="teal", exact=True).click()
        tab.part("picture").click()
        expect(tab.part("stage")).to_have_attribute("data-revision", "2")
        expect(tab.part("stage")).to_have_attribute("data-sharp", "true")
        sheet = tab.part("sheet").bounding_box()
        assert sheet
        assert sheet["width"] > 4000
        assert scale_of_part(tab, "after") == pytest.approx(4000 / sheet["width"], rel=0.01)
        assert tab.address("after-part") != first

    def test_what_comes_into_sight_becomes_sharp_and_what_was_not_edited_is_not_sent_again(
        self, large: Path, open_tab: Callable[..., Tab]
    ) -> None:
        tab = open_tab()
        tab.open(large)
        zoom_in(tab, 4)
        before = tab.address("before-part")
        tab.set_vividness(0.2)
        expect(tab.part("stage")).to_have_attribute("data-sharp", "true")
        assert tab.address("before-part") == before
        tab.page.mouse.move(*tab.on_screen((0.5, 0.5)))
        tab.part("picture").focus()
        for _ in range(6):
            tab.page.keyboard.press("ArrowRight")
        expect(tab.part("before-part")).not_to_have_attribute("src", before)
        expect(tab.part("stage")).to_have_attribute("data-sharp", "true")
        assert 1 <= scale_of_part(tab, "before") < 1.3
