"""The pipeline and editing sessions with networks that look at things one by one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from colorizer_hf.boxes import NOTHING_BOXED, Box
from colorizer_hf.detection import Detector
from colorizer_hf.errors import BoxError
from colorizer_hf.models.chromaformer import ChromaFormerConfig, ChromaFormerModel
from colorizer_hf.models.instance_fusion import InstanceFusionConfig, InstanceFusionModel
from colorizer_hf.pipeline import ColorizationPipeline
from colorizer_hf.result import ColorizationResult
from colorizer_hf.session import EditSession
from tests.tiny_networks import TINY_CHROMAFORMER, TINY_INSTANCE_FUSION, save_detector, strengthen

FACE = [30, 20, 70, 50]


def network() -> InstanceFusionModel:
    torch.manual_seed(0)
    model = InstanceFusionModel(InstanceFusionConfig(**TINY_INSTANCE_FUSION)).eval()
    strengthen(model)
    return model


@pytest.fixture(scope="module")
def pipe() -> ColorizationPipeline:
    return ColorizationPipeline(network(), device="cpu")


@pytest.fixture(scope="module")
def without_boxes() -> ColorizationPipeline:
    return ColorizationPipeline(
        ChromaFormerModel(ChromaFormerConfig(**TINY_CHROMAFORMER)).eval(), device="cpu", size=64
    )


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """160 x 120 pixels."""
    return np.random.default_rng(0).integers(0, 256, (120, 160), dtype=np.uint8)


def same(one: ColorizationResult, other: ColorizationResult) -> bool:
    return torch.allclose(one.chroma, other.chroma, atol=1e-5)


class TestBoxes:
    def test_change_the_colours(self, pipe: ColorizationPipeline, photo: np.ndarray) -> None:
        assert not same(pipe(photo, boxes=[FACE]), pipe(photo))

    def test_without_them_a_note_says_that_the_whole_was_coloured(
        self, pipe: ColorizationPipeline, photo: np.ndarray
    ) -> None:
        assert pipe(photo).notes == (NOTHING_BOXED,)
        assert pipe(photo, boxes=[FACE]).notes == ()

    def test_things_are_cut_out_of_the_photo_at_its_full_size(
        self, pipe: ColorizationPipeline, photo: np.ndarray
    ) -> None:
        thing = pipe.prepare(photo, boxes=[[8, 16, 40, 48]])["boxes"]
        alone = pipe.prepare(photo[16:48, 8:40])["luminance"]  # as large as a thing is seen
        torch.testing.assert_close(thing.crops[0], alone)

    def test_each_of_many_photos_has_its_own(self, pipe: ColorizationPipeline, photo: np.ndarray) -> None:
        turned = photo[::-1].copy()
        expected = [pipe(photo, boxes=[FACE]), pipe(turned), pipe(turned, boxes=[FACE, [0, 0, 160, 60]])]
        boxes = [[FACE], None, [FACE, Box(0, 0, 160, 60)]]
        got = pipe([photo, turned, turned], boxes=boxes, batch_size=3)
        assert all(same(one, other) for one, other in zip(got, expected, strict=True))
        rows = [{"image": photo, "boxes": boxes[0]}, {"image": turned}, {"image": turned, "boxes": boxes[2]}]
        assert all(same(one, other) for one, other in zip(pipe(rows), expected, strict=True))

    def test_one_list_is_for_every_photo(self, pipe: ColorizationPipeline, photo: np.ndarray) -> None:
        first, second = pipe([photo, photo], boxes=[FACE])
        assert same(first, pipe(photo, boxes=[FACE]))
        assert same(second, first)

    def test_of_too_many_those_with_the_highest_scores_are_used(
        self, pipe: ColorizationPipeline, photo: np.ndarray
    ) -> None:
        boxes = [{"box": [5 * i, 0, 5 * i + 40, 60], "score": score / 10} for i, score in enumerate(range(1, 11))]
        result = pipe(photo, boxes=boxes)
        assert same(result, pipe(photo, boxes=boxes[:1:-1]))
        assert result.notes == ("8 of 10 boxes were used, those with the highest scores",)

    def test_those_of_several_photos_are_none_of_one(self, pipe: ColorizationPipeline, photo: np.ndarray) -> None:
        with pytest.raises(BoxError, match="one photograph takes one list of boxes, not a list of lists"):
            pipe(photo, boxes=[[FACE]])

    def test_a_network_that_takes_none_says_so(self, without_boxes: ColorizationPipeline, photo: np.ndarray) -> None:
        with pytest.raises(BoxError, match="a chromaformer takes no boxes; leave them out or take another model"):
            without_boxes(photo, boxes=[FACE])
        assert without_boxes(photo, boxes=[]).notes == ()


class TestDetector:
    EDGES = (0.1, 0.2, 0.6, 0.9)
    FOUND: tuple[float, ...] = (16, 24, 96, 108)

    def test_finds_the_things_where_no_boxes_are_given(
        self, pipe: ColorizationPipeline, photo: np.ndarray, tmp_path: Path
    ) -> None:
        detector: Any = save_detector(tmp_path, self.EDGES)
        expected = pipe(photo, boxes=[self.FOUND] * 3)
        assert same(pipe(photo, detector=detector), expected)
        assert same(pipe(photo, detector=Detector.from_pretrained(detector)), expected)
        assert same(pipe([photo], detector=str(detector))[0], expected)
        assert same(pipe(photo, boxes=[FACE], detector=detector), pipe(photo, boxes=[FACE]))

    def test_that_finds_nothing_leaves_the_whole(
        self, pipe: ColorizationPipeline, photo: np.ndarray, tmp_path: Path
    ) -> None:
        result = pipe(photo, detector=save_detector(tmp_path, self.EDGES, score=0.5))
        assert result.notes == (NOTHING_BOXED,)
        assert same(result, pipe(photo))

    def test_that_a_pipeline_was_made_with_works_in_every_call_and_session(
        self, photo: np.ndarray, tmp_path: Path
    ) -> None:
        pipe = ColorizationPipeline(network(), device="cpu", detector=str(save_detector(tmp_path, self.EDGES)))
        assert same(pipe(photo), pipe(photo, boxes=[self.FOUND] * 3))
        assert same(EditSession(pipe, photo).update(), pipe(photo))

    def test_a_network_that_takes_no_boxes_takes_none(
        self, without_boxes: ColorizationPipeline, photo: np.ndarray, tmp_path: Path
    ) -> None:
        with pytest.raises(BoxError, match="a chromaformer takes no boxes"):
            without_boxes(photo, detector=save_detector(tmp_path, self.EDGES))

    def test_what_is_none_is_refused(self, pipe: ColorizationPipeline, photo: np.ndarray) -> None:
        detector: Any = 3
        with pytest.raises(TypeError, match="detector must be a Detector, a folder or a Hub id, got int"):
            pipe(photo, detector=detector)


class TestSession:
    def test_boxes_hold_for_all_edits(self, pipe: ColorizationPipeline, photo: np.ndarray) -> None:
        session = EditSession(pipe, photo, boxes=[FACE])
        expected = pipe(photo, boxes=[FACE])
        assert same(session.update(), expected)
        assert same(session.update(vividness=1), expected)
        assert EditSession(pipe, photo).update().notes == (NOTHING_BOXED,)
