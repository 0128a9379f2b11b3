"""From dabs in a photo's pixels to tensors, and to JSON and back."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.errors import HintError
from colorizer_hf.hints import Hint, collect_hints, hints_from_json, hints_to_batch, hints_to_json, layer_to_hints

SIZE = (200, 100)
hints = st.builds(
    Hint,
    x=st.floats(0, 199),
    y=st.floats(0, 99),
    color=st.tuples(*[st.integers(0, 255)] * 3),
    radius=st.none() | st.floats(0, 50),
)


class TestHint:
    @pytest.mark.parametrize("color", ["#C0FFEE", (192, 255, 238)], ids=str)
    def test_takes_hex_and_rgb(self, color) -> None:
        assert Hint(1, 2, color).color == "#c0ffee"

    @pytest.mark.parametrize("color", ["red", "#12345", (1, 2), (0, 0, 256), "", None, 7, ("a", "b", "c")], ids=str)
    def test_refuses_what_is_no_colour(self, color) -> None:
        with pytest.raises(HintError, match=r"must be #rrggbb or three numbers in 0\.\.255"):
            Hint(1, 2, color)

    @pytest.mark.parametrize("radius", [-1, float("nan")])
    def test_refuses_a_negative_radius(self, radius: float) -> None:
        with pytest.raises(HintError, match="radius"):
            Hint(1, 2, "#000000", radius)


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

    @pytest.mark.parametrize("place", [(200, 5), (-1, 5), (5, 100), (float("nan"), 5)], ids=str)
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
