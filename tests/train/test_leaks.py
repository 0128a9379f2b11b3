"""Training pairs that show what test pairs show."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorizer_hf.errors import TrainingDataError
from colorizer_hf.metrics.pairs import NirPair
from train.parts.leaks import check_split, find_leaks

HEIGHT, WIDTH = 128, 192


def scene(seed: int, name: str = "") -> NirPair:
    """A landscape of blobs: coarse and finer shapes, other ones in infrared than in colour."""
    rng = np.random.default_rng(seed)
    shapes = sum(
        amplitude * _blobs(rng, cells) for cells, amplitude in (((4, 6), 0.6), ((10, 15), 0.3), ((40, 60), 0.1))
    )
    nir = (0.5 * shapes[..., 0] + 0.5 * shapes[..., 3]).clip(0, 255).astype(np.uint8)
    return NirPair(name or f"scene_{seed}", nir, shapes[..., :3].clip(0, 255).astype(np.uint8))


def _blobs(rng: np.random.Generator, cells: tuple[int, int]) -> np.ndarray:
    """(HEIGHT, WIDTH, 4), four independent random fields."""
    grids = rng.integers(0, 256, (4, *cells)).astype(np.float32)
    return np.stack(
        [np.asarray(Image.fromarray(grid).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)) for grid in grids], axis=2
    )


def cut(pair: NirPair, left: float, name: str, top: float = 0, side: float = HEIGHT) -> NirPair:
    """A square of a pair, resized as the challenge did it."""
    box = (left, top, left + side, top + side)
    nir, rgb = (
        np.asarray(Image.fromarray(x).resize((96, 96), Image.Resampling.LANCZOS, box=box)) for x in (pair.nir, pair.rgb)
    )
    return NirPair(name, nir, rgb)


def found(train: list[NirPair], test: list[NirPair]) -> set[tuple[str, str]]:
    return {(leak.train.name, leak.test.name) for leak in find_leaks(train, test)}


OTHERS = [scene(seed) for seed in range(100, 112)]


class TestIdentical:
    def test_a_copy_under_another_name_is_found(self) -> None:
        original, copy = scene(1), scene(1, "copy")
        (leak,) = find_leaks([*OTHERS, copy], [scene(2), original])
        assert (leak.train, leak.test, leak.correlation) == (copy, original, 1)

    @pytest.mark.parametrize("side", ["nir", "rgb"])
    def test_one_side_is_enough(self, side: str) -> None:
        one, other = scene(1), scene(2)
        half = NirPair("half", one.nir if side == "nir" else other.nir, one.rgb if side == "rgb" else other.rgb)
        assert found([half], [one]) == {("half", "scene_1")}

    def test_pictures_of_one_colour_are_found_by_their_pixels_alone(self) -> None:
        def flat(value: int, name: str) -> NirPair:
            return NirPair(name, np.full((64, 64), value, np.uint8), np.full((64, 64, 3), value, np.uint8))

        assert found([flat(9, "same"), flat(10, "other")], [flat(9, "test")]) == {("same", "test")}


class TestOverlapping:
    def test_different_scenes_are_different(self) -> None:
        assert found(OTHERS, [scene(seed) for seed in range(12)]) == set()

    @given(seed=st.integers(0, 50), left=st.floats(0, WIDTH - HEIGHT))
    def test_a_crop_of_a_photograph_is_found_wherever_it_was_cut(self, seed: int, left: float) -> None:
        assert found([*OTHERS[:2], scene(seed, "whole")], [cut(scene(seed), left, "crop")]) == {("whole", "crop")}

    def test_the_other_crop_of_a_photograph_is_found(self) -> None:
        photo = scene(3)
        ends = cut(photo, 0, "left"), cut(photo, WIDTH - HEIGHT, "right")  # half of each is in the other
        assert found([ends[0]], [ends[1]]) == {("left", "right")}
        assert found([ends[1]], [ends[0]]) == {("right", "left")}

    def test_another_exposure_noise_and_bit_depth_hide_nothing(self) -> None:
        photo, rng = scene(4), np.random.default_rng(0)
        rgb = (photo.rgb * 0.6 + 40 + rng.normal(0, 5, photo.rgb.shape)).clip(0, 255).astype(np.uint8)
        assert found([NirPair("again", photo.nir.astype(np.uint16) * 100 + 7000, rgb)], [photo]) == {
            ("again", "scene_4")
        }

    def test_colour_alone_or_infrared_alone_is_not_enough(self) -> None:
        one, other = scene(5), scene(6)
        lighter = (one.rgb * 0.9).astype(np.uint8)
        assert found([NirPair("colour", other.nir, lighter)], [one]) == set()
        assert found([NirPair("infrared", (one.nir * 0.9).astype(np.uint8), other.rgb)], [one]) == set()

    def test_upright_and_oblong_pictures_are_compared(self) -> None:
        upright = scene(7)
        upright = NirPair("upright", upright.nir.T.copy(), upright.rgb.transpose(1, 0, 2).copy())
        bottom = cut(upright, 0, "bottom", top=WIDTH - HEIGHT)
        assert found([*OTHERS, upright], [bottom]) == {("upright", "bottom")}


class TestSplit:
    def test_a_clean_split_stays_whole(self) -> None:
        assert check_split(OTHERS, [scene(1)]) == (OTHERS, [])

    def test_without_test_pairs_nothing_leaks(self) -> None:
        assert check_split(OTHERS, []) == (OTHERS, [])
        assert check_split([], OTHERS) == ([], [])

    def test_a_leaking_split_is_refused_with_the_first_leaks_and_the_way_out(self) -> None:
        copies = [scene(seed, f"copy_{seed}") for seed in range(5)]
        with pytest.raises(TrainingDataError) as error:
            check_split([*OTHERS, *copies], [scene(seed) for seed in range(5)])
        message = str(error.value)
        assert message.startswith("5 of 17 training pairs show what test pairs show (copy_0 shows scene_0, ")
        assert "copy_2 shows scene_2, ...)" in message
        assert message.endswith("set pairs.drop_leaks to train without them")
        assert "copy_3" not in message

    def test_or_goes_on_without_the_pairs_that_leak(self) -> None:
        copy = scene(1, "copy")
        kept, leaks = check_split([*OTHERS, copy], [scene(1)], allow=True)
        assert kept == OTHERS
        assert [str(leak) for leak in leaks] == ["copy shows scene_1"]
