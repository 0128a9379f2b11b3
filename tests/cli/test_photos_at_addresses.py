"""`colorizer colorize` from and to addresses: of the web, and of stores that fsspec knows."""

import io
import tarfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import fsspec
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from colorizer_hf.cli import app
from colorizer_hf.imaging import read


def picture(seed: int) -> bytes:
    slope = np.linspace(40, 200, 48)[None] + np.random.default_rng(seed).normal(0, 8, (32, 48))
    buffer = io.BytesIO()
    Image.fromarray(slope.clip(0, 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def colorizer(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["colorize", *map(str, arguments), "--size", "32"])


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of a server of two photographs."""
    folder = tmp_path / "served"
    (folder / "old photos").mkdir(parents=True)
    for number in range(2):
        (folder / "old photos" / f"{number}.png").write_bytes(picture(number))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """A store in memory, with photographs in folders and something else."""
    store = fsspec.filesystem("memory")
    for number, name in enumerate(("a.png", "b.png", "1950/c.png", ".hidden/d.png")):
        store.pipe_file(f"/scans/{name}", picture(number))
    store.pipe_file("/scans/notes.txt", b"none")
    yield store
    store.store.clear()


class TestTheWeb:
    def test_gives_photographs(self, web: str, tmp_path: Path) -> None:
        done = colorizer(f"{web}/old%20photos/0.png", f"{web}/old%20photos/1.png?size=full", "-o", tmp_path / "out")
        assert done.exit_code == 0, done.output
        assert names(tmp_path / "out") == ["0.png", "1.png"]
        assert read(tmp_path / "out" / "1.png").luminance.shape == (32, 48)

    def test_names_what_it_has_not_and_goes_on(self, web: str, tmp_path: Path) -> None:
        done = colorizer(f"{web}/nothing.png", f"{web}/old%20photos/0.png", "-o", tmp_path / "out")
        assert done.exit_code == 1
        assert f"{web}/nothing.png: its server answers 404" in done.stderr
        assert names(tmp_path / "out") == ["0.png"]

    def test_is_reached_by_several_processes(self, web: str, tmp_path: Path) -> None:
        addresses = [f"{web}/old%20photos/{number}.png" for number in range(2)]
        assert colorizer(*addresses, "-o", tmp_path / "out", "--jobs", 2).exit_code == 0
        assert names(tmp_path / "out") == ["0.png", "1.png"]

    def test_takes_no_results(self, web: str) -> None:
        done = colorizer(f"{web}/old%20photos/0.png", "-o", f"{web}/out")
        assert done.exit_code == 1
        assert "the web is only read" in str(done.exception)


class TestStores:
    def test_a_folder_goes_into_a_folder(self, memory: fsspec.AbstractFileSystem) -> None:
        done = colorizer("memory://scans", "-o", "memory://colour")
        assert done.exit_code == 0, done.output
        assert memory.find("/colour") == ["/colour/a.png", "/colour/b.png"]
        assert "1 file of another kind was left out: .txt" in done.stderr
        with Image.open(io.BytesIO(memory.cat_file("/colour/a.png"))) as result:
            assert (result.mode, result.size) == ("RGB", (48, 32))
        assert done.stdout.splitlines() == ["memory://colour/a.png", "memory://colour/b.png"]

    def test_a_second_run_does_what_is_missing(self, memory: fsspec.AbstractFileSystem) -> None:
        colorizer("memory://scans", "-o", "memory://colour")
        memory.rm_file("/colour/b.png")
        kept = memory.modified("/colour/a.png")
        again = colorizer("memory://scans", "-o", "memory://colour", "--recursive")
        assert again.exit_code == 0
        assert again.stdout.splitlines() == ["memory://colour/1950/c.png", "memory://colour/b.png"]
        assert memory.modified("/colour/a.png") == kept

    def test_a_pattern_and_a_list_keep_folders(self, memory: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
        assert colorizer("memory://scans/*/*.png", "-o", tmp_path / "matched").exit_code == 0
        assert names(tmp_path / "matched") == ["1950/c.png"]
        (tmp_path / "list.txt").write_text("memory://scans/1950/c.png\nmemory://scans/a.png\n")
        assert colorizer("--from-list", tmp_path / "list.txt", "-o", tmp_path / "listed").exit_code == 0
        assert names(tmp_path / "listed") == ["1950/c.png", "a.png"]

    def test_a_single_result_has_the_name_that_it_is_given(self, memory: fsspec.AbstractFileSystem) -> None:
        assert colorizer("memory://scans/a.png", "-o", "memory://colour/first.jpg").exit_code == 0
        assert read(memory.cat_file("/colour/first.jpg")).format == "JPEG"
        again = colorizer("memory://scans/a.png", "-o", "memory://colour/first.jpg")
        assert again.exit_code == 1
        assert "exists already" in again.stderr

    def test_a_result_never_replaces_its_photograph(self, memory: fsspec.AbstractFileSystem) -> None:
        before = memory.cat_file("/scans/a.png")
        done = colorizer("memory://scans", "-o", "memory://scans", "--overwrite")
        assert done.exit_code == 1
        assert "would replace the photograph memory://scans/a.png" in done.stderr
        assert memory.cat_file("/scans/a.png") == before

    def test_what_is_not_there_is_named(self, memory: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
        done = colorizer("memory://scans/z.png", "memory://scans/*.tif", "strange://a/b.png", "-o", tmp_path / "out")
        assert done.exit_code == 1
        told = " ".join(done.stderr.split())
        assert "memory://scans/z.png: " in told
        assert "memory://scans/*.tif: no photographs are there" in told
        assert "strange://a/b.png: it cannot be reached" in told

    def test_a_tar_comes_out_as_a_tar(self, memory: fsspec.AbstractFileSystem) -> None:
        with memory.open("/shards/0.tar", "wb") as file, tarfile.open(fileobj=file, mode="w") as shard:
            for name, content in (("a.png", picture(0)), ("a.json", b"{}")):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                shard.addfile(member, io.BytesIO(content))
        done = colorizer("memory://shards/*.tar", "-o", "memory://coloured")
        assert done.exit_code == 0, done.output
        with tarfile.open(fileobj=io.BytesIO(memory.cat_file("/coloured/0.tar"))) as shard:
            assert shard.getnames() == ["a.png", "a.json"]

    def test_one_with_real_folders_gets_them(self, memory: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
        done = colorizer("memory://scans", "-r", "-o", f"local://{tmp_path}/colour")
        assert done.exit_code == 0, done.output
        assert names(tmp_path / "colour") == ["1950/c.png", "a.png", "b.png"]


def test_a_file_address_is_the_path_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.png").write_bytes(picture(0))
    assert colorizer(f"file://{tmp_path}/scans", "-o", f"file://{tmp_path}/colour").exit_code == 0
    assert names(tmp_path / "colour") == ["a.png"]
