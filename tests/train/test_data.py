"""Training photographs: sources, filters, crops, order."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from colorizer_hf.errors import TrainingDataError
from train.parts.data import (
    DataConfig,
    MemoryPhotos,
    RandomCrop,
    build_loader,
    load_photos,
    mean_chroma,
    read_photos,
    read_source,
)


class TestSources:
    def test_a_folder_is_searched_with_its_sub_folders_and_bad_files_are_passed_over(self, photo_folder) -> None:
        assert len(list(read_source(str(photo_folder)))) == 7

    def test_a_tar_is_read_in_its_order(self, photo_tar) -> None:
        assert [photo.image.size for photo in read_source(str(photo_tar))] == [(100, 80)] * 4

    def test_an_index_beside_a_tar_says_where_its_photographs_come_from(self, photo_tar) -> None:
        photo_tar.with_suffix(".tsv").write_text('key\tsource\n000000\tsea/side\n000002\t\n000003\t"hills\n')
        origins = [photo.origin for photo in read_source(str(photo_tar))]
        assert origins == ["sea/side", str(photo_tar), str(photo_tar), '"hills']

    def test_braces_name_many_tars(self, photo_tar) -> None:
        second = photo_tar.with_name("shard-001.tar")
        second.write_bytes(photo_tar.read_bytes())
        assert len(list(read_source(str(photo_tar.with_name("shard-{000..001}.tar"))))) == 8

    def test_a_dataset_of_the_hub_format_is_streamed(self, tmp_path, photo_folder) -> None:
        datasets = pytest.importorskip("datasets")
        images = [str(path) for path in sorted(photo_folder.glob("[0-9].png"))]
        dataset = datasets.Dataset.from_dict({"image": images}).cast_column("image", datasets.Image())
        dataset.to_parquet(tmp_path / "set" / "train-00000-of-00001.parquet")
        assert len(list(read_source(f"hf://{tmp_path / 'set'}"))) == len(images)

    def test_a_missing_source_is_named(self, tmp_path) -> None:
        with pytest.raises(TrainingDataError, match="nowhere does not exist"):
            list(read_source(str(tmp_path / "nowhere")))

    def test_a_source_without_photographs_is_named(self, tmp_path) -> None:
        with pytest.raises(TrainingDataError, match="holds no readable photograph"):
            list(read_source(str(tmp_path)))

    def test_a_file_that_is_no_tar_is_named(self, tmp_path) -> None:
        (tmp_path / "x.tar").write_bytes(b"junk" * 500)
        with pytest.raises(TrainingDataError, match="is not a readable tar"):
            list(read_source(str(tmp_path / "x.tar")))


class TestFilters:
    def test_near_gray_photos_are_left_out(self, photo_folder) -> None:
        photos = list(read_photos(DataConfig(sources=(str(photo_folder),))))
        assert len(photos) == 6
        assert min(mean_chroma(photo) for photo in photos) > 4

    def test_large_photos_are_reduced_to_the_stored_size(self, photo_folder) -> None:
        photos = read_photos(DataConfig(sources=(str(photo_folder),), stored_size=40))
        assert {photo.shape for photo in photos} == {(40, 50, 3)}

    def test_the_limit_counts_over_all_sources(self, photo_folder, photo_tar) -> None:
        config = DataConfig(sources=(str(photo_folder), str(photo_tar)), limit=7)
        assert len(list(read_photos(config))) == 7

    def test_photos_that_are_all_gray_are_an_error(self, photo_folder) -> None:
        with pytest.raises(TrainingDataError, match="no photo of"):
            MemoryPhotos(DataConfig(sources=(str(photo_folder),), min_chroma=200), seed=0, total=4)

    def test_a_cache_is_filtered_and_limited_as_the_photographs_themselves(self, photo_folder, tmp_path) -> None:
        config = DataConfig(sources=(str(photo_folder),), stored_size=40, limit=5)
        plain = load_photos(config)
        cached = load_photos(replace(config, cache=str(tmp_path / "cache")))
        assert len(cached) == 5
        assert all(np.array_equal(a, b) for a, b in zip(plain, cached, strict=True))


class TestSamples:
    def test_sample_n_depends_on_seed_and_n_alone(self, photo_folder) -> None:
        config = DataConfig(sources=(str(photo_folder),), crop_size=32)
        first, second = (MemoryPhotos(config, seed=5, total=40) for _ in range(2))
        for n in (31, 0, 17):
            assert torch.equal(first[n], second[n])

    def test_an_epoch_shows_every_photo_once(self, photo_folder) -> None:
        config = DataConfig(sources=(str(photo_folder),), crop_size=80, min_crop=1)
        photos = MemoryPhotos(config, seed=0, total=100)
        sums = {int(sum(int(v) for v in photo.reshape(-1)) % 997) for photo in photos.pictures}
        assert len(sums) == len(photos.pictures)
        seen = [photos[n].float().mean().item() for n in range(6)]
        assert len({round(value, 3) for value in seen}) == 6

    def test_with_shares_samples_are_drawn_by_them_and_still_depend_on_seed_and_n_alone(self, photo_folder) -> None:
        config = DataConfig(sources=(str(photo_folder),), crop_size=8, min_chroma=0, weak_share=0.5)
        first, second = (MemoryPhotos(config, seed=3, total=400) for _ in range(2))
        assert all(torch.equal(first[n], second[n]) for n in (399, 7))
        gray = sum(first[n].float().std(dim=0).max() < 1 for n in range(400))  # one of the seven photographs
        assert 150 < gray < 250

    def test_a_crop_is_a_square_of_the_asked_size(self) -> None:
        photo = np.zeros((30, 90, 3), np.uint8)
        crop = RandomCrop(16, 0.65)(photo, np.random.default_rng(0))
        assert crop.shape == (3, 16, 16)
        assert crop.dtype == torch.uint8

    @pytest.mark.parametrize("size", [(40, 60), (60, 40), (50, 50)])
    def test_a_stretched_crop_is_squashed_by_at_most_the_stretch(self, size: tuple[int, int]) -> None:
        rows, columns = np.mgrid[: size[0], : size[1]].astype(np.uint8)
        photo = np.dstack([rows, columns, rows])
        squashed = []
        for seed in range(200):
            down, across, _ = RandomCrop(16, 0.5, max_stretch=1.5)(photo, np.random.default_rng(seed)).float()
            squashed.append((across[8].max() - across[8].min()) / (down[:, 8].max() - down[:, 8].min()))
        assert min(squashed) == pytest.approx(1 / 1.5, rel=0.15)
        assert max(squashed) == pytest.approx(1.5, rel=0.15)
        assert 0.9 < np.median(squashed) < 1.1

    def test_a_fourth_channel_is_cut_with_the_others_and_does_not_weigh_on_them(self) -> None:
        photo = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
        for seed in range(10):
            alone, joined = (
                RandomCrop(24, 0.5)(picture, np.random.default_rng(seed))
                for picture in (photo, np.dstack([photo, photo[..., 0]]))
            )
            assert torch.equal(joined, torch.cat([alone, alone[:1]]))


class TestLoader:
    @pytest.mark.parametrize("in_memory", [True, False], ids=["memory", "stream"])
    @pytest.mark.parametrize("num_workers", [0, 2])
    def test_starting_late_gives_the_batches_of_an_uninterrupted_run(
        self, photo_folder, in_memory: bool, num_workers: int
    ) -> None:
        config = DataConfig(
            sources=(str(photo_folder),), crop_size=16, in_memory=in_memory, shuffle_buffer=3, num_workers=num_workers
        )
        whole = list(build_loader(config, batch_size=2, seed=1, start=0, total=16))
        late = list(build_loader(config, batch_size=2, seed=1, start=8, total=16))
        assert len(whole) == 8
        assert len(late) == 4
        assert all(torch.equal(a, b) for a, b in zip(whole[4:], late, strict=True))
