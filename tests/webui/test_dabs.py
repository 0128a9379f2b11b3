"""Each dab is a thing that can be touched again."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.webui.tabs import Place, Tab, same, wait_until

FAMILY = "Migrant family 1936"
ON_SLEEVE = (0.62, 0.30)
ON_GROUND = (0.3, 0.95)
RED, TEAL, NAVY = "#c0282d", "#4c8f8b", "#2f4a80"


@pytest.fixture
def family(open_tab: Callable[..., Tab]) -> Tab:
    tab = open_tab()
    tab.open_example(FAMILY)
    return tab


@pytest.fixture
def dabbed(family: Tab) -> Tab:
    """With a red dab on the sleeve and a navy one on the ground; the brush asks."""
    family.paint(ON_SLEEVE, color="red")
    family.paint(ON_GROUND, color="navy")
    family.part("swatches").get_by_role("button", name="No colour: choose").click()
    return family


def colors(tab: Tab) -> list[str | None]:
    return [hint["color"] for hint in tab.hints()]


def choose(tab: Tab, name: str) -> None:
    """Click a colour of the palette, and see what follows."""
    with tab.new_picture():
        color(tab, name).click()


def color(tab: Tab, name: str) -> Locator:
    return tab.part("swatches").get_by_role("button", name=name, exact=True)


def touch(tab: Tab, place: Place) -> None:
    """Touch the photo, and see what follows."""
    with tab.new_picture():
        tab.drag(place)


class TestTouchAndChoose:
    def test_works_every_time_because_the_brush_asks_again(self, family: Tab) -> None:
        family.use("brush")
        for place, name in ((ON_SLEEVE, "red"), (ON_GROUND, "navy"), ((0.1, 0.3), "teal")):
            touch(family, place)
            expect(family.part("suggestions-title")).to_have_text("Pick a colour for this spot")
            choose(family, name)
        assert colors(family) == [RED, NAVY, TEAL]
        expect(color(family, "teal")).to_have_attribute("aria-pressed", "true")

    def test_several_colours_can_be_tried_on_one_dab(self, family: Tab) -> None:
        family.use("brush")
        touch(family, ON_SLEEVE)
        choose(family, "red")
        red = family.shown()
        choose(family, "teal")
        assert colors(family) == [TEAL]
        family.press("undo")
        assert same(family.shown(), red)

    def test_a_colour_chosen_first_stays_in_the_brush(self, family: Tab) -> None:
        family.paint(ON_SLEEVE, color="red")
        touch(family, ON_GROUND)
        assert colors(family) == [RED, RED]


def looks(swatch: Locator, what: str) -> str:
    """A property of the disc that a swatch is drawn as."""
    return swatch.evaluate("(swatch, what) => getComputedStyle(swatch, '::before')[what]", what)


class TestSwatches:
    def test_the_one_in_use_is_seen_to_be(self, family: Tab) -> None:
        family.use("brush")
        color(family, "navy").click()
        family.page.mouse.move(0, 0)

        def ring(name: str) -> str:
            return looks(color(family, name), "boxShadow")

        wait_until(lambda: ring("red") == ring("teal") != ring("navy"))  # swatches are drawn anew with every answer

    def test_any_other_colour_is_all_of_them(self, family: Tab) -> None:
        family.use("brush")
        picker = family.page.locator("label", has=family.part("color-picker"))
        assert "conic-gradient" in looks(picker, "backgroundImage")


class TestTakenInHand:
    def test_a_touched_dab_is_recoloured_by_palette_and_suggestion_and_others_stay(self, dabbed: Tab) -> None:
        touch(dabbed, ON_SLEEVE)
        expect(dabbed.part("dabs").get_by_role("button").first).to_have_attribute("aria-pressed", "true")
        choose(dabbed, "teal")
        assert colors(dabbed) == [TEAL, NAVY]
        suggestion = dabbed.part("suggestions").get_by_role("button").last
        chosen = suggestion.get_attribute("data-color")
        with dabbed.new_picture():
            suggestion.click()
        assert colors(dabbed) == [chosen, NAVY]
        dabbed.press("undo")
        dabbed.press("undo")
        assert colors(dabbed) == [RED, NAVY]

    def test_a_dab_is_dragged_to_another_place(self, dabbed: Tab) -> None:
        before = dabbed.hints()
        with dabbed.new_picture():
            dabbed.drag(ON_SLEEVE, (0.5, 0.6))
        first, second = dabbed.hints()
        assert first["color"] == RED
        assert first["x"] == pytest.approx(0.5 * 800, abs=3)
        assert first["y"] == pytest.approx(0.6 * 619, abs=3)
        assert second == before[1]
        dabbed.press("undo")
        assert dabbed.hints() == before

    def test_a_single_one_is_deleted(self, dabbed: Tab) -> None:
        expect(dabbed.part("delete-dab")).to_be_disabled()
        touch(dabbed, ON_SLEEVE)
        dabbed.press("delete-dab")
        assert colors(dabbed) == [NAVY]
        touch(dabbed, ON_GROUND)
        with dabbed.new_picture():
            dabbed.page.keyboard.press("Delete")
        assert colors(dabbed) == []
        dabbed.press("undo")
        dabbed.press("undo")
        assert colors(dabbed) == [RED, NAVY]

    def test_a_drawn_line_is_taken_by_a_touch_and_painted_across_by_a_stroke(self, family: Tab) -> None:
        family.paint((0.2, 0.9), (0.6, 0.9), color="red")
        with family.new_picture():
            family.drag((0.4, 0.9), (0.4, 0.7))
        expect(family.part("dabs-title")).to_have_text("Dabs on the photo: 2")
        touch(family, (0.3, 0.9))
        choose(family, "teal")
        found = colors(family)
        assert found.count(TEAL) > 10
        assert RED in found

    def test_escape_lets_it_go_and_the_next_colour_is_for_the_brush(self, dabbed: Tab) -> None:
        touch(dabbed, ON_SLEEVE)
        dabbed.page.keyboard.press("Escape")
        color(dabbed, "teal").click()
        touch(dabbed, (0.1, 0.3))
        assert colors(dabbed) == [RED, NAVY, TEAL]


class TestReach:
    def test_is_this_thing_unless_another_is_chosen_and_can_be_changed_afterwards(self, family: Tab) -> None:
        reach = family.part("reach")
        family.paint(ON_SLEEVE, color="red")
        reach.get_by_label("Just here").check()
        family.paint(ON_GROUND, color="navy")
        assert [hint["reach"] for hint in family.hints()] == ["object", "spot"]
        narrow = family.shown()
        touch(family, ON_SLEEVE)
        expect(reach.get_by_label("This thing")).to_be_checked()
        with family.new_picture():
            reach.get_by_label("Everything alike").check()
        assert [hint["reach"] for hint in family.hints()] == ["alike", "spot"]
        assert not same(family.shown(), narrow)
        family.press("undo")
        assert [hint["reach"] for hint in family.hints()] == ["object", "spot"]
        assert same(family.shown(), narrow)


class TestKeep:
    def test_a_dab_that_keeps_holds_back_what_another_would_colour(self, family: Tab) -> None:
        first = family.shown()
        family.use("brush")
        touch(family, ON_SLEEVE)
        choose(family, "Keep what is here")
        assert colors(family) == [None]
        name = family.part("dabs").get_by_role("button").get_attribute("aria-label")
        assert name == "Dab 1: keep, this thing"
        choose(family, "red")
        assert colors(family) == [RED]
        assert not same(family.shown(), first)


class TestPipette:
    def test_takes_the_colour_that_the_photo_shows(self, dabbed: Tab) -> None:
        shown = dabbed.shown()
        height, width = shown.shape[:2]
        there = shown[int(0.30 * height), int(0.62 * width)].astype(int)
        dabbed.part("pipette").click()
        dabbed.drag(ON_SLEEVE)  # though a dab is there
        expect(dabbed.part("pipette")).to_have_attribute("aria-pressed", "false")
        touch(dabbed, (0.1, 0.3))
        taken = colors(dabbed)[-1]
        assert taken is not None
        assert max(abs(int(taken[i : i + 2], 16) - there[i // 2]) for i in (1, 3, 5)) < 25

    def test_recolours_the_dab_in_hand(self, dabbed: Tab) -> None:
        touch(dabbed, ON_SLEEVE)
        dabbed.page.keyboard.press("i")  # takes another tool, and so lets the dab go
        expect(dabbed.part("delete-dab")).to_be_disabled()
        dabbed.page.keyboard.press("Escape")
        touch(dabbed, ON_SLEEVE)
        dabbed.part("pipette").click()
        with dabbed.new_picture():
            dabbed.drag((0.1, 0.3))
        found = colors(dabbed)
        assert len(found) == 2
        assert found[0] != RED


class TestOnAPhone:
    def test_the_colour_in_hand_is_always_in_sight(self, open_tab: Callable[..., Tab]) -> None:
        phone = open_tab(width=390, height=844, touch=True)
        phone.open_example(FAMILY)
        phone.use("brush")
        color(phone, "navy").tap()
        sign = phone.part("brush-color")
        for scrolled in (0, 300, 600):
            phone.page.evaluate(f"scrollTo(0, {scrolled})")
            box = sign.bounding_box()
            assert box is not None
            assert 0 <= box["y"] <= 844 - box["height"]
            assert sign.evaluate("sign => getComputedStyle(sign).backgroundColor") == "rgb(47, 74, 128)"


class TestWithoutAMouse:
    def test_a_dab_is_found_in_a_list_recoloured_moved_and_deleted(self, dabbed: Tab) -> None:
        keyboard = dabbed.page.keyboard
        dabs = dabbed.part("dabs").get_by_role("button")
        expect(dabs.first).to_have_accessible_name("Dab 1: red, this thing")
        dabs.first.focus()
        keyboard.press("ArrowRight")
        expect(dabs.last).to_be_focused()
        with dabbed.new_picture():
            keyboard.press("Enter")
        color(dabbed, "teal").focus()
        with dabbed.new_picture():
            keyboard.press("Enter")
        assert colors(dabbed) == [RED, TEAL]
        before = dabbed.hints()[1]
        dabbed.part("picture").focus()
        keyboard.press("Enter")
        expect(dabbed.part("suggestions-title")).to_have_text(re.compile("^Arrow keys move the dab"))
        with dabbed.new_picture():
            for _ in range(3):
                keyboard.press("ArrowLeft")
        keyboard.press("Enter")
        after = dabbed.hints()[1]
        assert after["x"] < before["x"]
        assert after["y"] == pytest.approx(before["y"], abs=1)
        dabbed.press("undo")  # all steps are one
        assert dabbed.hints()[1] == before
        with dabbed.new_picture():
            dabs.last.press("Delete")
        assert colors(dabbed) == [RED]
