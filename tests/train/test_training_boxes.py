"""Boxes around things on training photographs."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorizer_hf.errors import TrainingDataError
from tests.train.conftest import colourful_photo
from train.parts.boxes import MAX_BOXES, grid_boxes, salient_boxes
from train.parts.data import DataConfig, load_photos
from train.parts.things import Things, WholePhotos, build_thing_loader

RED = (200, 30, 30)


def meadow() -> Image.Image:
    """A red square, of the same luminance as nothing else, on a green ground; its box is (60, 20, 90, 50)."""
    photo = Image.new("RGB", (120, 80), (40, 160, 60))
    photo.paste(RED, (60, 20, 90, 50))
    return photo


@pytest.fixture
def boxed_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "boxed"
    (folder / "more").mkdir(parents=True)
    for name in ("a.png", "more/b.png", "none.png"):
        meadow().save(folder / name)
    boxes = {"a.png": [[60, 20, 90, 50]], "more/b.png": [{"box": [0, 0, 30, 80], "score": 0.4}, [60, 20, 90, 50]]}
    (folder / "boxes.json").write_text(json.dumps(boxes))
    return folder


class TestJson:
    def test_gives_each_photograph_its_own_the_surest_first(self, boxed_folder: Path) -> None:
        photos = load_photos(DataConfig((str(boxed_folder),), stored_size=40), "json")
        assert photos.boxes is not None
        assert photos.boxes.shape == (3, MAX_BOXES, 4)
        square = np.array([0.5, 0.25, 0.75, 0.625])
        np.testing.assert_allclose(photos.boxes[0, 0], square)
        np.testing.assert_allclose(photos.boxes[1, :2], [square, [0, 0, 0.25, 1]])
        assert not photos.boxes[0, 1:].any()
        assert not photos.boxes[2].any()

    def test_beside_a_tar_goes_by_the_names_in_it(self, photo_tar: Path) -> None:
        photo_tar.with_suffix(".json").write_text(json.dumps({"000002.png": [[0, 0, 50, 40]]}))
        photos = load_photos(DataConfig((str(photo_tar),)), "json")
        assert photos.boxes is not None
        assert photos.boxes.any(axis=(1, 2)).tolist() == [False, False, True, False]

    def test_is_kept_with_the_decoded_photographs(self, boxed_folder: Path, tmp_path: Path) -> None:
        config = DataConfig((str(boxed_folder),), cache=str(tmp_path / "cache"))
        first, again = load_photos(config, "json"), load_photos(config, "json")
        assert first.boxes is not None
        assert again.boxes is not None
        assert np.array_equal(first.boxes, again.boxes)
        with pytest.raises(TrainingDataError, match="holds photographs of other sources"):
            load_photos(config)  # they were stored without

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("[[0, 0, 9, 9]]", "must hold an object with a list for each photograph's name"),
            ("{", "cannot be read as boxes: the boxes are not valid JSON"),
            ('{"a.png": [[9, 9, 3, 3]]}', "a JSON of boxes is wrong: .* encloses nothing"),
        ],
    )
    def test_mistakes_are_named(self, boxed_folder: Path, text: str, message: str) -> None:
        (boxed_folder / "boxes.json").write_text(text)
        with pytest.raises(TrainingDataError, match=message):
            load_photos(DataConfig((str(boxed_folder),)), "json")


class TestWithoutADetector:
    def test_saliency_finds_what_stands_out_from_grain_and_nothing_in_grain_alone(self) -> None:
        luminance = 0.5 + 0.05 * torch.randn(2, 1, 120, 160, generator=torch.Generator().manual_seed(0))
        luminance[0, :, 30:60, 100:130] = 0.9
        boxes = salient_boxes(luminance)
        found = boxes.corners[0, boxes.mask[0]]
        assert len(found) >= 1
        overlap = torch.minimum(found[:, 2:], torch.tensor([130 / 160, 60 / 120])) - torch.maximum(
            found[:, :2], torch.tensor([100 / 160, 30 / 120])
        )
        assert (overlap > 0).all()  # each box has a part of the thing in it
        assert not boxes.mask[1].any()

    def test_a_grid_covers_every_place(self) -> None:
        corners = grid_boxes(2).corners
        for place in torch.rand(50, 2, generator=torch.Generator().manual_seed(0)):
            assert ((corners[1, :, :2] <= place) & (corners[1, :, 2:] >= place)).all(dim=1).any()


class TestSamples:
    @pytest.fixture
    def loader(self, boxed_folder: Path):
        def build(*, is_whole: bool, total: int = 12):
            config = DataConfig((str(boxed_folder),), num_workers=0)
            return build_thing_loader(
                config, "json", size=32, is_whole=is_whole, batch_size=2, seed=0, start=0, total=total
            )

        return build

    def test_of_things_show_a_thing_alone(self, loader) -> None:
        things: Things = loader(is_whole=False).dataset
        alone = [thing for thing in map(things.__getitem__, range(12)) if thing[0].float().min() > 150]
        assert 6 <= len(alone) < 12  # all of the first photograph, some of the second
        assert all(thing.shape == (3, 32, 32) for thing in alone)

    def test_of_whole_photographs_carry_their_boxes_with_them_when_mirrored(self, loader) -> None:
        whole: WholePhotos = loader(is_whole=True).dataset
        lefts = set()
        for n in range(12):
            photo, corners = whole[n]
            left, top, right, bottom = (corners[0] * 32).int().tolist()
            assert photo[0, top + 1 : bottom - 1, left + 1 : right - 1].float().min() > 150
            lefts.add(left)
        assert lefts == {8, 16}

    def test_come_in_batches_with_as_many_slots_for_boxes(self, loader) -> None:
        batch = next(iter(loader(is_whole=True)))
        assert batch.photos.shape == (2, 3, 32, 32)
        assert sorted(batch.boxes.mask.sum(dim=1).tolist()) == [1, 2]

    def test_leave_out_photographs_without_boxes(self, boxed_folder: Path, loader) -> None:
        assert len(loader(is_whole=True).dataset.photos) == 2
        (boxed_folder / "boxes.json").unlink()
        with pytest.raises(TrainingDataError, match=r"no photo of .* has boxes; put a JSON of them beside"):
            loader(is_whole=True)

    def test_depend_on_seed_and_number_alone(self, loader) -> None:
        first, second = loader(is_whole=False, total=12).dataset, loader(is_whole=False, total=400).dataset
        assert all(torch.equal(first[n], second[n]) for n in range(12))


def test_photographs_that_nobody_asks_for_boxes_have_none(photo_folder: Path) -> None:
    colourful_photo(1).save(photo_folder / "one.png")
    assert load_photos(DataConfig((str(photo_folder),))).boxes is None
