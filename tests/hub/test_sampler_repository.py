"""A published sampler: the package loads it, and so does diffusers alone."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorizer_hf.diffusion_pipeline import ColorizationDiffusionPipeline
from colorizer_hf.hub.remote_code import write_sampler_code
from tests.hub_server import HubServer
from tests.tiny_sampler import tiny_sampler

ALONE = """
import sys
from importlib.abc import MetaPathFinder

class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "colorizer_hf":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import numpy, torch
from diffusers import DiffusionPipeline

source, photo, out = sys.argv[1:]
try:
    DiffusionPipeline.from_pretrained(source)
except ValueError as error:
    assert "trust_remote_code=True" in str(error), error
else:
    raise AssertionError("code of others was run")
pipe = DiffusionPipeline.from_pretrained(source, trust_remote_code=True)
results = pipe(photo, num_images_per_photo=2, generator=torch.Generator().manual_seed(3)).results
numpy.savez(out, *[result.pixels for result in results])
"""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    rows, columns = np.mgrid[:90, :120]
    Image.fromarray((60 + 100 * (columns > 50) + rows / 2).astype(np.uint8)).save(tmp_path / "old.png")
    return tmp_path / "old.png"


def test_runs_by_its_own_code_and_draws_the_same(photo: Path, tmp_path: Path) -> None:
    sampler = tiny_sampler()
    sampler.save_pretrained(tmp_path / "repository")
    write_sampler_code(tmp_path / "repository")
    command = [sys.executable, "-c", ALONE, str(tmp_path / "repository"), str(photo), str(tmp_path / "out.npz")]
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home"), "PATH": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    expected = sampler(photo, num_images_per_photo=2, generator=torch.Generator().manual_seed(3)).results
    with np.load(tmp_path / "out.npz") as found:
        for result, name in zip(expected, found.files, strict=True):
            assert np.abs(found[name].astype(int) - result.pixels).max() <= 1


@pytest.mark.usefixtures("hub_client")
def test_is_pushed_in_one_commit_and_comes_back(hub: HubServer, photo: Path) -> None:
    sampler = tiny_sampler()
    sampler.push_to_hub("acme/drawn")
    assert len(hub.seen("POST *commit/*")) == 1
    loaded = ColorizationDiffusionPipeline.from_pretrained("acme/drawn")
    first, again = (
        pipe(photo, num_images_per_photo=1, generator=torch.Generator().manual_seed(1)).results[0]
        for pipe in (sampler, loaded)
    )
    assert torch.equal(first.chroma, again.chroma)
