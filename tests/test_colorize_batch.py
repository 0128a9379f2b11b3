"""`ColorizeBatch`, alone and as actors of Ray Data: the example of docs/archives.md."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest
from PIL import Image

from colorizer_hf import ColorizeBatch
from colorizer_hf.imaging import read

ROOT = Path(__file__).parents[1]


def write_photos(folder: Path, count: int) -> list[str]:
    folder.mkdir()
    noise = np.random.default_rng(0)
    for number in range(count):
        slope = np.linspace(40, 200, 48)[None] + noise.normal(0, 8, (32, 48))
        Image.fromarray(slope.clip(0, 255).astype(np.uint8)).save(folder / f"{number:03}.png")
    return sorted(map(str, folder.iterdir()))


@pytest.fixture
def photos(tmp_path: Path) -> list[str]:
    return write_photos(tmp_path / "photos", 3)


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    store = fsspec.filesystem("memory")
    yield store
    store.store.clear()


def test_says_what_became_of_each_photograph(photos: list[str], tmp_path: Path) -> None:
    Path(photos[1]).write_bytes(b"no picture")
    colorize = ColorizeBatch(str(tmp_path / "out"), size=32)
    rows = colorize({"path": photos})
    assert rows["path"] == photos
    assert rows["status"] == ["written", "failed", "written"]
    assert "001.png" in rows["error"][1]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["000.png", "002.png"]
    assert colorize({"path": photos})["status"] == ["exists", "failed", "exists"]


def test_names_keep_folders_apart(photos: list[str], tmp_path: Path) -> None:
    colorize = ColorizeBatch(str(tmp_path / "out"), size=32)
    rows = colorize({"path": photos[:2], "name": ["1950/a.png", "1951/a.jpg"]})
    assert rows["output"] == [str(tmp_path / "out" / name) for name in ("1950/a.png", "1951/a.jpg")]
    assert read(rows["output"][1]).format == "JPEG"


def test_works_from_store_to_store(photos: list[str], memory: fsspec.AbstractFileSystem) -> None:
    memory.pipe_file("/in/a.png", Path(photos[0]).read_bytes())
    colorize = ColorizeBatch("memory://out", size=32)
    batch = {"path": ["memory://in/a.png", "memory://in/missing.png"]}
    rows = colorize(batch)
    assert rows["status"] == ["written", "failed"]
    assert read(memory.cat_file("/out/a.png")).size == (48, 32)
    assert colorize(batch)["status"] == ["exists", "failed"]


# Ray's servers listen on the machine's own address, so it runs in a network of its own, which has a loopback only.
ALONE = """
import fcntl, socket, struct
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14s", b"lo", 0x1 | 0x40, b""))  # SIOCSIFFLAGS: up and running
"""
# What it takes the machine for must not depend on the machine.
SIZES = """
import ray
ray.init(num_cpus=2, object_store_memory=100_000_000, include_dashboard=False)
"""
EXAMPLE = re.search(r"```python\n(import ray.*?)```", (ROOT / "docs" / "archives.md").read_text(), re.DOTALL)
KILLER = """
import os, signal, threading, time
from pathlib import Path

def kill_one():
    import psutil
    while len(list(Path("colour").glob("*.png"))) < 20:
        time.sleep(0.1)
    for process in psutil.process_iter(["cmdline"]):
        if " ".join(process.info["cmdline"] or ()).startswith("ray::MapWorker"):
            process.kill()
            Path("killed").touch()
            return

threading.Thread(target=kill_one, daemon=True).start()
"""

PATIENCE = 300  # seconds; some systems let Ray wait for ever
# Who ends the first of its processes ends all of them.
APART = ["unshare", "-rnpf", "--mount-proc", "--kill-child"]


@pytest.mark.slow
def test_the_example_for_ray_does_what_is_missing_and_survives_a_killed_actor(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    if subprocess.run([*APART, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system gives nobody a network of their own, in which Ray could listen")
    photos = write_photos(tmp_path / "scans", 40)
    ColorizeBatch(str(tmp_path / "colour"))({"path": photos[:6]})  # as if a driver had been killed after six
    before = results(tmp_path / "colour")
    assert EXAMPLE is not None
    with (tmp_path / "said.txt").open("w") as said:
        program = [*APART, sys.executable, "-c", ALONE + SIZES + KILLER + EXAMPLE[1]]
        driver = subprocess.Popen(program, cwd=tmp_path, stdout=said, stderr=subprocess.STDOUT)
        try:
            driver.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            driver.kill()
            driver.wait()
            if results(tmp_path / "colour") == before:
                pytest.skip(f"Ray had not begun after {PATIENCE} seconds on this system")
    told = (tmp_path / "said.txt").read_text()
    assert driver.returncode == 0, told
    assert (tmp_path / "killed").exists()
    after = results(tmp_path / "colour")
    assert sorted(after) == [f"{number:03}.png" for number in range(40)]
    assert before.items() <= after.items()  # what was there was not made anew
    assert "40 photographs 0 failed" in told


def results(folder: Path) -> dict[str, int]:
    """The whole pictures of a folder and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("[!.]*.png")}
