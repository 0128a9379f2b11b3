"""Small photographs and small runs."""

import io
import tarfile
from pathlib import Path
from typing import Any, Protocol

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


class WriteRun(Protocol):
    """Writes the YAML of a run that takes seconds, from what it says beyond what all of them share."""

    def __call__(self, name: str, *, crop_size: int = 64, **values: Any) -> Path: ...


@pytest.fixture
def write_run(tmp_path: Path, photo_folder: Path) -> WriteRun:
    def write(name: str, *, crop_size: int = 64, **values: Any) -> Path:
        shared = {
            "output": str(tmp_path / "run"),
            "data": {"sources": [str(photo_folder)], "crop_size": crop_size, "num_workers": 0},
            "batch_size": 2,
            "report_to": "none",
        }
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(shared | values))
        return path

    return write


@pytest.fixture
def tiny_run(write_run: WriteRun) -> Path:
    """The YAML of a run of recipe `pretrain`."""
    return write_run(
        "tiny",
        model=TINY_MODEL,
        backbone_weights="none",
        hints={"max_count": 4},
        optimizer={"warmup_steps": 2, "unfreeze_at": 0.5},
        steps=24,
        checkpoint_every=4,
        log_every=8,
    )


@pytest.fixture
def tiny_gan(write_run: WriteRun, tmp_path: Path) -> Path:
    """The YAML of a run of recipe `gan`."""
    return write_run(
        "tiny_gan",
        output=str(tmp_path / "gan"),
        architecture="unet",
        model={"width": 4, "depth": 2, "working_size": 64},
        optimizer={"lr": 0.01, "warmup_steps": 2, "kept_statistics": "none", "ema_decay": 0.8},
        steps=8,
        checkpoint_every=4,
        log_every=4,
    )


ADVERSARIAL = {"adversarial.width": 4, "adversarial.reconstruction": 43}
