"""Hints on single frames go along with what moves, forwards and backwards, until the scene ends."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorizer_hf.errors import HintError
from colorizer_hf.film.key_frames import KeyFrame, follow_key_frames
from colorizer_hf.hints import Hint
from tests.film.films import Pan, photo

SIDE, STEP = 128, 2.2  # pixels that the picture goes to the left with each frame


@pytest.fixture(scope="module")
def grays() -> list[np.ndarray]:
    """Six frames of one scene, then two of another."""
    first = Pan(photo("astronaut", 180), SIDE, zooms=False, count=6)
    second = Pan(photo("coffee", 180), SIDE, zooms=False, count=2)
    return [frame[..., 0].copy() for pan in (first, second) for frame in pan.gray()]


def frames(grays: list[np.ndarray]) -> Iterator[tuple[int, float, np.ndarray]]:
    return ((10 * number, number / 25, gray) for number, gray in enumerate(grays))


def key(number: int, *hints: Hint) -> KeyFrame:
    return KeyFrame(number / 25, hints)


FACE = Hint(64, 40, "#cc8866", 4, "object")


def test_a_hint_goes_along_in_both_directions_until_the_scene_ends(grays: list[np.ndarray]) -> None:
    tracks = follow_key_frames([key(3, FACE)], frames(grays), (SIDE, SIDE))
    assert sorted(tracks) == [0, 10, 20, 30, 40, 50]
    for number in range(6):
        (hint,) = tracks[10 * number].to_hints((1, 1))
        assert hint.x == pytest.approx(64 - STEP * (number - 3), abs=1.5)
        assert (hint.color, hint.radius, hint.reach) == ("#cc8866", 4, "object")


def test_the_next_key_frame_of_a_scene_takes_over(grays: list[np.ndarray]) -> None:
    tracks = follow_key_frames([key(4, FACE), key(1, FACE, Hint(30, 30, "#00ff00"))], frames(grays), (SIDE, SIDE))
    assert [len(tracks[10 * number].hints) for number in range(6)] == [2, 2, 2, 2, 1, 1]


def test_each_scene_has_its_own_hints(grays: list[np.ndarray]) -> None:
    tracks = follow_key_frames([key(7, FACE)], frames(grays), (SIDE, SIDE))
    assert sorted(tracks) == [60, 70]


def test_a_moment_between_frames_means_the_one_that_is_shown_then(grays: list[np.ndarray]) -> None:
    tracks = follow_key_frames([KeyFrame(2.9 / 25, (FACE,))], frames(grays), (SIDE, SIDE))
    assert tracks[20].to_hints((1, 1))[0].x == pytest.approx(64)


def test_what_leaves_the_picture_ends(grays: list[np.ndarray]) -> None:
    tracks = follow_key_frames([key(0, Hint(3, 64, "#ff0000"))], frames(grays), (SIDE, SIDE))
    assert [len(tracks[10 * number].hints) for number in range(6)] == [1, 1, 0, 0, 0, 0]


def test_places_are_those_of_the_films_pixels(grays: list[np.ndarray]) -> None:
    """The network sees frames smaller than they are."""
    large = Hint(4 * FACE.x, 4 * FACE.y, FACE.color, FACE.radius)
    tracks = follow_key_frames([key(0, large)], frames(grays), (4 * SIDE, 4 * SIDE))
    (hint,) = tracks[20].to_hints((4, 4))
    assert hint.x == pytest.approx(4 * (64 - 2 * STEP), abs=6)


def test_a_frame_coloured_by_hand_gives_its_colours_on_a_grid(tmp_path: Path) -> None:
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[:, :40], picture[:, 40:] = (200, 30, 30), (30, 30, 200)
    Image.fromarray(picture).save(tmp_path / "frame.png")
    key_frame = KeyFrame.of_picture(1.5, tmp_path / "frame.png", (320, 240))
    assert key_frame.time == 1.5
    assert {hint.color for hint in key_frame.hints if hint.x < 140} == {"#c81e1e"}
    assert {hint.color for hint in key_frame.hints if hint.x > 180} == {"#1e1ec8"}
    assert max(hint.x for hint in key_frame.hints) < 320


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "frame.png").write_bytes(b"no picture")
    with pytest.raises(HintError, match=r"frame\.png: it is no picture of a frame"):
        KeyFrame.of_picture(0, tmp_path / "frame.png", (32, 32))
