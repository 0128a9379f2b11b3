"""Small photographs and small runs."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from tests.tiny_networks import TINY_CHROMAFORMER

TINY_MODEL = TINY_CHROMAFORMER | {"working_size": 64}


def colourful_photo(seed: int, size: tuple[int, int] = (80, 100)) -> Image.Image:
    """Two flat colours with noise, told apart by their luminance."""
    rng = np.random.default_rng(seed)
    height, width = size
    pixels = np.empty((height, width, 3))
    pixels[:, : width // 2] = (180, 120, 40)
    pixels[:, width // 2 :] = (40, 60, 120)
    return Image.fromarray((pixels + rng.uniform(-20, 20, pixels.shape)).clip(0, 255).astype(np.uint8))


@pytest.fixture
def photo_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for i in range(6):
        colourful_photo(i).save(folder / ("more" if i % 2 else ".") / f"{i}.png")
    Image.new("RGB", (80, 80), (120, 120, 120)).save(folder / "gray.png")
    (folder / "broken.jpg").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("not a photo")
    return folder


@pytest.fixture
def photo_tar(tmp_path: Path) -> Path:
    path = tmp_path / "shard-000.tar"
    with tarfile.open(path, "w") as tar:
        for i in range(4):
            data = io.BytesIO()
            colourful_photo(10 + i).save(data, "PNG")
            info = tarfile.TarInfo(f"{i:06d}.png")
            info.size = data.tell()
            data.seek(0)
            tar.addfile(info, data)
    return path


@pytest.fixture
def tiny_run(tmp_path: Path, photo_folder: Path) -> Path:
    """The YAML of a run that takes seconds."""
    path = tmp_path / "tiny.yaml"
    values = {
        "output": str(tmp_path / "run"),
        "data": {"sources": [str(photo_folder)], "crop_size": 64, "num_workers": 0},
        "model": TINY_MODEL,
        "backbone_weights": "none",
        "hints": {"max_count": 4},
        "optimizer": {"warmup_steps": 2, "unfreeze_at": 0.5},
        "steps": 24,
        "batch_size": 2,
        "checkpoint_every": 4,
        "log_every": 8,
        "report_to": "none",
    }
    path.write_text(yaml.safe_dump(values))
    return path


@pytest.fixture
def tiny_gan(tmp_path: Path, photo_folder: Path) -> Path:
    """The YAML of a run of recipe `gan` that takes seconds."""
    path = tmp_path / "tiny_gan.yaml"
    values = {
        "output": str(tmp_path / "gan"),
        "architecture": "unet",
        "model": {"width": 4, "depth": 2, "working_size": 64},
        "data": {"sources": [str(photo_folder)], "crop_size": 64, "num_workers": 0},
        "optimizer": {"lr": 0.01, "warmup_steps": 2, "kept_statistics": "none", "ema_decay": 0.8},
        "steps": 8,
        "batch_size": 2,
        "checkpoint_every": 4,
        "log_every": 4,
        "report_to": "none",
    }
    path.write_text(yaml.safe_dump(values))
    return path


ADVERSARIAL = {"adversarial.width": 4, "adversarial.reconstruction": 43}
