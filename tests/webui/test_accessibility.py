"""The page shuts nobody out: contrast, names for screen readers, keyboard, small windows."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.webui.servers import Server
from tests.webui.tabs import Tab, same, wait_until

CONTROL_WITHOUT_NAME = re.compile(
    r"- (button|checkbox|combobox|link|option|radio|slider|spinbutton|tab|textbox)\b(?! \")"
)
# A box for results that holds none, and a button that reads "Drop File Here - or - Click to Upload" but is named
# "Click to upload or drop files".
GRADIOS_OWN = re.compile(
    r'aria-prohibited-attr: .* class="empty|label-content-name-mismatch: .* class="upload-container'
)
_NOTHING_FADES = """() => document.getAnimations().every(
    one => one.playState !== "running" || one.effect.getComputedTiming().endTime === Infinity
)"""
_NAME = "one => one.dataset.testid + ' ' + (one.ariaLabel || one.labels?.[0]?.textContent || one.textContent)"
_CONTROLS = """() => [...document.querySelectorAll("button, input, select, summary, a[href], [tabindex='0']")].filter(
    one => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.tabIndex >= 0
        && !(one.type === "radio" && !one.checked) // the arrow keys lead to these
)"""


def problems(tab: Tab, axe: str) -> list[str]:
    """What axe-core finds serious or critical in what the page shows now, and controls without a name."""
    tab.page.evaluate(axe)
    wait_until(lambda: tab.holds(_NOTHING_FADES))
    violations = tab.page.evaluate("async () => (await axe.run()).violations")
    grave = [each for each in violations if each["impact"] in ("serious", "critical")]
    found = [f"{each['id']}: {node['html'][:120]}" for each in grave for node in each["nodes"]]
    found = [problem for problem in found if not GRADIOS_OWN.search(problem)]
    nameless = CONTROL_WITHOUT_NAME.findall(tab.page.locator("body").aria_snapshot())
    return found + [f"a {role} without a name" for role in nameless]


def fits(tab: Tab) -> bool:
    """Whether nobody has to scroll sideways."""
    return tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_state_of_the_page_is_free_of_grave_problems_and_fits_the_window(
    width: int, dark: bool, open_tab: Callable[..., Tab], server: Server, axe: str, photos: Path, tmp_path: Path
) -> None:
    tab = open_tab(
        f"{server.url}?__theme=dark" if dark else server.url, width=width, height=844, dark=dark, touch=width < 500
    )
    found: list[str] = []

    def look(state: str) -> None:
        found.extend(f"{state}: {problem}" for problem in problems(tab, axe))
        found.extend([] if fits(tab) else [f"{state}: wider than the window"])

    look("empty page")
    tab.open_example("Coffee cup")
    tab.paint((0.25, 0.5))
    expect(tab.part("suggestions").get_by_role("button").first).to_be_visible()
    expect(tab.part("alternatives").get_by_role("button").first).to_be_visible()
    look("a photo, the brush, suggestions")
    tab.part("more-button").click()
    look("the menu")
    tab.part("more-button").click()
    reference = tmp_path / "a photograph with a rather long name that nobody can read in full.png"
    Image.new("RGB", (60, 40), "#c81e1e").save(reference)
    with tab.new_picture():
        tab.part("like-input").set_input_files(reference)
    look("colours like another photo")
    tab.choose_file(photos / "text.jpg")
    expect(tab.part("error")).to_be_visible()
    look("an error")
    tab.go_to("Many photos")
    expect(tab.page.get_by_role("button", name="Colour all")).to_be_visible()
    look("many photos")
    tab.go_to("How it works")
    expect(tab.page.get_by_role("heading", name="Limits")).to_be_visible()
    look("how it works")
    assert not found, "\n".join(found)


class TestKeyboard:
    @pytest.fixture
    def tab(self, open_tab: Callable[..., Tab]) -> Tab:
        return open_tab()

    def walk_to(self, tab: Tab, goal: Locator, key: str = "Tab") -> None:
        """Press Tab until `goal` has the focus."""
        for _ in range(80):
            if goal.evaluate("goal => goal === document.activeElement"):
                return
            tab.page.keyboard.press(key)
        pytest.fail(f"{key} does not lead to {goal}")

    def test_tab_reaches_every_control(self, tab: Tab) -> None:
        tab.open_example("Coffee cup")
        tab.paint((0.25, 0.5), color="teal")
        tab.press("undo")
        expect(tab.part("redo")).to_be_enabled()
        for tool in ("compare", "brush"):
            tab.use(tool)
            expect(tab.part("divider")).to_be_visible(visible=tool == "compare")
            controls = tab.page.evaluate(f"({_CONTROLS})().map({_NAME})")
            tab.page.evaluate("document.activeElement.blur()")
            reached = set()
            for _ in range(2 * len(controls)):  # Tab goes on from what was touched last, and round
                tab.page.keyboard.press("Tab")
                reached.add(tab.page.evaluate(f"({_NAME})(document.activeElement)"))
            assert len(controls) > 20
            still_there = tab.page.evaluate(f"({_CONTROLS})().map({_NAME})")  # other colourings may have come meanwhile
            assert set(controls) & set(still_there) - reached == set()

    def test_a_person_without_a_mouse_opens_an_example_paints_a_dab_and_undoes_it(self, tab: Tab) -> None:
        keyboard = tab.page.keyboard
        self.walk_to(tab, tab.page.get_by_role("button", name="Example: Coffee cup"))
        with tab.new_picture():
            keyboard.press("Enter")
        first = tab.shown()
        self.walk_to(tab, tab.part("tool-brush"))
        keyboard.press("Enter")
        self.walk_to(tab, tab.page.get_by_role("button", name="teal", exact=True))
        keyboard.press("Enter")
        self.walk_to(tab, tab.part("picture"), "Shift+Tab")
        for _ in range(5):
            keyboard.press("Shift+ArrowLeft")
        keyboard.press("ArrowDown")
        with tab.new_picture():
            keyboard.press("Enter")
        (hint,) = tab.hints()
        assert hint["color"] == "#4c8f8b"
        assert hint["x"] < 250  # of 600, left of the middle, where the crosshair starts
        assert hint["y"] > 200
        assert not same(tab.shown(), first)
        with tab.new_picture():
            keyboard.press("Control+z")
        assert same(tab.shown(), first)
