"""What a run does when something goes wrong: one sentence, and the last good checkpoint is whole."""

import resource
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from colorizer_hf.errors import TrainingDataError
from colorizer_hf.models.auto import load_model
from tests.train.conftest import ADVERSARIAL
from train.parts.config import load_config
from train.parts.loop import TrainingError
from train.parts.results import read_history
from train.recipes.gan import GanConfig, train


@contextmanager
def full_disk(size: int) -> Generator[None]:
    """No file can grow beyond `size` bytes; to who writes it looks like a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_loss_that_is_not_finite_ends_the_run_and_a_saner_one_goes_on(tiny_gan: Path, tmp_path: Path) -> None:
    train(load_config(tiny_gan, GanConfig, ADVERSARIAL | {"steps": 4}), name="tiny")
    insane = load_config(tiny_gan, GanConfig, ADVERSARIAL | {"adversarial.reconstruction": float("inf")})
    with pytest.raises(TrainingError, match=r"the loss is inf after step 4.*; the last good .* is .*/step-0+4"):
        train(insane, name="tiny")
    assert train(load_config(tiny_gan, GanConfig, ADVERSARIAL), name="tiny")["steps"] == 8
    load_model(tmp_path / "gan" / "model")


def test_a_full_disk_ends_the_run_and_spares_the_last_checkpoint(tiny_gan: Path, tmp_path: Path) -> None:
    train(load_config(tiny_gan, GanConfig, {"steps": 4}), name="tiny")
    checkpoints = tmp_path / "gan" / "checkpoints"
    before = {path: path.read_bytes() for path in checkpoints.rglob("*") if path.is_file()}
    longer = load_config(tiny_gan, GanConfig, {"steps": 8})
    with (
        full_disk(2000),
        pytest.raises(TrainingError, match=r"step-00000008 cannot be written .*make room"),
    ):
        train(longer, name="tiny")
    assert {path: path.read_bytes() for path in checkpoints.rglob("*") if path.is_file()} == before
    assert train(longer, name="tiny")["steps"] == 8


def test_a_full_disk_spares_the_weights_of_before(tiny_gan: Path, tmp_path: Path) -> None:
    train(load_config(tiny_gan, GanConfig), name="tiny")
    model = tmp_path / "gan" / "model"
    before = (model / "model.safetensors").read_bytes()
    longer = load_config(tiny_gan, GanConfig, {"steps": 9, "checkpoint_every": 100})
    with full_disk(2000), pytest.raises(TrainingError, match="model cannot be written"):
        train(longer, name="tiny")
    assert (model / "model.safetensors").read_bytes() == before
    load_model(model)


def test_a_folder_without_photographs_is_named(tiny_gan: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingDataError, match="empty holds no readable photograph"):
        train(load_config(tiny_gan, GanConfig, {"data.sources": [str(tmp_path / "empty")]}), name="tiny")


def test_a_line_of_the_log_is_the_mean_of_its_steps(tiny_gan: Path, tmp_path: Path) -> None:
    for every in (1, 4):
        run = {"log_every": every, "output": str(tmp_path / str(every))}
        train(load_config(tiny_gan, GanConfig, run), name="tiny")
    single = [entry["l1"] for entry in read_history(tmp_path / "1")]
    means = [entry["l1"] for entry in read_history(tmp_path / "4")]
    assert means == pytest.approx([sum(single[:4]) / 4, sum(single[4:]) / 4])


def test_history_has_each_logged_step_once_even_after_a_resumed_run(tiny_gan: Path, tmp_path: Path) -> None:
    train(load_config(tiny_gan, GanConfig, {"steps": 6}), name="tiny")  # logs 4 and 6, keeps a checkpoint of 4
    train(load_config(tiny_gan, GanConfig, {"steps": 8}), name="tiny")
    assert [entry["step"] for entry in read_history(tmp_path / "gan")] == [4, 6, 8]
