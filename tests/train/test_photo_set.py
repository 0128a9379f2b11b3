"""Sets of photographs in memory and in a file, and how often each is drawn."""

from pathlib import Path

import numpy as np
import pytest

from colorizer_hf.errors import TrainingDataError
from train.parts.photo_set import PhotoSet, TrainingPhoto, drawing_shares, store_photos


def photo(seed: int, chroma: float = 20.0, origin: str = "hills") -> TrainingPhoto:
    rng = np.random.default_rng(seed)
    return TrainingPhoto(rng.integers(0, 256, (rng.integers(3, 9), 5, 3), np.uint8), chroma, origin)


class TestStoring:
    def test_what_is_stored_is_what_was_given(self, tmp_path: Path) -> None:
        photos = [photo(seed, origin=f"place {seed % 2}") for seed in range(5)]
        stored = store_photos(tmp_path / "set", {"sources": ["a"]}, photos)
        assert [picture.shape for picture in stored] == [one.picture.shape for one in photos]
        assert all(np.array_equal(picture, one.picture) for picture, one in zip(stored, photos, strict=True))
        assert stored.origins.tolist() == [0, 1, 0, 1, 0]

    def test_a_stored_set_is_not_read_again(self, tmp_path: Path) -> None:
        store_photos(tmp_path / "set", {}, [photo(1), photo(2)])
        again = store_photos(tmp_path / "set", {}, (pytest.fail("read again") for _ in range(1)))
        assert np.array_equal(again[1], photo(2).picture)

    def test_a_set_of_other_sources_is_refused(self, tmp_path: Path) -> None:
        store_photos(tmp_path / "set", {"sources": ["a"]}, [photo(1)])
        with pytest.raises(TrainingDataError, match="set holds photographs of other sources"):
            store_photos(tmp_path / "set", {"sources": ["b"]}, [photo(1)])

    def test_a_set_that_was_not_finished_is_as_if_it_had_not_been_begun(self, tmp_path: Path) -> None:
        def broken():
            yield photo(1)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            store_photos(tmp_path / "set", {}, broken())
        assert len(store_photos(tmp_path / "set", {}, [photo(1), photo(2)])) == 2

    def test_a_folder_of_something_else_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "set").mkdir()
        with pytest.raises(TrainingDataError, match="no folder of decoded photographs"):
            store_photos(tmp_path / "set", {}, [photo(1)])


class TestShares:
    def test_nothing_asked_for_is_no_shares(self) -> None:
        assert drawing_shares(PhotoSet.of([photo(1)]), balance=0, weak_share=None) is None

    @pytest.mark.parametrize(("balance", "ratio"), [(0, 9), (0.5, 3), (1, 1)])
    def test_balance_draws_large_origins_less(self, balance: float, ratio: float) -> None:
        photos = PhotoSet.of([photo(0, origin="small"), *(photo(i, origin="large") for i in range(9))])
        shares = drawing_shares(photos, balance=balance, weak_share=0.5)
        assert shares is not None
        assert shares.sum() == pytest.approx(1)
        assert shares[1:].sum() / shares[0] == pytest.approx(ratio)

    def test_weakly_coloured_photographs_get_their_share(self) -> None:
        photos = PhotoSet.of([photo(i, chroma=3.0 if i == 0 else 30.0) for i in range(10)])
        shares = drawing_shares(photos, balance=0, weak_share=0.2)
        assert shares is not None
        assert shares[0] == pytest.approx(0.2)
