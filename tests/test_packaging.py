"""What is installed, and what is shipped."""

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_torchvision_is_absent_or_works():
    """A broken torchvision is worse than none: transformers and diffusers then fail to import altogether."""
    if importlib.util.find_spec("torchvision") is None:
        return
    run = subprocess.run([sys.executable, "-c", "import torchvision"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, (
        "Some package has brought a torchvision that does not match the installed torch, which breaks transformers; "
        f"uninstall it: pip uninstall torchvision\n{run.stderr}"
    )


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the built wheel contains."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


class TestWheel:
    def test_has_the_package_and_nothing_beside_it(self, names: list[str]):
        top_level = {name.split("/")[0].split("-")[0] for name in names}
        assert top_level == {"colorizer_hf"}

    @pytest.mark.parametrize("name", ["__main__.py", "py.typed"])
    def test_has_what_is_no_module_of_its_own(self, names: list[str], name: str):
        assert f"colorizer_hf/{name}" in names

    def test_has_every_bundled_checkpoint_whole(self, names: list[str]):
        checkpoints = ROOT / "colorizer_hf" / "checkpoints"
        files = [file for file in checkpoints.rglob("*") if file.is_file()]
        assert any(file.suffix == ".safetensors" for file in files)
        assert {file.relative_to(ROOT).as_posix() for file in files} <= set(names)

    def test_has_the_licence(self, names: list[str]):
        assert any(name.endswith("licenses/LICENSE") for name in names)
