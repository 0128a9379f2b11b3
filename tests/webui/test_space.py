"""What `make space` puts together starts and answers as a Hugging Face Space."""

import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import gradio
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from huggingface_hub import SpaceCard
from packaging.requirements import Requirement
from PIL import Image

from colorizer_hf import ColorizationPipeline, Hint
from colorizer_hf.hints import hints_to_json
from tests.webui import zero_gpu
from tests.webui.photos import CUP
from tests.webui.servers import ROOT, Server, serve

# `python app.py` in the Space's folder on the port that the Space is given, where this repository cannot be imported.
START = """
import importlib.util, os, runpy, sys
_, repository, space, without, _, port = sys.argv
os.chdir(space)
sys.path = [space] + [path for path in sys.path if path not in ("", repository)]
sys.modules.update(dict.fromkeys(without.split()))
assert importlib.util.find_spec("colorizer_hf").origin.startswith(space)
os.environ["GRADIO_SERVER_PORT"] = port
runpy.run_path("app.py", run_name="__main__")
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make space` makes in a copy of this repository."""
    checkout = tmp_path_factory.mktemp("checkout")

    def run(*command: str, folder: Path = checkout) -> str:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout

    known = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=ROOT)
    for name in filter(None, known.split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, checkout / name)
    nothing_installed = f"PYTHON={sys.executable} -S"
    return checkout / run("make", "--silent", "space", nothing_installed).strip()


def start(space: Path, folder: Path, *, without: str = "") -> AbstractContextManager[Server]:
    """The Space as a server; the module `without` is not installed there."""
    return serve(folder, command=("-c", START, str(ROOT), str(space), without))


def test_everything_that_a_space_needs_is_there_and_nothing_else(made: Path) -> None:
    assert {path.name for path in made.iterdir()} == {"README.md", "app.py", "requirements.txt", "colorizer_hf"}
    assert list(made.glob("colorizer_hf/checkpoints/*/*.safetensors"))
    assert list(made.glob("colorizer_hf/webui/stage/*.js"))


class TestReadme:
    @pytest.fixture
    def facts(self, made: Path) -> dict[str, Any]:
        return SpaceCard.load(made / "README.md").data.to_dict()

    def test_says_what_spaces_ask_for(self, facts: dict[str, Any], made: Path) -> None:
        asked = {
            "title",
            "emoji",
            "colorFrom",
            "colorTo",
            "sdk",
            "sdk_version",
            "python_version",
            "app_file",
            "license",
        }
        assert asked <= set(facts)
        assert facts["sdk"] == "gradio"
        assert facts["license"] == "apache-2.0"
        assert (made / facts["app_file"]).is_file()
        assert len(facts["short_description"]) <= 60  # more is refused

    def test_asks_for_the_gradio_that_this_is_tested_with(self, facts: dict[str, Any]) -> None:
        assert facts["sdk_version"] == gradio.__version__


def test_requirements_are_those_of_the_package_but_for_gradio(made: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["torch"], *extras["heic"]]
    lines = [line for line in (made / "requirements.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert {str(Requirement(line)) for line in lines} == {str(Requirement(line)) for line in wanted}
    assert not [line for line in lines if re.match("gradio", line)]


@pytest.mark.parametrize("without", ["", "spaces"], ids=["where spaces is installed", "where it is not"])
def test_on_ordinary_hardware_it_answers(made: Path, tmp_path: Path, without: str) -> None:
    with start(made, tmp_path, without=without) as server:
        client = Client(server.url, verbose=False, download_files=tmp_path / "downloads")
        path, _ = client.predict(handle_file(CUP), format="PNG", api_name="/colorize")
        assert server.asked == []
    with Image.open(path) as picture:
        np.testing.assert_array_equal(np.asarray(picture), ColorizationPipeline.from_pretrained()(CUP).pixels)


def test_on_hardware_that_lends_a_gpu_photos_are_coloured_there(
    made: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path = tmp_path_factory.mktemp("lent")  # a short name: sockets lie in there, and paths of sockets have an end
    space = shutil.copytree(made, tmp_path / "space")
    shutil.copy(zero_gpu.__file__, space / "spaces.py")
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    with start(space, tmp_path) as server:
        client = Client(server.url, verbose=False, download_files=tmp_path / "downloads")
        red = Hint(300, 200, "#c02020")
        hints = hints_to_json([red], (600, 400))
        path, _ = client.predict(handle_file(CUP), hints=hints, format="PNG", api_name="/colorize")
        with Image.open(path) as picture:
            direct = ColorizationPipeline.from_pretrained()(CUP, hints=[red])
            np.testing.assert_array_equal(np.asarray(picture), direct.pixels)
        assert (space / zero_gpu.LENT).read_text().count("\n") == 1

        outside = hints_to_json([Hint(700, 3, "#ff0000")], (600, 400))
        with pytest.raises(AppError, match=r"the hint at \(700, 3\) lies outside the photo"):
            client.predict(handle_file(CUP), hints=outside, api_name="/colorize")

        (space / zero_gpu.NONE_LEFT).touch()
        with pytest.raises(AppError, match="no GPU is left for today"):
            client.predict(handle_file(CUP), api_name="/colorize")
        _, outcomes = client.predict([handle_file(CUP)], api_name="/batch")
        assert [outcome["message"] for outcome in outcomes] == ["no GPU is left for today"]
        assert "Traceback" not in server.output
