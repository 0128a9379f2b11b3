"""Pairs of near infrared and colour: one tensor a sample, photographs mixed in."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorizer_hf.errors import ImageError, TrainingDataError
from colorizer_hf.metrics.pairs import NirPair
from tests.train.conftest import colourful_photo
from train.parts.data import DataConfig, MemoryCrops, RandomCrop
from train.parts.nir_data import (
    MixedCrops,
    PairConfig,
    build_pair_loader,
    join_pair,
    read_training_pairs,
    split_batch,
    to_8_bits,
)


@pytest.fixture
def pair_folder(tmp_path: Path) -> Path:
    """Five pairs whose infrared is the red of their colours."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    for n in range(5):
        photo = colourful_photo(n)
        photo.save(folder / f"field_{n:04d}_rgb.png")
        photo.getchannel("R").save(folder / f"field_{n:04d}_nir.png")
    return folder


@pytest.fixture
def pairs(pair_folder: Path) -> list[NirPair]:
    return read_training_pairs(PairConfig(sources=(str(pair_folder),)))


def batches(pairs, photo_folder, config: PairConfig, *, start: int = 0, total: int = 16) -> list[torch.Tensor]:
    photos = DataConfig(sources=(str(photo_folder),))
    return list(build_pair_loader(pairs, photos, config, batch_size=4, seed=3, start=start, total=total))


class TestPairs:
    def test_all_sources_are_read(self, pair_folder) -> None:
        pairs = read_training_pairs(PairConfig(sources=(str(pair_folder), str(pair_folder))))
        assert len(pairs) == 10

    def test_a_missing_source_is_named(self, tmp_path) -> None:
        with pytest.raises(ImageError, match="nowhere does not exist"):
            read_training_pairs(PairConfig(sources=(str(tmp_path / "nowhere"),)))

    def test_large_pairs_are_reduced_to_the_stored_size(self, pairs) -> None:
        assert join_pair(pairs[0], 40).shape == (40, 50, 4)

    def test_black_infrared_is_not_taken_for_none(self) -> None:
        black = NirPair("black", np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.uint8))
        assert (join_pair(black, 8)[..., 3] == 1).all()


class TestBitDepth:
    def test_8_bits_stay_as_they_are(self) -> None:
        nir = np.random.default_rng(0).integers(30, 60, (20, 20), np.uint8)
        np.testing.assert_array_equal(to_8_bits(nir), nir)

    @given(dark=st.integers(0, 30_000), spread=st.integers(2_000, 30_000))
    def test_16_bits_are_stretched_over_the_8_whatever_their_exposure(self, dark: int, spread: int) -> None:
        ramp = (dark + np.linspace(0, spread, 2000)).astype(np.uint16).reshape(40, 50)
        narrow = to_8_bits(ramp)
        assert (narrow.min(), narrow.max()) == (0, 255)
        assert (np.diff(narrow.ravel().astype(int)) >= 0).all()
        assert abs(narrow.mean() - 127.5) < 1

    def test_a_few_hot_pixels_do_not_darken_the_rest(self) -> None:
        ramp = np.linspace(1000, 2000, 2000).astype(np.uint16).reshape(40, 50)
        hot = ramp.copy()
        hot[0, :3] = 65_535
        assert np.abs(to_8_bits(hot).astype(int) - to_8_bits(ramp))[1:].max() <= 3

    def test_a_flat_picture_is_possible(self) -> None:
        assert to_8_bits(np.full((8, 8), 5000, np.uint16)).dtype == np.uint8


class TestSamples:
    def test_both_sides_are_cut_and_mirrored_together(self, pairs, photo_folder) -> None:
        for batch in batches(pairs, photo_folder, PairConfig(crop_size=24, min_crop=0.4)):
            assert batch.shape == (4, 4, 24, 24)
            assert batch.dtype == torch.uint8
            assert torch.equal(batch[:, 0], batch[:, 3])

    def test_a_batch_is_taken_apart(self, pairs, photo_folder) -> None:
        (batch,) = batches(pairs, photo_folder, PairConfig(crop_size=16, photo_share=0.5), total=4)
        rgb, nir, has_nir = split_batch(batch)
        assert rgb.shape == (4, 3, 16, 16)
        assert nir.shape == (4, 1, 16, 16)
        torch.testing.assert_close(torch.cat([rgb, nir], dim=1) * 255, batch.float())
        assert has_nir.sum() == 2

    @pytest.mark.parametrize("num_workers", [0, 2])
    def test_starting_late_gives_the_batches_of_an_uninterrupted_run(self, pairs, photo_folder, num_workers) -> None:
        config = PairConfig(crop_size=16, photo_share=0.3, num_workers=num_workers)
        whole, late = (batches(pairs, photo_folder, config, start=start) for start in (0, 8))
        assert len(whole) == 4
        assert all(torch.equal(a, b) for a, b in zip(whole[2:], late, strict=True))


class TestMixture:
    @given(share=st.floats(0, 1), total=st.integers(1, 60))
    def test_each_run_keeps_its_order_and_gets_its_share(self, share: float, total: int) -> None:
        first, second = (_numbered(total, green) for green in (0, 255))
        mixed = MixedCrops(first, second, share=share, total=total)
        seen = [mixed[n] for n in range(total)]
        from_second = sum(int(sample[1, 0, 0]) == 255 for sample in seen)
        assert abs(from_second - share * total) <= 1
        for run, green in ((first, 0), (second, 255)):
            own = [sample for sample in seen if int(sample[1, 0, 0]) == green]
            assert all(torch.equal(sample, run[n]) for n, sample in enumerate(own))

    @pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.25, 4), (1.0, 16)])
    def test_the_share_of_samples_has_no_infrared(self, pairs, photo_folder, share, expected) -> None:
        config = PairConfig(crop_size=16, photo_share=share)
        has_nir = torch.cat([split_batch(batch)[2] for batch in batches(pairs, photo_folder, config)])
        assert (~has_nir).sum() == expected

    def test_photographs_alone_need_no_pairs(self, photo_folder) -> None:
        assert len(batches([], photo_folder, PairConfig(crop_size=16, photo_share=1))) == 4

    def test_pairs_alone_need_no_photographs(self, pairs, tmp_path) -> None:
        assert len(batches(pairs, tmp_path / "nowhere", PairConfig(crop_size=16))) == 4

    @pytest.mark.parametrize(
        ("share", "message"),
        [(0.0, "set pairs.sources"), (0.5, "set pairs.sources"), (1.5, "between 0 and 1, got 1.5")],
    )
    def test_what_is_missing_or_wrong_is_said(self, photo_folder, share, message) -> None:
        with pytest.raises(TrainingDataError, match=message):
            batches([], photo_folder, PairConfig(photo_share=share))

    def test_photographs_without_colour_are_an_error(self, pairs, tmp_path) -> None:
        folder = tmp_path / "gray"
        folder.mkdir()
        Image.new("RGB", (40, 40), (90, 90, 90)).save(folder / "gray.png")
        with pytest.raises(TrainingDataError, match="no photo of"):
            batches(pairs, folder, PairConfig(photo_share=0.5))


def _numbered(total: int, green: int) -> MemoryCrops:
    """A run of flat pictures whose red tells them apart."""
    pictures = [np.full((2, 2, 3), (n, green, 0), np.uint8) for n in range(5)]
    return MemoryCrops(pictures, crop=RandomCrop(1, 1), seed=0, total=total)
