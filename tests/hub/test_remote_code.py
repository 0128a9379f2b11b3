"""The code in a published repository: it stands on its own, and does what the package does."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers.dynamic_module_utils import get_imports, get_relative_import_files, get_relative_imports

from colorizer_hf.bundled import CHECKPOINTS
from colorizer_hf.hints import Hint
from colorizer_hf.hub.remote_code import PACKAGE, remote_files, write_remote_code
from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.models.auto import ARCHITECTURES, load_model
from colorizer_hf.pipeline import ColorizationPipeline
from colorizer_hf.version import __version__

CHECKPOINT = CHECKPOINTS / "chromaformer"
PHOTO = PACKAGE / "webui" / "examples" / "coffee_cup.jpg"
ENTRIES = ("models_chromaformer.py", "image_processing.py", "pipeline.py")
# What everybody has who can load a model of transformers at all, and opens a photograph with it.
BARE = {"torch", "transformers", "huggingface_hub", "safetensors", "numpy", "PIL"}

# Programs of people who have a checkpoint. Arguments: folder or Hub id, folder for what comes out, packages that are
# missing there.
PREAMBLE = """
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[3:]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
source, out, photo = sys.argv[1], Path(sys.argv[2]), PHOTO

import json
import numpy, torch
from PIL import Image
from transformers import AutoConfig, AutoImageProcessor, AutoModel, pipeline
from transformers.dynamic_module_utils import get_class_from_dynamic_module

def refusal(load, *arguments, **options):
    try:
        load(*arguments, **options)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
"""
USE_EVERYTHING = """
refusals = [refusal(auto.from_pretrained, source, trust_remote_code=False) for auto in (AutoConfig, AutoModel)]
refusals.append(refusal(AutoImageProcessor.from_pretrained, source, trust_remote_code=False))
refusals.append(refusal(pipeline, "image-colorization", model=source, trust_remote_code=False))

config = AutoConfig.from_pretrained(source, trust_remote_code=True)
model = AutoModel.from_pretrained(source, trust_remote_code=True)
luminance = AutoImageProcessor.from_pretrained(source, trust_remote_code=True)(photo)["luminance"]
with torch.inference_mode():
    output = model(luminance, vividness=0.5)

colorize = pipeline("image-colorization", model=source, trust_remote_code=True, device="cpu")
Hint = get_class_from_dynamic_module("pipeline.Hint", source)
layer = Image.new("RGBA", Image.open(photo).size)
layer.paste((30, 80, 200, 255), (10, 10, 60, 40))
result = colorize(photo, hints=[Hint(300, 200, "#c03020", 20), layer], vividness=0.5)
result.save(out / "picture.png")
result.save(out / "picture.tif")
again = colorize(out / "picture.tif", vividness=0)
numpy.savez(out / "arrays.npz", luminance=luminance, chroma=output.chroma, logits=output.logits,
            pixels=result.pixels, again=again.pixels)
report = {"refusals": refusals, "modality": config.modality, "package": "colorizer_hf" in sys.modules}
(out / "report.json").write_text(json.dumps(report))
"""
USE_LITTLE = """
AutoModel.from_pretrained(source, trust_remote_code=True)
AutoImageProcessor.from_pretrained(source, trust_remote_code=True)
colorize = pipeline("image-colorization", model=source, trust_remote_code=True, device="cpu")
result = colorize(photo)
result.image.save(out / "picture.png")
failures = [refusal(result.save, out / f"other.{suffix}") for suffix in ("jpg", "tif")]
failures.append(refusal(colorize, TIFF))
Hint = get_class_from_dynamic_module("pipeline.Hint", source)
assert colorize(photo, hints=[Hint(300, 200, "#c03020")]).chroma.isfinite().all()
(out / "report.json").write_text(json.dumps({"failures": failures}))
"""
USE_WITH_THE_PACKAGE = """
from colorizer_hf import ColorizationPipeline
from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.models.chromaformer import ChromaFormerModel

colorize = pipeline("image-colorization", model=source, trust_remote_code=True, device="cpu")
assert type(colorize.model) is ChromaFormerModel
assert type(colorize.image_processor) is ColorizerImageProcessor
colorize(photo).image.save(out / "picture.png")
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as it is published."""
    folder = tmp_path_factory.mktemp("published") / "chroma-former.v1"
    shutil.copytree(CHECKPOINT, folder)
    write_remote_code(folder)
    return folder


@pytest.fixture(scope="module")
def code(published: Path) -> list[Path]:
    return sorted(published.glob("*.py"))


@pytest.fixture(scope="module")
def pipe() -> ColorizationPipeline:
    return ColorizationPipeline.from_pretrained(CHECKPOINT, device="cpu")


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def run(program: str, source: Path | str, folder: Path, *missing: str) -> dict[str, Any]:
    """Run a program of somebody else's, with caches of its own, and return its report."""
    home, out = folder / "huggingface", folder / "out"
    out.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    environment |= {"HF_HOME": str(home), "HF_MODULES_CACHE": str(home / "modules"), "HF_HUB_OFFLINE": "1"}
    environment["OMP_NUM_THREADS"] = str(torch.get_num_threads())  # sums come out alike only with as many
    text = PREAMBLE.replace("PHOTO", repr(str(PHOTO))) + program
    command = [sys.executable, "-I", "-c", text, str(source), str(out), *missing]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    report = out / "report.json"
    return json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where somebody works who has everything but the package."""
    return tmp_path_factory.mktemp("stranger")


@pytest.fixture(scope="module")
def report(published: Path, folder: Path) -> dict[str, Any]:
    return run(USE_EVERYTHING, published, folder, "colorizer_hf")


@pytest.fixture(scope="module")
def arrays(report: dict[str, Any], folder: Path) -> dict[str, np.ndarray]:
    return dict(np.load(folder / "out" / "arrays.npz"))


class TestWithoutThePackage:
    """From a folder, in an environment that has everything else."""

    def test_the_package_plays_no_part(self, report: dict[str, Any]) -> None:
        assert not report["package"]
        assert report["modality"] == "gray"

    def test_nothing_runs_without_trust(self, report: dict[str, Any]) -> None:
        assert len(report["refusals"]) == 4
        assert all("contains custom code which must be executed" in refusal for refusal in report["refusals"])

    def test_processor_and_model_give_what_the_packages_give(
        self, arrays: dict[str, np.ndarray], pipe: ColorizationPipeline
    ) -> None:
        luminance = pipe.image_processor.preprocess(PHOTO)["luminance"]
        with torch.inference_mode():
            output = load_model(CHECKPOINT)(luminance, vividness=0.5)
        assert np.array_equal(arrays["luminance"], luminance)
        assert np.array_equal(arrays["chroma"], output.chroma)
        assert np.array_equal(arrays["logits"], output.logits)

    def test_pipeline_gives_the_packages_picture_with_hints_and_vividness(
        self, arrays: dict[str, np.ndarray], pipe: ColorizationPipeline
    ) -> None:
        with Image.open(PHOTO) as photo:
            layer = Image.new("RGBA", photo.size)
        layer.paste((30, 80, 200, 255), (10, 10, 60, 40))
        hints = [Hint(300, 200, "#c03020", 20), layer]
        result = pipe(PHOTO, hints=hints, vividness=0.5)
        assert np.array_equal(arrays["pixels"], result.pixels)
        assert not np.array_equal(result.pixels, pipe(PHOTO).pixels)

    def test_reads_and_writes_what_the_package_does(
        self, arrays: dict[str, np.ndarray], folder: Path, pipe: ColorizationPipeline
    ) -> None:
        pictures = [folder / "out" / name for name in ("picture.png", "picture.tif")]
        assert np.array_equal(pixels(pictures[0]), arrays["pixels"])
        assert np.array_equal(arrays["again"], pipe(pictures[1], vividness=0).pixels)


def test_from_the_hub_with_nothing_but_transformers_and_pillow(
    published: Path, tmp_path: Path, pipe: ColorizationPipeline
) -> None:
    """Packages that few photographs need are asked for where they are needed, and not before."""
    commit = "0123456789abcdef" * 2 + "01234567"
    repo = tmp_path / "huggingface" / "hub" / "models--owner--chroma-former.v1"
    shutil.copytree(published, repo / "snapshots" / commit)
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(commit)
    Image.new("L", (40, 30), 128).save(tmp_path / "scan.tif")
    missing = ("colorizer_hf", "imagecodecs", "kornia", "pillow_heif", "tifffile")
    program = USE_LITTLE.replace("TIFF", repr(str(tmp_path / "scan.tif")))
    report = run(program, "owner/chroma-former.v1", tmp_path, *missing)

    assert np.array_equal(pixels(tmp_path / "out" / "picture.png"), pipe(PHOTO).pixels)
    needed = [re.search(r"ImageError: .*this needs (\w+), which is not installed", str(f)) for f in report["failures"]]
    assert [match and match[1] for match in needed] == ["imagecodecs", "tifffile", "tifffile"]


def test_where_the_package_is_imported_its_own_classes_are_used(
    published: Path, tmp_path: Path, pipe: ColorizationPipeline
) -> None:
    run(USE_WITH_THE_PACKAGE, published, tmp_path)
    assert np.array_equal(pixels(tmp_path / "out" / "picture.png"), pipe(PHOTO).pixels)


class TestFolder:
    def test_is_still_a_checkpoint_of_the_package(self, published: Path, pipe: ColorizationPipeline) -> None:
        theirs = ColorizationPipeline.from_pretrained(published, device="cpu")
        assert np.array_equal(theirs(PHOTO).pixels, pipe(PHOTO).pixels)

    def test_weights_and_settings_are_as_they_were(self, published: Path) -> None:
        assert (published / "model.safetensors").read_bytes() == (CHECKPOINT / "model.safetensors").read_bytes()
        for name in ("config.json", "preprocessor_config.json"):
            before, after = (json.loads((folder / name).read_text()) for folder in (CHECKPOINT, published))
            assert {key: after[key] for key in before} == before
            assert after.keys() - before.keys() <= {"auto_map", "custom_pipelines"}

    def test_publishing_again_gives_the_same_bytes(self, published: Path, tmp_path: Path) -> None:
        shutil.copytree(published, tmp_path / "again")
        write_remote_code(tmp_path / "again")
        for path in (path for path in published.rglob("*") if path.is_file()):
            assert (tmp_path / "again" / path.relative_to(published)).read_bytes() == path.read_bytes()

    def test_the_bundled_checkpoint_asks_for_no_trust(self) -> None:
        assert "custom_pipelines" not in json.loads((CHECKPOINT / "config.json").read_text())


class TestFiles:
    """What transformers asks of code in a repository."""

    def test_say_where_they_come_from(self, code: list[Path]) -> None:
        for path in code:
            header = path.read_text(encoding="utf-8").split("\n")[0]
            match = re.fullmatch(r"# Generated from colorizer_hf/(\S+) of version (\S+)\.", header)
            assert match, header
            source = match[1]
            assert (PACKAGE / source).is_file()
            assert match[2] == __version__

    def test_every_relative_import_leads_to_a_file_beside_and_every_file_is_imported(self, code: list[Path]) -> None:
        names = {path.stem for path in code}
        for path in code:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
            assert all(node.level == 1 for node in nodes)
            assert (
                {node.module for node in nodes} == set(get_relative_imports(path)) <= names
            )  # as transformers sees it
        entries = [path for path in code if path.name in ENTRIES]
        reached = {Path(file).name for entry in entries for file in get_relative_import_files(entry)}
        assert reached | set(ENTRIES) == {path.name for path in code}

    @pytest.mark.parametrize("name", ARCHITECTURES)
    def test_need_only_what_everybody_has(self, name: str, tmp_path: Path) -> None:
        classes = (ARCHITECTURES[name].model, ColorizerImageProcessor, ColorizationPipeline)
        for file, text in remote_files(classes).items():
            (tmp_path / file).write_text(text, encoding="utf-8")
            asked = set(get_imports(tmp_path / file)) - sys.stdlib_module_names
            assert asked <= BARE, f"{file} asks for {asked - BARE} before it runs"
            assert "colorizer_hf" not in asked

    def test_the_registry_stays_behind_and_nothing_misses_it(self, published: Path, code: list[Path]) -> None:
        assert not {"models_auto.py", "models_fetching.py"} & {path.name for path in code}
        undefined = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821,F823", str(published)]
        done = subprocess.run(undefined, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
