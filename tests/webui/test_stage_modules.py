"""The modules of the stage: which may use which, and what those without a page compute."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from colorizer_hf.color_names import color_name
from colorizer_hf.webui.stage_files import FOLDER, address
from tests.webui.servers import ROOT, Server
from tests.webui.tabs import Tab

MADE_BY_PYTHON = {"known_colors"}  # when it is served
WITHOUT_A_PAGE = {"boxes", "geometry", "history", "names", "strokes", "view", "state"}

Compute = Callable[[str], Any]


def documented_order() -> list[str]:
    """The modules as docs/architecture.md lists them, from the ground up."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = text.partition("each module may use those above it in\n\n")[2].partition("\n\n")[0]
    return [name for line in table.splitlines() for name in re.split("  +", line.strip())[0].split(", ")]


def imports(path: Path) -> set[str]:
    return set(re.findall(r'from "\./(\w+)\.js"', path.read_text("utf-8")))


def test_each_module_uses_only_those_that_are_documented_above_it() -> None:
    order = documented_order()
    modules = {path.stem: imports(path) for path in FOLDER.glob("*.js") if path.stem != "load"}
    assert sorted(order) == sorted(modules)
    for name, used in modules.items():
        assert used - MADE_BY_PYTHON <= set(order[: order.index(name)]), name


@pytest.mark.parametrize("name", sorted(WITHOUT_A_PAGE))
def test_what_is_computed_needs_no_page(name: str) -> None:
    path = FOLDER / f"{name}.js"
    assert imports(path) <= WITHOUT_A_PAGE | MADE_BY_PYTHON
    assert not re.search(r"\b(document|window|element|props)\b", path.read_text("utf-8"))


@pytest.fixture
def compute(open_tab: Callable[..., Tab], server: Server) -> Compute:
    """Evaluate an expression of JavaScript that may use everything those modules export."""
    tab = open_tab()
    base = f"{server.url}/{address()}"
    modules = ", ".join(f"import('{base}/{name}.js')" for name in sorted(WITHOUT_A_PAGE))

    def compute(expression: str) -> Any:
        script = (
            f"async () => {{ const all = Object.assign({{}}, ...await Promise.all([{modules}])); return {expression} }}"
        )
        return tab.page.evaluate(script)

    return compute


class TestStrokes:
    def test_a_line_is_kept_in_its_corners_only(self, compute: Compute) -> None:
        wavering = "[[0, 0], [0.2, 0.0001], [0.5, 0], [0.5, 0.3], [0.4999, 0.6]]"
        assert compute(f"all.tidy({wavering}, 0.01)") == [[0, 0], [0.5, 0], [0.4999, 0.6]]

    def test_a_long_scribble_keeps_few_points(self, compute: Compute) -> None:
        spiral = (
            "Array.from({ length: 9000 }, (_, i) => [0.5 + i / 2e4 * Math.cos(i / 9), 0.5 + i / 2e4 * Math.sin(i / 9)])"
        )
        assert 50 < len(compute(f"all.tidy({spiral}, 0.0001)")) <= 200

    def test_the_eraser_cuts_a_stroke_in_two_that_keep_its_colour(self, compute: Compute) -> None:
        stroke = "{ id: 1, color: '#c0282d', radius: 0.01, points: [[0.1, 0.5], [0.9, 0.5]] }"
        left, right = compute(f"all.eraseAt([{stroke}], [0.5, 0.5], 0.1, [1, 1])")
        assert left["id"] != right["id"]
        assert left["color"] == right["color"] == "#c0282d"
        assert left["points"][0] == [0.1, 0.5]
        assert left["points"][-1][0] == pytest.approx(0.4, abs=0.03)
        assert right["points"][0][0] == pytest.approx(0.6, abs=0.03)
        assert right["points"][-1] == [0.9, 0.5]

    def test_the_eraser_leaves_what_it_misses_and_takes_a_dab_whole(self, compute: Compute) -> None:
        dab = "{ id: 1, color: '#c0282d', radius: 0.01, points: [[0.5, 0.5]] }"
        assert len(compute(f"all.eraseAt([{dab}], [0.5, 0.8], 0.1, [1, 1])")) == 1
        assert (
            len(compute(f"all.eraseAt([{dab}], [0.5, 0.8], 0.1, [1, 0.25])")) == 0
        )  # of a panorama, nearer than it sounds

    def test_a_touch_takes_the_nearest_stroke_and_none_that_is_far_off(self, compute: Compute) -> None:
        strokes = "[{ id: 1, points: [[0.2, 0.2]] }, { id: 2, points: [[0.3, 0.2], [0.9, 0.2]] }]"
        found = f"((place) => all.strokeAt({strokes}, place, 0.1, [1, 0.5])?.id ?? null)"
        assert [compute(f"{found}([{x}, {y}])") for x, y in ((0.21, 0.2), (0.6, 0.3), (0.27, 0.2), (0.2, 0.5))] == [
            1,
            2,
            2,
            None,
        ]

    def test_a_stroke_that_is_moved_stays_whole_and_on_the_photo(self, compute: Compute) -> None:
        stroke = "{ id: 1, points: [[0.2, 0.5], [0.6, 0.7]] }"
        assert compute(f"all.moved({stroke}, [0.1, -0.2]).points") == [[0.3, 0.3], [0.7, 0.5]]
        assert compute(f"all.moved({stroke}, [0.9, 0]).points") == [[0.6, 0.5], [1, 0.7]]


class TestBoxes:
    def test_are_upright_however_they_were_drawn_and_none_is_too_thin(self, compute: Compute) -> None:
        assert compute("all.boxBetween([0.6, 0.2], [0.1, 0.9])") == [0.1, 0.2, 0.6, 0.9]
        assert compute("all.boxBetween([0.6, 0.2], [0.601, 0.9])") is None

    def test_a_touch_means_the_smallest_around_it(self, compute: Compute) -> None:
        nested = "[[0, 0, 1, 1], [0.2, 0.2, 0.5, 0.5], [0.1, 0.1, 0.8, 0.8]]"
        assert compute(f"all.boxAround({nested}, [0.3, 0.3])") == [0.2, 0.2, 0.5, 0.5]
        assert compute(f"all.boxAround({nested}, [0.6, 0.6])") == [0.1, 0.1, 0.8, 0.8]
        assert compute("all.boxAround([], [0.6, 0.6])") is None


class TestHistory:
    def test_goes_back_and_forth_and_forgets_what_was_undone_when_something_else_is_done(
        self, compute: Compute
    ) -> None:
        story = """(() => {
            const history = new all.History("a");
            const told = [];
            const tell = () => told.push(history.now);
            history.commit("b"); history.commit("c"); history.undo(); tell(); history.undo(); tell();
            history.redo(); tell(); history.commit("d"); tell(); told.push(history.redo());
            const again = all.History.unpack(structuredClone(history.pack()));
            again.undo(); told.push(again.now);
            return told;
        })()"""
        assert compute(story) == ["b", "a", "b", "d", False, "b"]

    def test_a_slider_that_is_dragged_is_one_step_and_dragged_again_another(self, compute: Compute) -> None:
        story = """(() => {
            const history = new all.History(0);
            for (const value of [1, 2, 3]) history.commit(value, "vividness");
            history.seal();
            history.commit(4, "vividness");
            history.undo();
            const first = history.now;
            history.undo();
            return [first, history.now];
        })()"""
        assert compute(story) == [3, 0]


class TestNames:
    def test_colours_of_the_palette_are_called_as_it_calls_them(self, compute: Compute) -> None:
        assert compute("[all.nameOf('#2f4a80'), all.nameOf(null)]") == ["navy", "keep"]

    def test_any_other_has_the_name_that_python_gives_it(self, compute: Compute) -> None:
        rng = np.random.default_rng(0)
        colors = ["#{:02x}{:02x}{:02x}".format(*rng.integers(0, 256, 3)) for _ in range(300)]
        colors += [f"#{code:02x}{code:02x}{code:02x}" for code in range(1, 256, 7)]
        assert compute(f"{colors!r}.map(all.nameOf)") == [color_name(color) for color in colors]


class TestView:
    @pytest.mark.parametrize("photo", ["[600, 400]", "[4000, 500]", "[300, 2000]"])
    def test_a_place_of_the_photo_is_found_again_at_every_zoom(self, photo: str, compute: Compute) -> None:
        there_and_back = f"""(() => {{
            const view = new all.View();
            view.fit({photo}, [800, 500]);
            view.zoomAt(3, [100, 300]);
            view.panBy(-40, 25);
            return view.toShare(view.toPixels([0.3, 0.6]));
        }})()"""
        assert compute(there_and_back) == pytest.approx([0.3, 0.6])

    def test_what_is_under_the_pointer_stays_there_when_a_person_zooms(self, compute: Compute) -> None:
        before, after = compute("""(() => {
            const view = new all.View();
            view.fit([600, 400], [600, 400]);
            const before = view.toShare([150, 100]);
            view.zoomAt(2.5, [150, 100]);
            return [before, view.toShare([150, 100])];
        })()""")
        assert after == pytest.approx(before)
