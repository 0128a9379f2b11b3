"""What an installation with the extra `onnx` alone can do, and what it says about the rest.

Nothing is installed for it: whatever would not be there cannot be imported.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image

from colorizer_hf.bundled import CHECKPOINTS, DEFAULT_CHECKPOINT
from colorizer_hf.extras import EXTRAS
from colorizer_hf.imaging import read

ROOT = Path(__file__).parents[2]
CUP = ROOT / "colorizer_hf" / "webui" / "examples" / "coffee_cup.jpg"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WITH_TORCH = "pip install 'colorizer_hf[torch]'"


def everything_for(requirements: Iterable[str]) -> Iterator[str]:
    """Names of the distributions that pip would install for them."""
    waiting, known = [Requirement(each) for each in requirements], set[str]()
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name in known or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        known.add(name)
        yield name
        waiting += [Requirement(each) for each in requires(name) or ()]


@cache
def absent_with(*extras: str) -> list[str]:
    """Modules that this environment has, and one with only these extras would not."""
    wanted = [*PROJECT["dependencies"], *(each for extra in extras for each in PROJECT["optional-dependencies"][extra])]
    there = set(everything_for(wanted))
    return [
        module
        for module, distributions in packages_distributions().items()
        if not there & {canonicalize_name(each) for each in distributions} and module != "colorizer_hf"
    ]


@pytest.fixture(scope="module")
def without_graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled checkpoint as it lies in the repository."""
    folder = tmp_path_factory.mktemp("checkpoint")
    for file in (CHECKPOINTS / DEFAULT_CHECKPOINT).iterdir():
        if file.is_file():
            (folder / file.name).symlink_to(file)
    return folder


def run(code: str, *arguments: str, extras: tuple[str, ...] = ("onnx",)) -> "subprocess.CompletedProcess[str]":
    """Code in an interpreter that has only these extras."""
    only = f"import sys\nsys.modules.update(dict.fromkeys({absent_with(*extras)!r}))\n"
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", only + code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def colorizer(*arguments: str, extras: tuple[str, ...] = ("onnx",)) -> "subprocess.CompletedProcess[str]":
    """The command line."""
    return run("from colorizer_hf.cli import main\nmain()", *arguments, extras=extras)


def test_extras_bring_what_they_are_said_to() -> None:
    for extra, packages in EXTRAS.items():
        brought = {canonicalize_name(Requirement(each).name) for each in PROJECT["optional-dependencies"][extra]}
        assert {canonicalize_name(package) for package in packages} == brought - {"colorizer-hf"}


def test_torch_comes_with_its_extra_only() -> None:
    absent = absent_with("onnx")
    assert {*EXTRAS["torch"], "gradio", "diffusers"} <= set(absent)
    assert not {"numpy", "PIL", "tifffile", "imagecodecs", "typer", "rich", "onnxruntime"} & set(absent)


class TestColours:
    def test_photographs_of_many_kinds(self, graphs: Path, tmp_path: Path) -> None:
        with Image.open(CUP) as picture:
            gray = np.array(picture.convert("L").resize((120, 90)))
        deep = gray.astype(np.uint16) * 257
        Image.fromarray(gray).save(tmp_path / "one.jpg")
        Image.fromarray(deep).save(tmp_path / "deep.png")
        Image.fromarray(deep).save(tmp_path / "deep.tif")
        photos = [str(tmp_path / name) for name in ("one.jpg", "deep.png", "deep.tif")]
        done = colorizer("colorize", *photos, "-o", str(tmp_path / "out"), "--model", str(graphs))
        assert done.returncode == 0, done.stderr
        bits = {path.name: read(path).luminance.dtype for path in (tmp_path / "out").iterdir()}
        assert bits == {"one.jpg": np.uint8, "deep.png": np.uint16, "deep.tif": np.uint16}

    def test_edits(self, graphs: Path) -> None:
        code = """
from colorizer_hf import Colorizer, EditSession, Hint, Palette
colorizer = Colorizer.from_pretrained(sys.argv[1])
session = EditSession(colorizer, sys.argv[2])
session.update([Hint(20, 20, "#a03020")], palette=Palette.of_colors(["#a04020"])).image.getbbox()
"""
        done = run(code, str(graphs), str(CUP))
        assert done.returncode == 0, done.stderr

    def test_the_page(self, graphs: Path) -> None:
        code = "from colorizer_hf.webui import build_app\nbuild_app([sys.argv[1]])"
        done = run(code, str(graphs), extras=("onnx", "ui"))
        assert done.returncode == 0, done.stderr


class TestSays:
    """What to install, in one sentence."""

    @pytest.mark.parametrize(
        "command", ["evaluate photos", "models", "convert siggraph17 file --output folder", "pull a/b"]
    )
    def test_that_a_command_needs_torch(self, command: str, tmp_path: Path) -> None:
        done = colorizer(*command.replace("photos", str(tmp_path)).split())
        assert done.returncode == 1
        assert re.fullmatch(r"colorizer: this needs \w+, which is not installed: (.*)\n", done.stderr)
        assert WITH_TORCH in done.stderr

    @pytest.mark.parametrize(("command", "extra"), [("app", "ui"), ("video a.mp4 -o b.mp4", "video")])
    def test_that_a_command_needs_an_extra_that_brings_torch(self, command: str, extra: str) -> None:
        done = colorizer(*command.split())
        assert done.returncode == 1
        assert f"colorizer_hf[{extra}]" in done.stderr
        assert done.stderr.count("\n") == 1
        assert "colorizer_hf[torch]" in PROJECT["optional-dependencies"][extra]

    def test_that_a_checkpoint_needs_torch(self, without_graphs: Path, tmp_path: Path) -> None:
        done = colorizer("colorize", str(CUP), "-o", str(tmp_path / "out"), "--model", str(without_graphs))
        assert done.returncode == 1
        problem = f"{without_graphs} has no graphs, so that it needs torch, which is not installed: {WITH_TORCH}"
        assert done.stderr == f"colorizer: {problem}\n"

    def test_that_the_hub_needs_its_client(self, tmp_path: Path) -> None:
        done = colorizer("colorize", str(CUP), "-o", str(tmp_path / "out"), "--model", "owner/name")
        assert done.returncode == 1
        problem = "owner/name is no folder here, and the Hub needs huggingface_hub, which is not installed"
        assert done.stderr == f"colorizer: {problem}: pip install huggingface_hub\n"

    def test_that_nothing_is_there_to_run_networks(self, graphs: Path, tmp_path: Path) -> None:
        done = colorizer("colorize", str(CUP), "-o", str(tmp_path / "out"), "--model", str(graphs), extras=())
        assert done.returncode == 1
        light = "pip install 'colorizer_hf[onnx]' colours photographs"
        assert done.stderr == f"colorizer: nothing is installed that runs networks: {light}, {WITH_TORCH} does all\n"

    def test_that_an_engine_is_not_installed(self, tmp_path: Path) -> None:
        done = colorizer("colorize", str(CUP), "-o", str(tmp_path / "out"), "--engine", "torch")
        assert done.stderr == f"colorizer: the engine torch needs torch, which is not installed: {WITH_TORCH}\n"

    @pytest.mark.parametrize("name", ["ColorizationPipeline", "load_model"])
    def test_that_a_public_name_needs_torch(self, name: str) -> None:
        done = run(f"import colorizer_hf\ncolorizer_hf.{name}")
        sentence = f"ImportError: {name} needs torch, which is not installed: {WITH_TORCH}"
        assert done.stderr.splitlines()[-1] == f"{sentence}; Colorizer does without torch, see docs/engines.md"

    def test_nothing_about_help(self) -> None:
        assert "colorize" in colorizer("--help").stdout
        assert "--engine" in colorizer("colorize", "--help").stdout
