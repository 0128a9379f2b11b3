"""Boxes in a photo's own pixels."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from colorizer_hf.batches import boxes_to_batch
from colorizer_hf.boxes import Box, are_boxes_for_each, boxes_from_json, collect_boxes
from colorizer_hf.errors import BoxError

SIZE = (200, 100)  # width and height


class TestCollecting:
    @pytest.mark.parametrize(
        "given",
        [
            [Box(10, 20, 110, 80)],
            [[10, 20, 110, 80]],
            ((10, 20, 110, 80),),
            np.array([[10, 20, 110, 80]]),
            torch.tensor([[10.0, 20.0, 110.0, 80.0]]),
            [{"box": [10, 20, 110, 80]}],
            [{"box": {"xmin": 10, "ymin": 20, "xmax": 110, "ymax": 80}, "score": 1.0, "label": "person"}],
        ],
        ids=["boxes", "lists", "tuples", "array", "tensor", "dictionaries", "an object-detection pipeline"],
    )
    def test_takes_every_form(self, given: Any) -> None:
        (box,) = collect_boxes(given, SIZE)
        assert box.edges == (10, 20, 110, 80)
        assert box.score == 1

    def test_nothing_is_no_boxes(self) -> None:
        assert collect_boxes(None, SIZE) == collect_boxes(np.zeros((0, 4)), SIZE) == []

    def test_what_sticks_out_of_the_photo_is_cut_off(self) -> None:
        (box,) = collect_boxes([{"box": [-5, 50, 300, 120], "score": 0.4}], SIZE)
        assert box == Box(0, 50, 200, 100, 0.4)

    @pytest.mark.parametrize(
        ("given", "problem"),
        [
            ([[1, 2, 3]], r"a box must be four numbers in pixels: left, top, right, bottom; got \[1, 2, 3\]"),
            ([["a", 2, 3, 4]], "a box must be four numbers in pixels"),
            ([[1, 2, float("nan"), 4]], "a box must be four numbers in pixels"),
            ([{"score": 0.5}], "a box must be four numbers in pixels"),
            ([[50, 20, 40, 80]], r"the box \(50, 20, 40, 80\) encloses nothing"),
            ([[210, 20, 240, 80]], r"the box \(210, 20, 240, 80\) lies outside the photo of 200 x 100 pixels"),
            ([{"box": [1, 2, 3, 4], "score": 7}], "the score of a box must be 0 to 1, got 7"),
            (Box(1, 2, 3, 4), r"boxes must be a list of boxes, got Box; put a single one into \[ \]"),
            ([[1, 2, 3, 4]] * 101, "a photo can take 100 boxes, got 101"),
        ],
    )
    def test_what_is_no_box_is_refused_in_one_sentence(self, given: Any, problem: str) -> None:
        with pytest.raises(BoxError, match=problem):
            collect_boxes(given, SIZE)


class TestForEach:
    def test_lists_of_boxes_are_told_from_a_list_of_boxes(self) -> None:
        assert are_boxes_for_each([[[1, 2, 3, 4]], None, []])
        assert not are_boxes_for_each([[1, 2, 3, 4], [5, 6, 7, 8]])
        assert not are_boxes_for_each([Box(1, 2, 3, 4)])
        assert not are_boxes_for_each(None)


class TestJson:
    def test_boxes_of_one_photo_and_of_several_by_name(self) -> None:
        assert boxes_from_json("[[1, 2, 3, 4]]") == [[1, 2, 3, 4]]
        several = {"a.jpg": [{"box": [1, 2, 3, 4], "score": 0.9}], "b.jpg": []}
        assert boxes_from_json(json.dumps(several)) == several

    @pytest.mark.parametrize("text", ["", "3", '{"a.jpg": 3}', "[" * 100_000])
    def test_other_text_is_refused(self, text: str) -> None:
        with pytest.raises(BoxError, match="the boxes"):
            boxes_from_json(text)


def test_tensors_are_in_shares_of_the_photo() -> None:
    batch = boxes_to_batch([Box(50, 25, 150, 100, 0.5)], SIZE)
    assert batch.corners.tolist() == [[[0.25, 0.25, 0.75, 1.0]]]
    assert batch.mask.tolist() == [[True]]
