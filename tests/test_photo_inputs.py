"""One photograph or many: what counts as which, and reading ahead."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from transformers.pipelines.pt_utils import KeyDataset

from colorizer_hf.errors import BoxError, HintError
from colorizer_hf.imaging import Photo
from colorizer_hf.photo_inputs import are_for_each, each_with, photos_of, read_ahead, source_and_own

GRAY = np.zeros((4, 6), np.uint8)


class Numbers(torch.utils.data.Dataset):
    """The least that a dataset has: a length and items, without an end of its own."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> dict[str, int]:
        return {"image": index}


class TestPhotosOf:
    @pytest.mark.parametrize(
        "photo",
        [
            *("old.jpg", Path("old.jpg"), b"...", bytearray(3), memoryview(b"..."), io.BytesIO()),
            *(GRAY, torch.zeros(3, 4, 6), Image.new("L", (6, 4)), Photo(GRAY), {"image": GRAY}, None, 7),
        ],
        ids=lambda photo: type(photo).__name__,
    )
    def test_one_photograph_is_not_many(self, photo: Any) -> None:
        assert photos_of(photo) is None

    @pytest.mark.parametrize("many", [[1, 2], (1, 2), []], ids=str)
    def test_lists_and_tuples_are_lists(self, many: Any) -> None:
        assert photos_of(many) == list(many)

    @pytest.mark.parametrize(
        "many",
        [iter([0, 1, 2]), map(int, "012"), range(3), {0: 0, 1: 1, 2: 2}.keys(), KeyDataset(Numbers(), "image")],
        ids=lambda many: type(many).__name__,
    )
    def test_whatever_else_holds_many_is_taken_one_by_one(self, many: Any) -> None:
        photos = photos_of(many)
        assert isinstance(photos, Iterator)
        assert list(photos) == [0, 1, 2]


class TestHintsForEach:
    @pytest.mark.parametrize(("hints", "expected"), [([[], None], True), ([None], True), ([], False), ([1], False)])
    def test_are_a_list_of_lists(self, hints: Any, expected: bool) -> None:
        assert are_for_each(hints) == expected

    @given(st.lists(st.integers()), st.lists(st.lists(st.integers())))
    def test_go_with_as_many_photographs_and_no_others(self, photos: list[int], hints: list[list[int]]) -> None:
        pairs = each_with(iter(photos), "hints", hints, HintError)
        if len(photos) == len(hints):
            expected = [{"image": photo, "hints": own} for photo, own in zip(photos, hints, strict=True)]
            assert list(pairs) == expected
        else:
            with pytest.raises(HintError, match=f"hints for {len(hints)} photographs, but not as many photographs"):
                list(pairs)


def test_a_photograph_may_have_both_hints_and_boxes() -> None:
    with_hints = each_with(["a.jpg", "b.jpg"], "hints", [[1], None], HintError)
    with_both = list(each_with(with_hints, "boxes", [None, [2]], BoxError))
    assert with_both[0] == {"image": "a.jpg", "hints": [1], "boxes": None}
    assert with_both[1] == {"image": "b.jpg", "hints": None, "boxes": [2]}


class TestSourceAndOwn:
    def test_a_dictionary_has_an_image_and_may_have_hints_and_boxes(self) -> None:
        assert source_and_own("a.jpg") == ("a.jpg", None, None)
        assert source_and_own({"image": "a.jpg"}) == ("a.jpg", None, None)
        assert source_and_own({"image": "a.jpg", "hints": [1]}) == ("a.jpg", [1], None)
        assert source_and_own({"image": "a.jpg", "boxes": [2]}) == ("a.jpg", None, [2])

    def test_or_bytes_and_path_as_undecoded_datasets_have_them(self) -> None:
        assert source_and_own({"image": {"bytes": b"x", "path": "a.jpg"}}) == (b"x", None, None)
        assert source_and_own({"bytes": None, "path": "a.jpg"}) == ("a.jpg", None, None)

    @pytest.mark.parametrize("row", [{"picture": 1}, {"image": 1, "label": 2}, {}, {"image": {"image": 1}}], ids=str)
    def test_other_keys_are_named(self, row: dict[str, Any]) -> None:
        keys = ", ".join(row if "label" in row or "image" not in row else row["image"]) or "nothing"
        with pytest.raises(TypeError, match=rf"has image and may have hints and boxes, got {keys}; .* KeyDataset"):
            source_and_own(row)


class TestReadAhead:
    @given(st.lists(st.integers()), st.integers(0, 3))
    def test_keeps_the_order(self, items: list[int], workers: int) -> None:
        assert list(read_ahead(str, items, workers)) == [str(item) for item in items]

    def test_workers_work_at_the_same_time(self) -> None:
        both = threading.Barrier(2, timeout=30)
        assert sorted(read_ahead(lambda _: both.wait(), [1, 2], 2)) == [0, 1]

    @pytest.mark.parametrize("workers", [0, 1, 3])
    def test_takes_no_more_than_it_has_workers_beyond_what_was_asked_for(self, workers: int) -> None:
        taken: list[int] = []
        items = (taken.append(item) or item for item in range(100))
        made = read_ahead(str, items, workers)
        assert next(made) == "0"
        assert len(taken) == 1 + workers
        made.close()  # ty: ignore[missing-attribute]

    @pytest.mark.parametrize("workers", [0, 2])
    def test_a_failure_comes_in_its_turn(self, workers: int) -> None:
        made = read_ahead(lambda item: 1 // item, [1, 0, 1], workers)
        assert next(made) == 1
        with pytest.raises(ZeroDivisionError):
            next(made)
