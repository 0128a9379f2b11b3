"""Exported graphs on the Hub: published with the weights that they were made from, and run from there."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from colorizer_hf import ColorizationPipeline, Colorizer
from colorizer_hf.engines.exporting import export_checkpoint
from colorizer_hf.engines.graphs import GraphEngine
from colorizer_hf.engines.runtimes import RUNTIMES, Runtime
from colorizer_hf.engines.torch_engine import TorchEngine
from colorizer_hf.errors import CheckpointError
from colorizer_hf.hub.publishing import push_checkpoint, save_checkpoint
from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.models.unet import UNetConfig, UNetModel
from tests.hub_server import HubServer, corrupt

NAME = "acme/light"
GRAPHS = "GET */resolve/*/onnx/encode.onnx"
PHOTO = np.linspace(0, 255, 64 * 80).reshape(64, 80).astype(np.uint8)

pytestmark = pytest.mark.usefixtures("hub_client")


@pytest.fixture(scope="module")
def with_graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small checkpoint that was exported into itself."""
    folder = tmp_path_factory.mktemp("checkpoint") / "light"
    save_checkpoint(UNetModel(UNetConfig(width=4, depth=2)), ColorizerImageProcessor(64, 4), folder)
    export_checkpoint(folder, folder / "onnx")
    return folder


@pytest.fixture
def without_graphs(with_graphs: Path, tmp_path: Path) -> Path:
    return shutil.copytree(with_graphs, tmp_path / "heavy", ignore=shutil.ignore_patterns("onnx"))


def published(hub: HubServer) -> dict[str, bytes]:
    return {path: file.content for path, file in hub.repos[NAME].at("main").files.items()}


class TestPublishing:
    def test_takes_graphs_along_and_the_card_says_what_they_are_for(self, hub: HubServer, with_graphs: Path) -> None:
        push_checkpoint(with_graphs, NAME)
        graphs = {path: content for path, content in published(hub).items() if path.startswith("onnx/")}
        assert graphs == {f"onnx/{path.name}": path.read_bytes() for path in (with_graphs / "onnx").iterdir()}
        assert f"colorizer colorize old.jpg --engine onnx --model {NAME}" in published(hub)["README.md"].decode()

    def test_leaves_out_graphs_of_other_weights(self, hub: HubServer, with_graphs: Path, tmp_path: Path) -> None:
        other = tmp_path / "other"
        save_checkpoint(UNetModel(UNetConfig(width=4, depth=2)), ColorizerImageProcessor(64, 4), other)
        shutil.copytree(with_graphs / "onnx", other / "onnx")
        push_checkpoint(other, NAME)
        assert not any(path.startswith("onnx/") for path in published(hub))
        assert "--engine onnx" not in published(hub)["README.md"].decode()

    def test_again_changes_nothing(self, hub: HubServer, with_graphs: Path) -> None:
        push_checkpoint(with_graphs, NAME)
        before = hub.repos[NAME].at("main")
        push_checkpoint(with_graphs, NAME)
        assert hub.repos[NAME].at("main") == before


class TestFromThere:
    @pytest.fixture(autouse=True)
    def repo(self, hub: HubServer, with_graphs: Path) -> Any:
        files = {path.relative_to(with_graphs).as_posix(): path for path in with_graphs.rglob("*") if path.is_file()}
        return hub.add_repo(NAME, {name: path.read_bytes() for name, path in files.items()})

    @pytest.mark.parametrize("runtime", RUNTIMES)
    def test_they_give_the_picture_of_those_that_were_published(self, with_graphs: Path, runtime: Runtime) -> None:
        there, here = (Colorizer.from_pretrained(name, engine=runtime) for name in (NAME, with_graphs))
        assert isinstance(there.engine, GraphEngine)
        assert np.array_equal(there(PHOTO).pixels, here(PHOTO).pixels)

    def test_they_are_what_auto_takes_and_once_they_are_here_the_hub_may_be_away(self, hub: HubServer) -> None:
        assert isinstance(Colorizer.from_pretrained(NAME).engine, GraphEngine)
        hub.stop()
        assert isinstance(Colorizer.from_pretrained(NAME).engine, GraphEngine)

    def test_torch_does_not_download_them_and_goes_on_without_them(self, hub: HubServer) -> None:
        ColorizationPipeline.from_pretrained(NAME, device="cpu")
        assert not hub.seen(GRAPHS)
        hub.stop()
        assert isinstance(Colorizer.from_pretrained(NAME).engine, TorchEngine)
        with pytest.raises(CheckpointError, match="not in the cache, or not whole"):
            Colorizer.from_pretrained(NAME, engine="onnx")

    def test_damaged_ones_do_not_stay(self, hub: HubServer) -> None:
        hub.fail(GRAPHS, corrupt())
        with pytest.raises(CheckpointError, match=f"encode.onnx of {NAME} arrived damaged and was removed; try again"):
            Colorizer.from_pretrained(NAME, engine="onnx")
        Colorizer.from_pretrained(NAME, engine="onnx")

    def test_a_repository_without_them_is_for_torch(self, hub: HubServer, without_graphs: Path) -> None:
        hub.add_repo(NAME, {path.name: path.read_bytes() for path in without_graphs.iterdir()})
        assert isinstance(Colorizer.from_pretrained(NAME).engine, TorchEngine)
        with pytest.raises(CheckpointError, match=f"{NAME} has no graphs of its weights for the engine onnx; make"):
            Colorizer.from_pretrained(NAME, engine="onnx")
