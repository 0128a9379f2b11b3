"""Folders of many photographs: several processes, runs and processes that are killed, lists, trees, reports."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from colorizer_hf.cli import app
from colorizer_hf.cli.photo_files import PhotoFile
from colorizer_hf.cli.work import Job, Outcome, Work, do_all

COUNT = 12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Small photographs, two of them in folders below."""
    top, rng = tmp_path / "scans", np.random.default_rng(0)
    (top / "1950" / "May").mkdir(parents=True)
    names = [*(f"{number:02}.png" for number in range(COUNT - 2)), "1950/a.png", "1950/May/a.png"]
    for name in names:
        slope = np.linspace(40, 200, 48)[None] + rng.normal(0, 8, (32, 48))
        Image.fromarray(slope.clip(0, 255).astype(np.uint8)).save(top / name)
    return top


def colorizer(*arguments: object, given: str | None = None) -> Result:
    return CliRunner().invoke(app, ["colorize", *map(str, arguments), "--size", "32"], input=given)


def results(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def start(*arguments: object) -> subprocess.Popen[str]:
    """A run of its own, whose processes can be killed."""
    command = [sys.executable, "-m", "colorizer_hf", "colorize", *map(str, arguments), "--size", "32"]
    ignoring = signal.signal(signal.SIGINT, signal.SIG_DFL)  # what runs in the background inherits that it is ignored
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, ignoring)


def wait_for(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while len(list(folder.rglob("*.png"))) < count and time.monotonic() < deadline:
        time.sleep(0.02)


def workers(process: subprocess.Popen) -> list[psutil.Process]:
    children = psutil.Process(process.pid).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


class TestSeveralProcesses:
    def test_give_the_same_files_in_the_same_order_as_one(self, folder: Path, tmp_path: Path) -> None:
        (folder / "05b.png").write_bytes(b"no picture")
        runs = [colorizer(folder, "-o", tmp_path / f"out{jobs}", "--jobs", jobs, "--json") for jobs in (1, 2)]
        assert [run.exit_code for run in runs] == [1, 1]
        assert results(tmp_path / "out1") == results(tmp_path / "out2") != {}
        told = [[json.loads(line) for line in run.stdout.splitlines()] for run in runs]
        names = [[(Path(line["input"]).name, line["status"]) for line in lines] for lines in told]
        assert names[0] == names[1]
        assert ("05b.png", "failed") in names[0]

    def test_a_single_one_has_one_thread_as_well(self, folder: Path, tmp_path: Path) -> None:
        program = """
import sys
from colorizer_hf.cli import app
app(sys.argv[1:], standalone_mode=False)
import torch
print(torch.get_num_threads())
"""
        command = ["colorize", str(folder / "00.png"), "-o", str(tmp_path / "out"), "--size", "32", "--jobs", "1"]
        free = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
        done = subprocess.run(
            [sys.executable, "-c", program, *command], env=free, capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == "1"

    def test_a_killed_one_is_replaced_and_nothing_is_lost(self, folder: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        run = start(folder, "-r", "-o", out, "--jobs", 2)
        wait_for(out, 2)
        for worker in workers(run):
            worker.kill()
        told, problems = run.communicate()
        assert (run.returncode, len(told.splitlines())) == (0, COUNT), problems
        assert len(results(out)) == COUNT
        for path in out.rglob("*.png"):
            with Image.open(path) as picture:
                picture.load()

    def test_one_photograph_that_takes_long_holds_up_none(self) -> None:
        """There are more photographs than may be done before an earlier one is."""
        names = ["slow", *map(str, range(100))]
        jobs = [Job(PhotoFile(Path(name), Path(name)), {0: None}) for name in names]
        done = do_all(Deadly(*[None] * len(fields(Work))), jobs, processes=2)  # ty: ignore[invalid-argument-type]
        assert [str(job.photo) for job, _ in done] == names

    def test_a_photograph_that_ends_two_processes_is_named_and_the_others_go_on(self) -> None:
        jobs = [Job(PhotoFile(Path(name), Path(name)), {0: None}) for name in ("good", "deadly", "better")]
        outcomes = do_all(Deadly(*[None] * len(fields(Work))), jobs, processes=2)  # ty: ignore[invalid-argument-type]
        failures = {str(job.photo): [failure.sentence for failure in outcome.failures] for job, outcome in outcomes}
        assert failures["good"] == failures["better"] == []
        assert "ended by signal 9, twice" in failures["deadly"][0]

    def test_a_network_that_is_not_there_ends_the_run_in_one_sentence(self, folder: Path, tmp_path: Path) -> None:
        run = start(folder, "-o", tmp_path / "out", "--jobs", 2, "--model", tmp_path / "nowhere")
        _, problems = run.communicate()
        assert run.returncode == 1
        assert len(problems.splitlines()) == 1
        assert "nowhere" in problems
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
    def test_end_with_the_run(self, folder: Path, tmp_path: Path, number: signal.Signals) -> None:
        out = tmp_path / "out"
        run = start(folder, "-r", "-o", out, "--jobs", 2)
        wait_for(out, 1)
        others = workers(run)
        run.send_signal(number)
        run.communicate(timeout=60)
        assert run.returncode not in (0, None)
        _, alive = psutil.wait_procs(others, timeout=30)
        assert not alive
        assert not list(out.rglob(".*"))


@dataclass(frozen=True)
class Deadly(Work):
    """Work that one photograph does not let a process survive."""

    def load(self) -> Any:
        return None

    def do(self, paint: Any, job: Job) -> Outcome:
        if job.photo.name.name == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        if job.photo.name.name == "slow":
            time.sleep(1)
        return Outcome(0.0)


def test_a_run_that_was_killed_is_finished_by_the_next_one(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = start(folder, "-r", "-o", out, "--jobs", 2)
    wait_for(out, 3)
    for process in (*workers(run), psutil.Process(run.pid)):
        process.kill()
    run.communicate()
    before = {path: path.stat().st_mtime_ns for path in out.rglob("[!.]*.png")}
    again = colorizer(folder, "-r", "-o", out)
    assert again.exit_code == 0
    assert len(list(out.rglob("[!.]*.png"))) == COUNT
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert f"{len(before)} result" in again.stderr


def test_a_tree_keeps_its_folders(folder: Path, tmp_path: Path) -> None:
    assert colorizer(folder, "--recursive", "-o", tmp_path / "out").exit_code == 0
    assert {"00.png", "1950/a.png", "1950/May/a.png"} < set(results(tmp_path / "out"))
    assert len(results(tmp_path / "out")) == COUNT


def content(shard: tarfile.TarFile, name: str) -> bytes:
    file = shard.extractfile(name)
    assert file is not None
    return file.read()


class TestShards:
    @pytest.fixture
    def shards(self, folder: Path, tmp_path: Path) -> Path:
        (tmp_path / "shards").mkdir()
        for number in range(2):
            with tarfile.open(tmp_path / "shards" / f"photos-{number:03}.tar", "w") as shard:
                for name in (f"{3 * number + k:02}.png" for k in range(3)):
                    about = json.dumps({"name": name}).encode()
                    member = tarfile.TarInfo(name.replace("png", "json"))
                    member.size = len(about)
                    shard.addfile(member, io.BytesIO(about))
                    shard.add(folder / name, name)
        return tmp_path / "shards"

    def test_come_out_as_shards_with_what_belongs_to_their_photographs(self, shards: Path, tmp_path: Path) -> None:
        done = colorizer(shards / "*.tar", "-o", tmp_path / "out", "--jobs", 1)
        assert done.exit_code == 0, done.output
        assert set(results(tmp_path / "out")) == {"photos-000.tar", "photos-001.tar"}
        with tarfile.open(shards / "photos-001.tar") as old, tarfile.open(tmp_path / "out" / "photos-001.tar") as new:
            assert new.getnames() == old.getnames()
            for name in old.getnames():
                before, after = (content(shard, name) for shard in (old, new))
                assert (before == after) == name.endswith("json")
                if name.endswith("png"):
                    with Image.open(io.BytesIO(after)) as picture:
                        assert (picture.mode, picture.size) == ("RGB", (48, 32))
        again = colorizer(shards / "*.tar", "-o", tmp_path / "out")
        assert (again.exit_code, again.stdout) == (0, "")

    def test_a_bad_photograph_is_named_and_others_come_out(self, shards: Path, folder: Path, tmp_path: Path) -> None:
        (folder / "bad.png").write_bytes(b"no picture")
        with tarfile.open(shards / "photos-000.tar", "a") as shard:
            shard.add(folder / "bad.png", "bad.png")
        done = colorizer(shards / "photos-000.tar", "-o", tmp_path / "out")
        assert done.exit_code == 1
        assert f"{shards}/photos-000.tar: bad.png: " in done.stderr
        with tarfile.open(tmp_path / "out" / "photos-000.tar") as new:
            assert [name for name in new.getnames() if name.endswith("png")] == ["00.png", "01.png", "02.png"]

    def test_one_that_is_cut_off_leaves_nothing(self, shards: Path, tmp_path: Path) -> None:
        shard = shards / "photos-000.tar"
        shard.write_bytes(shard.read_bytes()[:3000])
        done = colorizer(shard, "-o", tmp_path / "out")
        assert done.exit_code == 1
        assert "it is no whole tar file" in done.stderr
        assert results(tmp_path / "out") == {}

    def test_hints_are_refused(self, shards: Path, tmp_path: Path) -> None:
        done = colorizer(shards / "photos-000.tar", "-o", tmp_path / "out", "--hint", "3,3,#ff0000")
        assert done.exit_code == 2
        assert "not for a tar" in " ".join(done.stderr.split())


class TestLists:
    def test_name_photographs_that_keep_what_tells_them_apart(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "list.txt").write_text(f"{folder}/1950/a.png\n{folder}/1950/May/a.png\n\n{folder}/03.png\n")
        assert colorizer("--from-list", tmp_path / "list.txt", "-o", tmp_path / "out").exit_code == 0
        assert set(results(tmp_path / "out")) == {"1950/a.png", "1950/May/a.png", "03.png"}

    def test_come_from_standard_input(self, folder: Path, tmp_path: Path) -> None:
        done = colorizer("--from-list", "-", "-o", tmp_path / "out", given=f"{folder}/01.png\n{folder}/missing.png\n")
        assert done.exit_code == 1
        assert set(results(tmp_path / "out")) == {"01.png"}
        assert "missing.png" in done.stderr

    @pytest.mark.parametrize("content", [None, "", "\n"], ids=["missing", "empty", "blank"])
    def test_that_say_nothing_are_refused(self, tmp_path: Path, content: str | None) -> None:
        if content is not None:
            (tmp_path / "list.txt").write_text(content)
        done = colorizer("--from-list", tmp_path / "list.txt", "-o", tmp_path / "out")
        assert done.exit_code == 1
        assert "give a file with a path a line" in str(done.exception)


def test_a_report_has_a_line_for_each_photograph(folder: Path, tmp_path: Path) -> None:
    (folder / "05b.png").write_bytes(b"no picture")
    colorizer(folder / "00.png", "-o", tmp_path / "out")
    done = colorizer(folder, "-o", tmp_path / "out", "--report", tmp_path / "report.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert [line["status"] for line in lines] == ["exists", *["written"] * 5, "failed", *["written"] * 4]
    failed, written = lines[6], lines[1]
    assert failed["error"] in done.stderr
    assert written["input"].endswith("01.png")
    assert written["output"] == str(tmp_path / "out" / "01.png")
    assert written["seconds"] > 0


def test_a_report_that_cannot_be_written_is_refused_before_anything_begins(folder: Path, tmp_path: Path) -> None:
    done = colorizer(folder, "-o", tmp_path / "out", "--report", tmp_path / "no" / "report.jsonl")
    assert "the report cannot be written" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_nothing_to_do_is_a_wrong_command_line(tmp_path: Path) -> None:
    done = colorizer("-o", tmp_path / "out")
    assert done.exit_code == 2
    assert "name photographs" in done.stderr
