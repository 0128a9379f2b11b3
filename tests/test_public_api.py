"""The public face: these names, and a cheap import."""

import subprocess
import sys

import pytest

import colorizer_hf

PUBLIC_NAMES = [
    "Box",
    "BoxBatch",
    "BoxError",
    "CheckpointError",
    "ColorizationDiffusionPipeline",
    "ColorizationPipeline",
    "ColorizationResult",
    "ColorizeBatch",
    "Colorizer",
    "ColorizerError",
    "EditSession",
    "FilmError",
    "Hint",
    "HintBatch",
    "HintError",
    "HubError",
    "ImageError",
    "Palette",
    "Photo",
    "TrainingDataError",
    "__version__",
    "load_model",
]
HEAVY = ("torch", "transformers", "gradio", "diffusers", "kornia", "PIL", "numpy", "rich")


def modules_after(code: str) -> set[str]:
    """The top-level modules loaded in a fresh interpreter after some code."""
    run = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in run.stdout.splitlines()[-1].split()}


class TestPublicNames:
    def test_are_exactly_these(self):
        assert sorted(colorizer_hf.__all__) == PUBLIC_NAMES
        assert dir(colorizer_hf) == PUBLIC_NAMES

    @pytest.mark.parametrize("name", PUBLIC_NAMES)
    def test_are_there(self, name: str):
        assert getattr(colorizer_hf, name).__class__.__name__ != "module"

    def test_an_unknown_name_is_an_attribute_error(self):
        with pytest.raises(AttributeError, match="has no attribute 'Colourizer'"):
            colorizer_hf.Colourizer  # noqa: B018


class TestCost:
    def test_importing_the_package_loads_nothing_heavy(self):
        assert not modules_after("import colorizer_hf") & set(HEAVY)

    def test_an_error_class_loads_nothing_heavy(self):
        assert not modules_after("from colorizer_hf import ImageError") & set(HEAVY)

    def test_help_loads_nothing_heavy(self):
        code = (
            "from colorizer_hf.cli import main\nsys.argv = ['colorizer', 'colorize', '--help']\n"
            "try: main()\nexcept SystemExit as end: assert end.code == 0"
        )
        assert not modules_after(code) & set(HEAVY)
