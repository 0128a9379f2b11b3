"""From dabs in a photo's pixels to tensors, and to JSON and back."""

import itertools
import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from colorizer_hf.batches import hints_to_batch
from colorizer_hf.color import rgb_to_lab
from colorizer_hf.errors import HintError
from colorizer_hf.hints import (
    Hint,
    Stroke,
    collect_hints,
    hints_from_json,
    hints_to_json,
    hints_to_strokes,
    layer_to_hints,
    strokes_to_hints,
)
from colorizer_hf.models.reaches import REACHES

SIZE = (200, 100)
hints = st.builds(
    Hint,
    x=st.floats(0, 199),
    y=st.floats(0, 99),
    color=st.none() | st.tuples(*[st.integers(0, 255)] * 3),
    radius=st.none() | st.floats(0, 50),
    reach=st.sampled_from(["alike", "object", "spot"]),
)
RED, BLUE = "#ff0000", "#0000ff"


def stroke(*points: tuple[float, float], color: str | None = RED, radius: float = 0.02) -> Stroke:
    return Stroke(color=color, radius=radius, points=[list(point) for point in points])


coordinates = st.floats(-0.2, 1.2)
strokes = st.builds(
    stroke,
    st.tuples(coordinates, coordinates),
    st.tuples(coordinates, coordinates),
    st.tuples(coordinates, coordinates),
    color=st.sampled_from([RED, BLUE, "#20d020", None]),
    radius=st.floats(0, 0.2),
)


class TestHint:
    @pytest.mark.parametrize("color", ["#C0FFEE", (192, 255, 238)], ids=str)
    def test_takes_hex_and_rgb(self, color) -> None:
        assert Hint(1, 2, color).color == "#c0ffee"

    @pytest.mark.parametrize(
        ("color", "expected"),
        [
            (np.array([192, 255, 238], np.uint8), "#c0ffee"),
            (torch.tensor([192, 255, 238]), "#c0ffee"),
            ((120.4, 3.6, 0.2), "#780400"),
            (np.array([0.75, 0.125, 0.125], np.float32), "#bf2020"),
            ((0.75, 0, 1), "#bf00ff"),
            ((1, 0, 0), "#010000"),
            ((0.0, 0.0, 0.0), "#000000"),
        ],
        ids=[
            "pixel",
            "tensor",
            "mean of pixels",
            "shares",
            "shares and whole numbers",
            "dark code",
            "black either way",
        ],
    )
    def test_takes_codes_and_shares_where_there_is_no_doubt(self, color: Any, expected: str) -> None:
        assert Hint(1, 2, color).color == expected

    @given(st.tuples(*[st.floats(0, 1)] * 3).filter(lambda shares: any(0 < share < 1 for share in shares)))
    def test_shares_are_the_codes_over_255(self, shares: tuple[float, float, float]) -> None:
        red, green, blue = (round(255 * share) for share in shares)
        assert Hint(1, 2, shares).color == Hint(1, 2, (red, green, blue)).color

    @pytest.mark.parametrize("color", [(1.0, 0.0, 0.0), np.ones(3), (1, 0.0, 1)], ids=str)
    def test_refuses_what_could_be_shares_or_codes(self, color: Any) -> None:
        with pytest.raises(HintError, match=r"could be shares or codes; write #rrggbb or whole numbers in 0\.\.255"):
            Hint(1, 2, color)

    @pytest.mark.parametrize(
        "color",
        ["red", "#12345", (1, 2), (0, 0, 256), (-0.1, 0.5, 0.5), (math.nan, 1, 1), "", 7, ("a", "b", "c")],
        ids=str,
    )
    def test_refuses_what_is_no_colour(self, color) -> None:
        with pytest.raises(HintError, match=r"must be #rrggbb or three numbers in 0\.\.255"):
            Hint(1, 2, color)

    def test_no_colour_keeps_what_is_there(self) -> None:
        assert Hint(1, 2, None).color is None

    def test_reaches_over_the_thing_it_lies_on_unless_it_is_told_otherwise(self) -> None:
        assert Hint(1, 2, RED).reach == "object"

    @pytest.mark.parametrize("reach", ["far", "", None, 1], ids=str)
    def test_refuses_what_is_no_reach(self, reach: Any) -> None:
        with pytest.raises(HintError, match="must be alike, object or spot"):
            Hint(1, 2, RED, reach=reach)

    @pytest.mark.parametrize("radius", [-1, math.nan, math.inf, "3"], ids=str)
    def test_refuses_a_radius_that_is_none(self, radius: Any) -> None:
        with pytest.raises(HintError, match="the radius of a hint must be 0 or more pixels, got"):
            Hint(1, 2, "#000000", radius)

    @pytest.mark.parametrize("place", [("80", 5), (5, None), (math.nan, 5), ([1], 5)], ids=str)
    def test_refuses_a_place_that_is_none(self, place: Any) -> None:
        with pytest.raises(HintError, match="the place of a hint must be two numbers in pixels, got"):
            Hint(*place, color=RED)

    def test_takes_numbers_of_numpy(self) -> None:
        x, y, radius = np.array([8, 6, 3], np.int16)
        hint = Hint(x, np.float32(y), RED, radius)  # ty: ignore[invalid-argument-type]
        assert hints_from_json(hints_to_json([hint], SIZE), SIZE) == [Hint(8, 6, RED, 3)]


class TestHintsToBatch:
    def test_places_pixel_centres_between_minus_one_and_one(self) -> None:
        batch = hints_to_batch([Hint(0, 0, "#ffffff"), Hint(199, 99, "#ffffff"), Hint(99.5, 49.5, "#ffffff")], SIZE)
        expected = [[-0.995, -0.99], [0.995, 0.99], [0.0, 0.0]]
        torch.testing.assert_close(batch.points[0], torch.tensor(expected))

    def test_only_the_chroma_of_a_colour_counts(self) -> None:
        _, red = rgb_to_lab(torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1))
        batch = hints_to_batch([Hint(5, 5, "#ff0000"), Hint(6, 6, "#808080")], SIZE)
        torch.testing.assert_close(batch.chroma[0, 0], red.flatten(), atol=1e-5, rtol=0)
        torch.testing.assert_close(batch.chroma[0, 1], torch.zeros(2), atol=1e-3, rtol=0)

    def test_radius_is_a_share_of_the_longer_side(self) -> None:
        assert hints_to_batch([Hint(5, 5, "#ff0000", 20)], SIZE).radius.tolist() == [[pytest.approx(0.1)]]

    def test_reach_and_keeping_travel_with_the_hints(self) -> None:
        batch = hints_to_batch([Hint(5, 5, RED, reach="spot"), Hint(6, 6, None), Hint(7, 7, RED, reach="alike")], SIZE)
        assert batch.reach.tolist() == [[REACHES.index("spot"), REACHES.index("object"), REACHES.index("alike")]]
        assert batch.keep.tolist() == [[False, True, False]]

    @pytest.mark.parametrize("place", [(200, 5), (-1, 5), (5, 100)], ids=str)
    def test_a_hint_outside_the_photo_is_named(self, place: tuple[float, float]) -> None:
        with pytest.raises(HintError, match="outside the photo of 200 x 100 pixels"):
            hints_to_batch([Hint(*place, "#ff0000")], SIZE)

    def test_no_hints_are_an_empty_batch(self) -> None:
        assert len(hints_to_batch([], SIZE)) == 0


class TestLayerToHints:
    def test_a_stroke_becomes_hints_of_its_colour_along_it(self) -> None:
        layer = np.zeros((100, 200, 4), np.uint8)
        layer[40:50, 20:180] = (200, 30, 30, 255)
        found = layer_to_hints(layer, SIZE)
        assert len(found) > 10
        assert {hint.color for hint in found} == {"#c81e1e"}
        assert all(40 <= hint.y <= 50 and 20 <= hint.x <= 180 for hint in found)

    def test_all_its_hints_have_the_reach_that_is_asked_for(self) -> None:
        layer = np.full((50, 50, 4), 255, np.uint8)
        assert {hint.reach for hint in layer_to_hints(layer, SIZE)} == {"object"}
        assert {hint.reach for hint in layer_to_hints(layer, SIZE, reach="spot")} == {"spot"}

    def test_an_untouched_layer_has_none(self) -> None:
        assert layer_to_hints(np.zeros((10, 20, 4), np.uint8), SIZE) == []

    def test_a_layer_of_another_size_is_laid_over_the_whole_photo(self) -> None:
        layer = np.zeros((10, 20, 4), np.uint8)
        layer[9, 19] = (0, 0, 255, 255)
        (hint,) = layer_to_hints(layer, SIZE)
        assert (hint.x, hint.y) == (194.5, 94.5)

    def test_a_layer_painted_all_over_stays_bounded_and_inside(self) -> None:
        found = layer_to_hints(np.full((400, 800, 4), 255, np.uint8), SIZE)
        assert 50 < len(found) <= 300
        hints_to_batch(found, SIZE)

    def test_refuses_a_picture_without_alpha(self) -> None:
        with pytest.raises(HintError, match="must be an RGBA picture"):
            layer_to_hints(np.zeros((10, 20, 3), np.uint8), SIZE)

    def test_refuses_a_picture_without_pixels(self) -> None:
        with pytest.raises(HintError, match="must be an RGBA picture"):
            layer_to_hints(np.zeros((0, 20, 4), np.uint8), SIZE)


class TestStrokesToHints:
    def test_a_dab_is_one_hint_at_its_pixel(self) -> None:
        assert strokes_to_hints([stroke((0.5, 0.25), radius=0.05)], SIZE) == [Hint(99.5, 24.5, RED, 10)]

    def test_a_line_becomes_hints_a_radius_apart_from_end_to_end(self) -> None:
        found = strokes_to_hints([stroke((0.1, 0.5), (0.6, 0.5), radius=0.05)], SIZE)
        assert [hint.x for hint in found] == pytest.approx(np.linspace(19.5, 119.5, 11))
        assert {(hint.y, hint.color, hint.radius) for hint in found} == {(49.5, RED, 10)}

    def test_a_line_is_followed_around_its_corners(self) -> None:
        found = strokes_to_hints([stroke((0.1, 0.2), (0.5, 0.2), (0.5, 0.2), (0.5, 0.8), radius=0.05)], SIZE)
        assert all(hint.y == pytest.approx(19.5) or hint.x == pytest.approx(99.5) for hint in found)
        assert (found[-1].x, found[-1].y) == pytest.approx((99.5, 79.5))

    def test_no_strokes_are_no_hints(self) -> None:
        assert strokes_to_hints([], SIZE) == []

    def test_paint_covers_earlier_paint_of_another_colour(self) -> None:
        line, across = stroke((0.1, 0.5), (0.9, 0.5)), stroke((0.5, 0.1), (0.5, 0.9), color=BLUE, radius=0.1)
        found = strokes_to_hints([line, across], SIZE)
        red = [hint.x for hint in found if hint.color == RED]
        assert len(red) > 20
        assert all(abs(x - 99.5) > 20 for x in red)
        assert min(abs(x - 99.5) for x in red) < 25
        assert strokes_to_hints([across, line], SIZE) != found, "the order counts"

    def test_paint_of_the_same_colour_covers_nothing(self) -> None:
        line, across = stroke((0.1, 0.5), (0.9, 0.5)), stroke((0.5, 0.1), (0.5, 0.9), radius=0.1)
        alone = strokes_to_hints([line], SIZE) + strokes_to_hints([across], SIZE)
        assert strokes_to_hints([line, across], SIZE) == alone

    def test_paint_of_another_reach_covers_earlier_paint_of_its_colour(self) -> None:
        spot = stroke((0.5, 0.5)) | {"reach": "spot"}
        assert [hint.reach for hint in strokes_to_hints([stroke((0.5, 0.5)), spot], SIZE)] == ["spot"]

    def test_a_stroke_without_reach_has_the_default_and_one_without_colour_keeps(self) -> None:
        (found,) = strokes_to_hints([stroke((0.5, 0.5), color=None)], SIZE)
        assert (found.color, found.reach) == (None, "object")

    def test_a_dab_painted_over_is_gone(self) -> None:
        found = strokes_to_hints([stroke((0.5, 0.5)), stroke((0.5, 0.5), color=BLUE)], SIZE)
        assert [hint.color for hint in found] == [BLUE]

    def test_covering_counts_between_the_corners_of_a_long_line(self) -> None:
        corners = [(x, 0.5 + 0.01 * (x > 0.5)) for x in np.linspace(0, 1, 700).tolist()]
        dabs = [stroke((x, 0.5)) for x in np.linspace(0.05, 0.95, 30).tolist()]
        assert {hint.color for hint in strokes_to_hints([*dabs, stroke(*corners, color=BLUE)], SIZE)} == {BLUE}

    def test_a_line_covers_nothing_beyond_its_ends(self) -> None:
        dab, corner = stroke((0.8, 0.1)), stroke((0.1, 0.1), (0.5, 0.1), (0.9, 0.9), color=BLUE)
        assert strokes_to_hints([dab, corner], SIZE)[0].color == RED

    def test_points_outside_the_photo_move_to_its_edge(self) -> None:
        found = strokes_to_hints([stroke((-3, 0.5)), stroke((7, 9))], SIZE)
        assert [(hint.x, hint.y) for hint in found] == [(0, 49.5), (199, 99)]

    @given(st.lists(strokes, max_size=12), st.tuples(st.integers(1, 5000), st.integers(1, 5000)))
    def test_whatever_is_painted_can_be_used(self, painted: list[Stroke], size: tuple[int, int]) -> None:
        found = strokes_to_hints(painted, size)
        assert len(found) <= 300
        assert {hint.color for hint in found} <= {one["color"] for one in painted}
        last = {stroke["color"] for stroke in painted[-1:]}
        assert last <= {hint.color for hint in found}, "nothing covers the last stroke"
        hints_to_batch(found, size)

    @pytest.mark.parametrize("radius", [0, 1e-6, 0.001])
    def test_a_photo_scribbled_all_over_stays_bounded_and_covered(self, radius: float) -> None:
        rng = np.random.default_rng(0)
        painted = [stroke(*rng.random((100, 2)).tolist(), radius=radius) for _ in range(60)]
        found = strokes_to_hints(painted, (4000, 2000))
        assert 100 < len(found) <= 300
        quarters = {(hint.x > 2000, hint.y > 1000) for hint in found}
        assert len(quarters) == 4

    def test_more_dabs_than_hints_are_thinned_and_every_colour_stays(self) -> None:
        rng = np.random.default_rng(0)
        painted = [
            stroke(point, color=color, radius=0) for color in (RED, BLUE) for point in rng.random((250, 2)).tolist()
        ]
        found = strokes_to_hints([*painted, stroke((0.5, 0.5), color="#20d020", radius=0)], SIZE)
        assert 200 < len(found) <= 300
        assert {hint.color for hint in found} == {RED, BLUE, "#20d020"}

    def test_more_colours_than_hints_are_refused(self) -> None:
        painted = [stroke((0.5, 0.5), color=f"#{number:06x}", radius=0) for number in range(301)]
        painted = [one | {"points": [[number / 301, 0.5]]} for number, one in enumerate(painted)]
        with pytest.raises(HintError, match="hints of 300 colours, got 301"):
            strokes_to_hints(painted, (4000, 100))

    @pytest.mark.parametrize(
        ("painted", "problem"),
        [
            (None, "must be a list, got NoneType"),
            ({"color": RED}, "must be a list, got dict"),
            ([7], "must have color, radius and points"),
            ([{"color": RED, "radius": 0.1}], "must have color, radius and points"),
            ([stroke((0, 0), color="red")], "must be #rrggbb"),
            ([stroke((0, 0)) | {"reach": "far"}], "must be alike, object or spot"),
            ([stroke((0, 0)) | {"reach": None}], "must be alike, object or spot"),
            *[
                ([stroke((0, 0)) | {"radius": radius}], "radius of a stroke must be 0 to 1")
                for radius in ("9", None, True, -0.1, 1.1, float("nan"), float("inf"), 10**400)
            ],
            *[
                ([stroke((0, 0)) | {"points": points}], "points of a stroke must be a list")
                for points in ([], None, "ab", {"x": 1}, 5)
            ],
            *[
                ([stroke((0, 0)) | {"points": [[0, 0], point]}], "must be two numbers")
                for point in (
                    0.5,
                    [],
                    [0.5],
                    [0.5] * 3,
                    "ab",
                    ["0.5", "0.5"],
                    [None, 0],
                    [0, float("nan")],
                    [float("inf"), 0],
                    [10**400, 0],
                    [[0, 0], [0, 0]],
                    {"x": 0, "y": 0},
                )
            ],
            ([stroke((0, 0))] * 1001, "can take 1000 strokes, got 1001; undo some"),
            ([stroke(*[(0, 0)] * 10_001)] * 2, "can have 20000 points together; undo some"),
        ],
        ids=lambda value: f"{value!r:.60}",
    )
    def test_refuses_what_is_no_stroke_in_one_short_sentence(self, painted: Any, problem: str) -> None:
        with pytest.raises(HintError, match=problem) as caught:
            strokes_to_hints(painted, SIZE)
        assert len(str(caught.value)) < 150


class TestHintsToStrokes:
    def test_each_hint_is_a_dab(self) -> None:
        (found,) = hints_to_strokes([Hint(99.5, 24.5, BLUE, 20)], SIZE)
        assert found == {"color": BLUE, "radius": 0.1, "points": [[0.5, 0.25]], "reach": "object"}

    def test_a_hint_without_radius_gets_the_default_share(self) -> None:
        assert hints_to_strokes([Hint(3, 4, RED)], SIZE)[0]["radius"] == 0.01

    def test_is_plain_json_whatever_the_numbers_were(self) -> None:
        x: Any = np.float32(4.5)
        json.dumps(hints_to_strokes([Hint(x, x, RED, x)], SIZE))

    @given(st.lists(hints, max_size=8))
    def test_and_back_gives_the_same_hints(self, given_hints: list[Hint]) -> None:
        assume(not any(covers(later, earlier) for earlier, later in itertools.combinations(given_hints, 2)))
        found = strokes_to_hints(hints_to_strokes(given_hints, SIZE), SIZE)
        assert [(hint.color, hint.reach) for hint in found] == [(hint.color, hint.reach) for hint in given_hints]
        for one, other in zip(found, given_hints, strict=True):
            radius = 2 if other.radius is None else other.radius
            assert (one.x, one.y, one.radius) == pytest.approx((other.x, other.y, radius), abs=1e-9)

    def test_and_back_and_forth_does_not_wear_strokes_out(self) -> None:
        painted = [stroke((0.1, 0.2), (0.9, 0.7)), stroke((0.9, 0.1), (0.1, 0.8), color=BLUE)]
        once = hints_to_strokes(strokes_to_hints(painted, SIZE), SIZE)
        assert len(strokes_to_hints(once, SIZE)) == len(once)

    def test_a_hint_outside_the_photo_is_named(self) -> None:
        with pytest.raises(HintError, match="outside the photo of 200 x 100 pixels"):
            hints_to_strokes([Hint(200, 5, RED)], SIZE)


def covers(later: Hint, earlier: Hint) -> bool:
    radius = 2 if later.radius is None else later.radius
    return (later.color, later.reach) != (earlier.color, earlier.reach) and math.dist(
        (later.x, later.y), (earlier.x, earlier.y)
    ) <= radius + 1e-6


class TestCollectHints:
    def test_mixes_hints_and_layers(self) -> None:
        layer = np.zeros((100, 200, 4), np.uint8)
        layer[50, 50] = (0, 255, 0, 255)
        assert [hint.color for hint in collect_hints([Hint(1, 1, "#ff0000"), layer], SIZE)] == ["#ff0000", "#00ff00"]

    def test_a_layer_may_stand_alone(self) -> None:
        assert collect_hints(np.zeros((5, 5, 4), np.uint8), SIZE) == []

    def test_says_that_a_single_hint_belongs_into_a_list(self) -> None:
        with pytest.raises(HintError, match="must be a list"):
            collect_hints(Hint(1, 2, "#ff0000"), SIZE)  # ty: ignore[invalid-argument-type]

    def test_names_what_it_cannot_use(self) -> None:
        with pytest.raises(HintError, match="got tuple"):
            collect_hints([(1, 2, "#ff0000")], SIZE)  # ty: ignore[invalid-argument-type]


class TestJson:
    @given(st.lists(hints, max_size=5))
    def test_there_and_back_is_the_identity(self, given_hints: list[Hint]) -> None:
        assert hints_from_json(hints_to_json(given_hints, SIZE), SIZE) == given_hints

    def test_hints_follow_the_photo_to_another_size(self) -> None:
        text = hints_to_json([Hint(100, 50, "#ff0000", 10)], SIZE)
        assert hints_from_json(text, (400, 200)) == [Hint(200.5, 100.5, "#ff0000", 20)]

    def test_hints_saved_without_reach_have_the_default(self) -> None:
        text = '{"width": 200, "height": 100, "hints": [{"x": 1, "y": 2, "color": "#ff0000"}]}'
        assert hints_from_json(text, SIZE) == [Hint(1, 2, RED, reach="object")]

    def test_takes_numbers_of_numpy(self) -> None:
        x: Any = np.int64(3)
        y: Any = np.float32(4.5)
        given_hints = [Hint(x, y, "#ff0000", np.float64(2))]
        assert hints_from_json(hints_to_json(given_hints, SIZE), SIZE) == given_hints

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            "{}",
            "[" * 100_000,
            '{"width": 0, "height": 1, "hints": []}',
            '{"width": 1, "height": 1, "hints": [{}]}',
            f'{{"width": 9, "height": 9, "hints": [{{"x": 1{"0" * 400}, "y": 1, "color": "#ff0000"}}]}}',
        ],
        ids=["nothing", "list", "empty", "deep", "no width", "no place", "vast number"],
    )
    def test_refuses_other_json(self, text: str) -> None:
        with pytest.raises(HintError, match="not valid JSON"):
            hints_from_json(text, SIZE)
