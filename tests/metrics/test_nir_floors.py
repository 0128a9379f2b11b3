import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.metrics.nir_floors import TrainingColours, frame_floors, training_colours, true_luminance
from colorizer_hf.metrics.pairs import NirPair

FRAME = np.array([[0, 7, 8], [100, 254, 255]], np.uint8)


def pair(nir: np.ndarray, *colours: tuple[int, int, int]) -> NirPair:
    return NirPair("a", nir, np.array(colours, np.uint8).reshape(*nir.shape, 3))


def flat(nir: int, colour: tuple[int, int, int], side: int = 4) -> NirPair:
    return pair(np.full((side, side), nir, np.uint8), *[colour] * side**2)


class TestTrainingColours:
    def test_have_the_mean_colour_of_each_brightness_in_nir(self):
        table = training_colours([flat(0, (10, 20, 30)), flat(7, (30, 40, 50)), flat(255, (200, 0, 0))]).table
        assert table is not None
        assert table.shape == (32, 3)
        assert table[0].tolist() == [20, 30, 40]  # 0..7 are one step
        assert table[-1].tolist() == [200, 0, 0]

    def test_every_pixel_counts_the_same(self):
        table = training_colours([flat(0, (0, 0, 0), side=1), flat(0, (80, 80, 80), side=3)]).table
        assert table is not None
        assert table[0].tolist() == [72, 72, 72]

    def test_fill_the_brightnesses_that_no_pixel_has(self):
        table = training_colours([flat(0, (0, 0, 0)), flat(255, (31, 62, 93))]).table
        assert table is not None
        np.testing.assert_allclose(table, np.outer(np.arange(32), [1, 2, 3]))

    def test_have_the_mean_tone(self):
        red, blue = (200, 30, 30), (30, 30, 200)
        _, chroma = rgb_to_lab(torch.tensor([red, blue]).T.view(1, 3, 1, 2) / 255)
        training = training_colours([flat(50, red), flat(60, blue)])
        assert training.tone == pytest.approx((chroma.mean(dim=(0, 2, 3)) * 110).tolist(), abs=1e-3)
        assert training.images == 2

    def test_need_a_pair(self):
        with pytest.raises(ValueError, match="at least one pair"):
            training_colours([])


class TestFrameFloors:
    def test_copy_the_frame_and_tint_it(self):
        pictures = frame_floors(FRAME, TrainingColours(tone=(20.0, 0.0)))
        assert list(pictures) == ["nir_copied", "nir_toned"]
        for channel in pictures["nir_copied"][0]:
            np.testing.assert_array_equal(channel, FRAME)
        red, green, _ = pictures["nir_toned"][0, :, 1, 0].tolist()
        assert red > 110 > 100 > green
        luminance, chroma = rgb_to_lab(pictures["nir_toned"] / 255)
        gray, _ = rgb_to_lab(pictures["nir_copied"] / 255)
        torch.testing.assert_close(luminance, gray, atol=0.004, rtol=0)
        assert (chroma[0, :, 1, 0] * 110).tolist() == pytest.approx([20, 0], abs=1)

    def test_look_the_colour_up_where_there_is_a_table(self):
        table = np.arange(96.0).reshape(32, 3)
        pictures = frame_floors(FRAME, TrainingColours(table=table))
        assert pictures["nir_table"][0, 0].tolist() == [[0, 0, 3], [36, 93, 93]]

    def test_take_frames_of_16_bits(self):
        table = np.arange(96.0).reshape(32, 3)
        for name, picture in frame_floors(FRAME.astype(np.uint16) * 257, TrainingColours(table=table)).items():
            assert picture.equal(frame_floors(FRAME, TrainingColours(table=table))[name]), name


class TestTrueLuminance:
    @given(st.tuples(*[st.integers(0, 255)] * 3))
    def test_is_a_gray_of_the_same_luminance(self, colour):
        truth = torch.tensor(colour, dtype=torch.uint8).view(1, 3, 1, 1)
        gray = true_luminance(truth)
        assert gray.dtype == torch.uint8
        assert len(set(gray.flatten().tolist())) == 1
        expected, _ = rgb_to_lab(truth / 255)
        assert rgb_to_lab(gray / 255)[0].item() == pytest.approx(expected.item(), abs=0.004)

    def test_takes_photographs_that_are_not_rounded(self):
        assert true_luminance(torch.full((1, 3, 2, 2), 99.7, dtype=torch.float64)).unique().tolist() == [100]
