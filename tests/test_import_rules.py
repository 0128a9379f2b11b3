"""The floors of the house (docs/architecture.md): each module may import those below it, never above."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "colorizer_hf"

# The top-level names of the package by floor, from the ground up, and what may be imported on a module's own floor.
FLOORS = (
    {
        "errors",
        "version",
        "options",
        "devices",
        "extras",
        "suggestions",
        "amounts",
        "arrays",
        "batches",
        "bundled",
        "resampling",
        "traits",
    }
    | {"boxes", "color", "color_names", "folders", "hints", "imaging", "models", "new_folders", "palette"},
    {"chroma_upsampling", "detection", "engines", "image_processing", "metrics", "network_input", "photo_inputs"}
    | {"result", "sampling"},
    {
        "colorize_batch",
        "colorizer",
        "conversion",
        "diffusion_pipeline",
        "film",
        "hub",
        "loading",
        "pipeline",
        "session",
    },
    {"cli", "webui"},
)
SIBLINGS = {
    "batches": {"boxes", "color", "hints", "models", "palette"},
    "boxes": {"arrays", "errors"},
    "color": {"arrays", "errors"},
    "color_names": {"color"},
    "folders": {"errors", "imaging"},
    "imaging": {"arrays", "color", "errors", "version"},
    "models": {"bundled", "errors", "options"},
    "hints": {"color", "errors", "imaging", "models"},
    "new_folders": {"errors"},
    "palette": {"amounts", "color", "errors", "hints", "imaging"},
    "image_processing": {"network_input"},
    "metrics": {"chroma_upsampling", "image_processing"},
    "resampling": {"arrays"},
    "result": {"chroma_upsampling"},
    "session": {"colorizer", "pipeline"},
    "diffusion_pipeline": {"hub", "pipeline"},
    "colorize_batch": {"pipeline"},
    "film": {"pipeline"},
    "hub": {"diffusion_pipeline", "pipeline"},
    "loading": {"colorizer", "pipeline"},
    "pipeline": {"hub"},
    "cli": {"webui"},
}
# What a photograph goes through outside the network; a light installation has no torch.
WITHOUT_TORCH = (
    *("arrays", "boxes", "chroma_upsampling", "color", "color_names", "folders", "hints", "imaging", "palette"),
    *("colorizer", "engines.choice", "engines.graphs", "network_input", "photo_inputs", "resampling", "result"),
    *("loading", "suggestions", "traits"),
)
UNWANTED = {"torchvision", "lpips"}  # a torchvision that does not match torch breaks transformers; lpips imports it


def sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(level, dotted name) of every import in a file, also inside functions; level counts the leading dots."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.level, node.module
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.level, alias.name) for alias in node.names)


def absolute(path: Path, level: int, name: str) -> str:
    """An import's dotted name from the root, the relative ones resolved."""
    if level == 0:
        return name
    return ".".join((*path.relative_to(ROOT).parts[:-level], name))


def imported(path: Path) -> set[str]:
    return {absolute(path, level, name) for level, name in imports(path)}


def floor_of(module: str) -> int:
    return next(number for number, names in enumerate(FLOORS) if module in names)


STAY_BEHIND = {"auto.py", "fetching.py"}  # the registry, and what downloads for it
PUSHED_FILES = [path for path in sources(PACKAGE / "models") if path.name not in STAY_BEHIND]
PACKAGE_FILES = [path for path in sources(PACKAGE) if path.parent != PACKAGE or not path.stem.startswith("__")]


@pytest.mark.parametrize("path", PACKAGE_FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
class TestPackage:
    def test_stands_on_its_floor(self, path: Path):
        module = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        assert "colorizer_hf" not in imported(path), "import from the module itself, not through the public face"
        used = {name.split(".")[1] for name in imported(path) if name.startswith("colorizer_hf.")} - {module}
        allowed = set().union(*FLOORS[: floor_of(module)]) | SIBLINGS.get(module, set())
        assert used <= allowed, f"{module} must not import {sorted(used - allowed)}"

    def test_imports_nothing_that_is_not_shipped(self, path: Path):
        assert not {name.split(".")[0] for name in imported(path)} & {"train", "space", "tests", "examples"}


@pytest.mark.parametrize("path", PUSHED_FILES, ids=lambda path: path.name)
def test_a_model_file_imports_only_installed_packages_and_siblings_by_one_dot(path: Path):
    """A pushed checkpoint carries these files as flat remote code."""
    assert all(level <= 1 and (level == 0 or "." not in name) for level, name in imports(path))
    assert not any(level == 0 and name.split(".")[0] == "colorizer_hf" for level, name in imports(path))


def test_torch_is_not_needed_outside_the_network():
    code = "import sys; sys.modules.update(dict.fromkeys(['torch', 'transformers', 'kornia']))"  # importing them fails
    wanted = [f"import colorizer_hf.{module}" for module in WITHOUT_TORCH]
    subprocess.run([sys.executable, "-c", "\n".join([code, *wanted])], check=True)


def test_nothing_imports_torchvision_or_lpips():
    files = [
        path for folder in ("colorizer_hf", "train", "space", "tests", "examples") for path in sources(ROOT / folder)
    ]
    guilty = [path for path in files if {name.split(".")[0] for name in imported(path)} & UNWANTED]
    assert not guilty
    assert len(files) > 20
