"""Detectors of transformers, as they are saved and loaded."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import YolosForObjectDetection

from colorizer_hf.detection import Detector
from colorizer_hf.errors import CheckpointError
from colorizer_hf.imaging import Photo, read
from tests.tiny_networks import save_detector


@pytest.fixture
def photo() -> Photo:
    """Larger than detectors look at."""
    noise = np.random.default_rng(0).integers(0, 256, (1000, 2000), dtype=np.uint8)
    return read(Image.fromarray(noise))


class TestDetect:
    def test_boxes_are_in_pixels_of_the_photo(self, photo: Photo, tmp_path: Path) -> None:
        boxes = Detector.from_pretrained(save_detector(tmp_path, (0.1, 0.2, 0.6, 0.9), score=0.9)).detect(photo)
        assert len(boxes) == 3
        for box in boxes:
            assert box.edges == (200, 200, 1200, 900)
            assert box.score == pytest.approx(0.9, abs=0.01)

    def test_what_sticks_out_of_the_photo_is_cut_off(self, photo: Photo, tmp_path: Path) -> None:
        boxes = Detector.from_pretrained(save_detector(tmp_path, (0.5, 0.5, 1.2, 1.3))).detect(photo)
        assert boxes[0].edges == (1000, 500, 2000, 1000)

    def test_below_the_threshold_nothing_is_a_thing(self, photo: Photo, tmp_path: Path) -> None:
        folder = save_detector(tmp_path, (0.1, 0.2, 0.6, 0.9), score=0.6)
        assert Detector.from_pretrained(folder).detect(photo) == []
        assert len(Detector.from_pretrained(folder, threshold=0.5).detect(photo)) == 3

    def test_the_luminance_is_seen_in_three_channels(self, photo: Photo, tmp_path: Path) -> None:
        detector = Detector.from_pretrained(save_detector(tmp_path, (0.1, 0.2, 0.6, 0.9)))
        seen = []
        detector.model.register_forward_pre_hook(lambda _, args, kwargs: seen.append(kwargs), with_kwargs=True)
        detector.detect(photo)
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
        red, green, blue = seen[0]["pixel_values"][0] * std + mean
        torch.testing.assert_close(red, green)
        torch.testing.assert_close(red, blue)


class TestLoading:
    def test_of_no_such_place_says_what_to_give(self) -> None:
        with pytest.raises(CheckpointError, match="there is no detector nowhere; give a folder or a Hub id"):
            Detector.from_pretrained("nowhere")

    def test_of_another_kind_of_model_is_refused(self) -> None:
        folder = Path(__file__).parents[1] / "colorizer_hf" / "checkpoints" / "chromaformer"
        with pytest.raises(CheckpointError, match="cannot be loaded as an object detector"):
            Detector.from_pretrained(folder)

    def test_of_missing_weights_is_refused(self, tmp_path: Path) -> None:
        model = YolosForObjectDetection.from_pretrained(save_detector(tmp_path, (0.1, 0.2, 0.6, 0.9)))
        model.save_pretrained(tmp_path, state_dict=dict(list(model.state_dict().items())[1:]))
        with pytest.raises(CheckpointError, match="lacks weights, such as"):
            Detector.from_pretrained(tmp_path)

    def test_of_pickled_weights_is_refused(self, tmp_path: Path) -> None:
        model = YolosForObjectDetection.from_pretrained(save_detector(tmp_path, (0.1, 0.2, 0.6, 0.9)))
        torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
        (tmp_path / "model.safetensors").unlink()
        with pytest.raises(CheckpointError, match="cannot be loaded as an object detector"):
            Detector.from_pretrained(tmp_path)

    def test_of_damaged_weights_is_refused(self, tmp_path: Path) -> None:
        weights = save_detector(tmp_path, (0.1, 0.2, 0.6, 0.9)) / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:1000])
        with pytest.raises(CheckpointError, match="cannot be loaded as an object detector"):
            Detector.from_pretrained(tmp_path)

    def test_a_package_that_is_missing_is_named(self, tmp_path: Path) -> None:
        (save_detector(tmp_path, (0.1, 0.2, 0.6, 0.9)) / "config.json").write_text(
            '{"model_type": "detr", "use_timm_backbone": true, "backbone": "resnet50"}'
        )
        with pytest.raises(CheckpointError, match="timm"):
            Detector.from_pretrained(tmp_path)
