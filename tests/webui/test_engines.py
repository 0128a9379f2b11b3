"""The page on exported graphs: what a person does is the same, and torch plays no part."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from colorizer_hf import Colorizer, Hint
from colorizer_hf.hints import hints_to_json
from colorizer_hf.webui import build_app
from tests.webui.photos import CUP
from tests.webui.servers import Server, serve
from tests.webui.tabs import Tab, same

HINTS = [Hint(300, 200, "#b03a2e", radius=20)]


@pytest.fixture(scope="module")
def server(graphs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("engines"), "--engine", "onnx", "--model", str(graphs)) as server:
        yield server


def test_programs_get_the_picture_of_the_engine(server: Server, graphs: Path, tmp_path: Path) -> None:
    client = Client(server.url, verbose=False, download_files=tmp_path)
    options: dict[str, Any] = {"hints": hints_to_json(HINTS, (600, 400)), "format": "PNG"}
    path, _ = client.predict(handle_file(CUP), **options, api_name="/colorize")
    with Image.open(path) as picture:
        expected = Colorizer.from_pretrained(graphs, engine="onnx")(CUP, hints=HINTS)
        assert np.array_equal(np.asarray(picture), expected.pixels)


def test_dabs_are_seen_and_undone(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    tab.open(CUP)
    plain = tab.shown()
    tab.paint((0.5, 0.5), color="red")
    assert not same(tab.shown(), plain)
    tab.press("undo")
    assert same(tab.shown(), plain)


def test_torch_is_not_even_loaded_and_nobody_is_told(server: Server) -> None:
    files = {Path(part.path).name for part in psutil.Process(server.process.pid).memory_maps()}
    assert any(name.startswith("onnxruntime") for name in files)
    assert not any(name.startswith("libtorch") for name in files)
    assert server.asked == []


def test_a_lent_gpu_needs_torch() -> None:
    with pytest.raises(ValueError, match="lend_gpu needs the engine torch, not onnx"):
        build_app(engine="onnx", lend_gpu=lambda function: function)
