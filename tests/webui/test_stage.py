"""What a person does with one photo, and what the page then shows."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from skimage.color import rgb2lab

from colorizer_hf.models.auto import bundled_checkpoints
from tests.webui.photos import CUP, EXAMPLES
from tests.webui.servers import Server, serve
from tests.webui.tabs import Tab, same

FAMILY = "Migrant family 1936"
SLEEVE = (0.58, 0.24, 0.66, 0.36)  # of the mother's blouse: left, top, right, bottom in shares of the photo
ON_SLEEVE = (0.62, 0.30)
GROUND = (0.05, 0.91, 0.95, 0.99)  # the sand in front


def chroma(picture: np.ndarray) -> np.ndarray:
    """How far from gray each pixel is: (h, w)."""
    return np.ptp(picture.astype(int), axis=2)


def redness(picture: np.ndarray, region: tuple[float, float, float, float]) -> float:
    """Mean a* of a region."""
    height, width = picture.shape[:2]
    left, top, right, bottom = region
    part = picture[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]
    return float(rgb2lab(part)[..., 1].mean())


@pytest.fixture
def tab(open_tab: Callable[..., Tab]) -> Tab:
    return open_tab()


@pytest.fixture
def family(tab: Tab) -> Tab:
    """The photo of a family is open."""
    tab.open_example(FAMILY)
    return tab


@pytest.fixture(scope="module")
def two_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the bundled model and another: the same, but bolder."""
    folder = tmp_path_factory.mktemp("two-models")
    bundled = bundled_checkpoints()[0]
    bolder = shutil.copytree(bundled.folder, folder / "bolder")
    config = json.loads((bolder / "config.json").read_text())
    (bolder / "config.json").write_text(json.dumps(config | {"vivid_tilt": 2 * config["vivid_tilt"]}))
    with serve(folder / "server", "--model", bundled.name, "--model", str(bolder)) as server:
        yield server


@pytest.fixture(scope="module")
def with_nir(nir_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the bundled model and one for near-infrared frames, which makes everything lighter."""
    gray = bundled_checkpoints()[0].name
    with serve(tmp_path_factory.mktemp("with-nir"), "--model", gray, "--model", str(nir_checkpoint)) as server:
        yield server


class TestNearInfrared:
    def test_the_switch_takes_a_model_for_it_and_hints_work_there_too(
        self, with_nir: Server, open_tab: Callable[..., Tab]
    ) -> None:
        tab = open_tab(with_nir.url)
        tab.open_example(FAMILY)
        gray = tab.shown()
        tab.choose_model("nir")
        infrared = tab.shown()
        assert infrared.mean() > gray.mean() + 20
        tab.paint(ON_SLEEVE, color="red")
        assert redness(tab.shown(), SLEEVE) > redness(infrared, SLEEVE) + 5
        tab.press("undo")
        tab.choose_model("chromaformer")
        assert same(tab.shown(), gray)

    def test_without_a_model_for_it_the_switch_says_why_it_is_off(
        self, two_models: Server, open_tab: Callable[..., Tab]
    ) -> None:
        tab = open_tab(two_models.url)
        tab.open_example(FAMILY)
        tab.open_menu("settings")
        expect(tab.part("no-nir")).to_be_visible()


class TestOpening:
    def test_a_photo_appears_in_gray_and_then_in_colour(self, tab: Tab, photos: Path) -> None:
        tab.open(photos / "gray.png")
        expect(tab.part("facts")).to_have_text("gray.png · 600 × 400")
        assert tab.shown("before").shape == tab.shown().shape == (400, 600, 3)
        assert chroma(tab.shown("before")).max() <= 2
        assert chroma(tab.shown()).mean() > 10
        assert tab.complaints == []

    def test_every_example_opens(self, tab: Tab) -> None:
        for path in sorted(EXAMPLES.glob("*.jpg")):
            tab.open_example(path.stem.replace("_", " ").capitalize())
            with Image.open(path) as photo:
                expect(tab.part("facts")).to_have_text(f"{path.name} · {photo.width} × {photo.height}")
            assert chroma(tab.shown()).mean() > 3
            tab.part("another-photo").click()

    def test_another_photo_dropped_on_the_stage_replaces_the_first_and_its_strokes(self, family: Tab) -> None:
        family.paint(ON_SLEEVE, color="red")
        with family.new_picture():
            family.drop(CUP, onto="picture")
        expect(family.part("facts")).to_have_text("coffee_cup.jpg · 600 × 400")
        expect(family.part("undo")).to_be_disabled()
        assert family.hints() == []
        assert family.shown().shape == (400, 600, 3)

    def test_a_photo_can_be_dropped_on_the_empty_page(self, tab: Tab) -> None:
        with tab.new_picture():
            tab.drop(CUP, onto="drop-zone")
        expect(tab.part("facts")).to_have_text("coffee_cup.jpg · 600 × 400")

    def test_a_photo_can_be_pasted(self, tab: Tab, photos: Path) -> None:
        tab.copy((photos / "gray.png").read_bytes())
        with tab.new_picture():
            tab.page.keyboard.press("Control+V")
        expect(tab.part("facts")).to_contain_text("600 × 400")


class TestBeforeAPhotoIsOpen:
    def test_nothing_can_be_downloaded(self, tab: Tab) -> None:
        expect(tab.page.get_by_role("button", name="Download")).to_have_count(0)
        tab.page.get_by_role("button", name=f"Example: {FAMILY}").click()
        expect(tab.part("stage")).to_have_attribute("data-revision", "1")
        expect(tab.part("download")).to_be_enabled()


class TestPainting:
    def test_a_red_dab_makes_what_it_is_on_red_and_leaves_what_is_far_off(self, family: Tab) -> None:
        before = family.shown()
        family.paint(ON_SLEEVE, color="red")
        after = family.shown()
        assert redness(after, SLEEVE) - redness(before, SLEEVE) > 15
        assert abs(redness(after, GROUND) - redness(before, GROUND)) < 5

    def test_undo_redo_eraser_and_clear_go_back_and_forth(self, family: Tab) -> None:
        first = family.shown()
        family.paint(ON_SLEEVE, color="red")
        red = family.shown()
        family.press("undo")
        assert same(family.shown(), first)
        family.press("redo")
        assert same(family.shown(), red)
        family.erase(ON_SLEEVE)
        assert same(family.shown(), first)
        family.press("undo")
        assert same(family.shown(), red)
        family.paint((0.52, 0.6), (0.55, 0.7))
        family.press("clear")
        assert same(family.shown(), first)

    def test_a_stroke_counts_along_all_its_length(self, family: Tab) -> None:
        family.paint((0.50, 0.55), (0.52, 0.65), (0.55, 0.72), color="navy")
        places = [(hint["x"], hint["y"]) for hint in family.hints()]
        assert len(places) > 5
        assert np.ptp([y for _, y in places]) > 0.15 * family.shown().shape[0]

    def test_a_tap_on_a_phone_is_a_dab(self, open_tab: Callable[..., Tab]) -> None:
        phone = open_tab(width=390, height=844, touch=True)
        phone.open_example(FAMILY)
        before = phone.shown()
        phone.use("brush")
        phone.page.get_by_role("button", name="red", exact=True).tap()
        with phone.new_picture():
            phone.page.touchscreen.tap(*phone.on_screen(ON_SLEEVE))
        assert len(phone.hints()) == 1
        assert redness(phone.shown(), SLEEVE) - redness(before, SLEEVE) > 15


class TestHints:
    def test_stay_when_the_vividness_changes(self, family: Tab) -> None:
        family.paint(ON_SLEEVE, color="red")
        vivid = family.shown()
        family.set_vividness(0)
        calm = family.shown()
        assert chroma(calm).mean() < chroma(vivid).mean()
        assert redness(calm, SLEEVE) > 15
        assert len(family.hints()) == 1

    def test_stay_when_the_model_changes(self, two_models: Server, open_tab: Callable[..., Tab]) -> None:
        tab = open_tab(two_models.url)
        tab.open_example(FAMILY)
        tab.paint(ON_SLEEVE, color="red")
        first = tab.shown()
        tab.choose_model("bolder")
        second = tab.shown()
        assert not same(first, second)
        assert redness(second, SLEEVE) > 15
        tab.press("undo")
        assert redness(second, SLEEVE) - redness(tab.shown(), SLEEVE) > 15

    def test_can_be_saved_and_loaded_and_give_the_same_picture(self, family: Tab) -> None:
        family.paint(ON_SLEEVE, color="red")
        family.paint((0.1, 0.95), (0.4, 0.95), color="grass")
        painted, hints = family.shown(), family.save_hints()
        family.press("clear")
        assert not same(family.shown(), painted)
        family.load_hints(hints)
        assert same(family.shown(), painted)
        family.press("undo")
        assert not same(family.shown(), painted)

    def test_a_file_that_is_none_of_hints_is_refused_in_a_sentence(self, family: Tab) -> None:
        shown = family.shown()
        family.choose_hints("a shopping list")
        expect(family.part("error-text")).to_contain_text("no hints")
        assert same(family.shown(), shown)


class TestSuggestions:
    def test_are_what_is_likely_at_the_touched_place_and_one_chosen_colours_it(self, family: Tab) -> None:
        first = family.shown()
        family.paint(ON_SLEEVE)  # with no colour yet
        suggestions = family.part("suggestions").get_by_role("button")
        expect(suggestions.first).to_be_visible()
        assert same(family.shown(), first)
        shares = [
            int(text.rstrip(" %")) for text in suggestions.evaluate_all("all => all.map(one => one.dataset.share)")
        ]
        assert shares == sorted(shares, reverse=True)
        assert 0 < sum(shares) <= 101  # each is rounded

        chosen = suggestions.last.get_attribute("data-color")
        with family.new_picture():
            suggestions.last.click()
        assert not same(family.shown(), first)
        (hint,) = family.hints()
        assert hint["color"] == chosen

    def test_are_called_by_the_names_of_colours(self, family: Tab) -> None:
        family.paint(ON_SLEEVE)
        suggestions = family.part("suggestions").get_by_role("button")
        expect(suggestions.first).to_be_visible()
        for name in suggestions.evaluate_all("all => all.map(one => one.ariaLabel || one.innerText)"):
            assert re.fullmatch(r"[a-z ,-]+", name.partition(",")[0], re.IGNORECASE), name
            assert "#" not in name

    def test_differ_from_place_to_place(self, family: Tab) -> None:
        offers = []
        for place in (ON_SLEEVE, (0.5, 0.95)):
            family.paint(place)
            expect(family.part("suggestions").get_by_role("button").first).to_be_visible()
            offers.append(family.part("suggestions").inner_html())
        assert offers[0] != offers[1]


class TestOtherColourings:
    def test_calm_moves_the_slider_and_shows_what_the_slider_would(self, family: Tab) -> None:
        calm = family.part("alternatives").get_by_role("button", name="Calm")
        with family.new_picture():
            calm.click()
        expect(family.vividness).to_have_value("0")
        expect(calm).to_have_attribute("aria-pressed", "true")
        chosen = family.shown()
        family.set_vividness(1)
        assert not same(family.shown(), chosen)
        family.set_vividness(0)
        assert same(family.shown(), chosen)

    def test_a_second_guess_is_a_stroke_that_can_be_undone(self, tab: Tab) -> None:
        tab.open_example("Coffee cup")
        first = tab.shown()
        with tab.new_picture():
            tab.part("alternatives").get_by_role("button", name="Perhaps").first.click()
        assert not same(tab.shown(), first)
        assert len(tab.hints()) == 1
        tab.press("undo")
        assert same(tab.shown(), first)


class TestLooking:
    def test_the_divider_has_gray_on_its_left_and_colour_on_its_right(self, family: Tab) -> None:
        divider = family.part("divider")
        expect(divider).to_have_attribute("aria-valuenow", "50")
        for start, end in ((0.5, 0.25), (0.25, 0.75)):
            family.drag((start, 0.5), (end, 0.5))
            expect(divider).to_have_attribute("aria-valuenow", f"{end * 100:.0f}")
            left, right = family.seen_beside(end)
            assert chroma(left).max() <= 2
            assert chroma(right).mean() > 5

    def test_the_divider_follows_the_keyboard(self, family: Tab) -> None:
        divider = family.part("divider")
        expect(divider).to_have_attribute("aria-valuenow", "50")
        divider.focus()
        for key, value in (("ArrowLeft", 48), ("Shift+ArrowRight", 58), ("End", 100), ("Home", 0)):
            divider.press(key)
            expect(divider).to_have_attribute("aria-valuenow", str(value))

    def test_the_original_shows_while_its_button_is_held(self, family: Tab) -> None:
        family.use("brush")
        family.part("original").hover()
        family.page.mouse.down()
        expect(family.part("original")).to_have_attribute("aria-pressed", "true")
        assert chroma(np.concatenate(family.seen_beside(0.5), axis=1)).max() <= 2
        family.page.mouse.up()
        expect(family.part("original")).to_have_attribute("aria-pressed", "false")
