"""Colours of one frame after the other, along motion that is known."""

from itertools import pairwise

import numpy as np
import pytest

from colorizer_hf.film.motion import Motion
from colorizer_hf.film.steadying import Steadier
from tests.film.films import Pan, photo


def grays(pan: Pan) -> list[np.ndarray]:
    return [frame[..., 0].copy() for frame in pan.gray()]


@pytest.fixture(scope="module")
def pan() -> Pan:
    return Pan(photo("astronaut", 180), 128, zooms=False, count=6)


def guesses(count: int) -> list[np.ndarray]:
    """Colours of a network that changes its mind with every frame."""
    noise = np.random.default_rng(1)
    return [0.1 + noise.normal(0, 0.05, (2, 1, 1)).astype(np.float32).repeat(32, 1).repeat(32, 2) for _ in range(count)]


def test_guesses_that_change_from_frame_to_frame_change_far_less(pan: Pan) -> None:
    steadier, before = Steadier(), guesses(6)
    after = [steadier.steady(gray, chroma) for gray, chroma in zip(grays(pan), before, strict=True)]
    changes = [np.mean([np.abs(b - a).mean() for a, b in pairwise(x)]) for x in (before, after)]
    assert changes[1] < 0.4 * changes[0]


def test_colours_go_along_with_what_moves(pan: Pan) -> None:
    """The left half is red in the first frame; later frames know of no colour at all."""
    half = np.zeros((2, 32, 32), np.float32)
    half[0, :, :16] = 0.5
    steadier, views = Steadier(), grays(pan)
    steadier.steady(views[0], half)
    for view in views[1:]:
        chroma = steadier.steady(view, np.zeros_like(half))
    columns = chroma[0].mean(axis=0)
    border = int(np.argmin(np.diff(columns[2:-2]))) + 2  # where red ends
    moved = 5 * 2 * 1.1 / 4  # cells that the picture went to the left
    assert abs(border - (15.5 - moved)) <= 1.5


def test_the_first_frame_is_as_the_network_gave_it(pan: Pan) -> None:
    (chroma,) = guesses(1)
    assert np.array_equal(Steadier().steady(grays(pan)[0], chroma), chroma)


def test_nothing_is_carried_into_another_scene(pan: Pan) -> None:
    other = Pan(photo("coffee", 180), 128, zooms=False, count=1)
    first, second = guesses(2)
    steadier = Steadier()
    steadier.steady(grays(pan)[0], first)
    assert np.array_equal(steadier.steady(grays(other)[0], second), second)


def test_a_film_that_breathes_is_one_scene(pan: Pan) -> None:
    """Old films change their exposure from frame to frame."""
    steadier, (first, second) = Steadier(), guesses(2)
    views = grays(pan)
    steadier.steady(views[0], first)
    brighter = (views[1] * 1.1 + 10).clip(0, 255).astype(np.uint8)
    assert np.abs(steadier.steady(brighter, second) - first).mean() < 0.5 * np.abs(second - first).mean()


def test_what_comes_into_view_has_its_own_colours() -> None:
    """A dark square appears in an even field: what was there before says nothing about it."""
    field = np.full((64, 64), 200, np.uint8)
    square = field.copy()
    square[16:48, 16:48] = 20
    steadier = Steadier()
    steadier.steady(field, np.zeros((2, 16, 16), np.float32))
    chroma = steadier.steady(square, np.full((2, 16, 16), 0.3, np.float32))
    assert chroma[:, 6:10, 6:10].min() > 0.25
    assert chroma[:, :2].max() < 0.15


@pytest.mark.parametrize("shape", [(1, 1), (5, 200), (40, 8)], ids=str)
def test_motion_of_small_frames_is_none(shape: tuple[int, int]) -> None:
    frame = np.full(shape, 90, np.uint8)
    motion = Motion.between(frame, frame)
    assert not motion.flow.any()
    assert motion.trust.min() > 0.99
