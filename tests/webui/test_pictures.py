"""What the page is sent of a photo."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorizer_hf.imaging import Photo
from colorizer_hf.pipeline import ColorizationPipeline
from colorizer_hf.webui.files import example_photos
from colorizer_hf.webui.pictures import FITTED, View, show_original, show_part
from colorizer_hf.webui.workspace import Workspace

PHOTO = next(path for path in example_photos() if path.stem == "coffee_cup")


def blank(width: int, height: int) -> Photo:
    return Photo(np.zeros((height, width), np.uint8))


def view(fitted: int, shown: int, seen: tuple[float, ...] = (0, 0, 1, 1)) -> View:
    return View.parse({"fitted": fitted, "shown": shown, "seen": seen})


def test_a_photo_is_sent_as_large_as_it_is_seen_and_no_larger() -> None:
    assert 700 <= view(700, 700).longer_side(blank(4000, 3000)) < 770
    assert view(9000, 9000).longer_side(blank(4000, 3000)) == FITTED
    assert view(700, 700).longer_side(blank(500, 400)) == 500


def test_a_photo_of_hardly_more_pixels_is_sent_as_it_is() -> None:
    assert view(700, 700).longer_side(blank(800, 600)) == 800


@given(
    shown=st.floats(1, 1e6),
    left=st.floats(0, 1),
    top=st.floats(0, 1),
    width=st.floats(0, 1),
    height=st.floats(0, 1),
    sides=st.tuples(st.integers(1, 900), st.integers(1, 900)),
)
def test_a_part_holds_what_is_seen_and_is_within_the_photo(
    shown: float, left: float, top: float, width: float, height: float, sides: tuple[int, int]
) -> None:
    right, bottom = min(left + width, 1), min(top + height, 1)
    part = view(300, int(shown), (left, top, right, bottom)).part(blank(*sides))
    shares = part.shares
    assert all(0 <= share <= 1 for share in shares)
    assert shares[0] <= left <= right <= shares[2]
    assert shares[1] <= top <= bottom <= shares[3]
    assert part.box[0] < part.box[2]
    assert part.box[1] < part.box[3]


def test_a_part_is_cut_out_of_the_whole(tmp_path: Path) -> None:
    pipe = ColorizationPipeline.from_pretrained(device="cpu")
    result = pipe(PHOTO)
    shown = show_part(Workspace(tmp_path), result, view(256, 600, (0.25, 0.25, 0.5, 0.5)))
    left, top, right, bottom = (round(share * side) for share, side in zip(shown["box"], (600, 400) * 2, strict=True))
    with Image.open(shown["after"]) as after, Image.open(shown["before"]) as before:
        assert after.size == before.size == (right - left, bottom - top)
        difference = np.asarray(after.convert("RGB")).astype(int) - np.asarray(result.image)[top:bottom, left:right]
        assert np.abs(difference).mean() < 3  # what WebP costs


def test_the_original_has_the_colours_that_it_came_with(tmp_path: Path) -> None:
    colored = np.zeros((300, 400, 3), np.uint8)
    colored[:150], colored[150:] = (150, 60, 40), (60, 90, 160)
    Image.fromarray(colored).save(tmp_path / "colored.png")
    workspace = Workspace(tmp_path / "tab")
    photo = workspace.open(tmp_path / "colored.png", keep=True)
    with Image.open(show_original(workspace, photo, View())) as shown:
        difference = np.abs(np.asarray(shown.convert("RGB")).astype(int) - colored)
    difference[140:160] = 0  # colours meet here
    assert difference.max() < 12


def test_pictures_of_a_grainy_photo_are_small_and_those_of_the_next_as_good_as_ever(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    smooth = np.repeat(np.linspace(60, 200, 600)[:, None], 800, axis=1)
    for name, grain in (("grainy", 18), ("smooth", 4)):
        pixels = (smooth + rng.normal(0, grain, smooth.shape)).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")

    def sent(workspace: Workspace, name: str) -> bytes:
        photo = workspace.open(tmp_path / f"{name}.png", keep=True)
        first, again = (Path(show_original(workspace, photo, View())).read_bytes() for _ in range(2))
        assert first == again
        return first

    tab = Workspace(tmp_path / "tab")
    assert len(sent(tab, "grainy")) < 120_000
    assert sent(tab, "smooth") == sent(Workspace(tmp_path / "other"), "smooth")


@given(
    words=st.fixed_dictionaries(
        {"fitted": st.floats(), "shown": st.floats(), "seen": st.tuples(*[st.floats()] * 4)},
    )
)
def test_any_numbers_are_a_view_of_something(words: dict[str, Any]) -> None:
    left, top, right, bottom = View.parse(words).part(blank(40, 30)).box
    assert 0 <= left < right <= 40
    assert 0 <= top < bottom <= 30


@pytest.mark.parametrize("words", [{}, {"fitted": "x", "shown": 1, "seen": [0, 0, 1, 1]}, {"fitted": 1, "shown": 1}])
def test_what_is_no_view_is_refused(words: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError)):
        View.parse(words)
