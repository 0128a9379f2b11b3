"""Many calls at once and many calls in a row: every one gets its own right answer, and nothing piles up."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from colorizer_hf import Hint
from colorizer_hf.hints import hints_to_json
from colorizer_hf.loading import AnyColorizer, load_colorizer
from tests.webui.photos import CUP
from tests.webui.servers import SECONDS_TO_END, Server, serve


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One whose past is known."""
    with serve(tmp_path_factory.mktemp("server")) as server:
        yield server


@dataclass(frozen=True)
class Job:
    """What one of many people asks for."""

    photo: Path
    hints: list[Hint]
    vividness: float

    def ask(self, client: Client) -> np.ndarray:
        with Image.open(self.photo) as photo:
            hints = hints_to_json(self.hints, photo.size)
        options: dict[str, Any] = {"hints": hints, "vividness": self.vividness, "format": "PNG"}
        path, _ = client.predict(handle_file(self.photo), **options, api_name="/colorize")
        with Image.open(path) as picture:
            return np.asarray(picture)

    def ask_pipeline(self, pipe: AnyColorizer) -> np.ndarray:
        return pipe(self.photo, hints=self.hints, vividness=self.vividness).pixels


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> list[Job]:
    """Thirty, all different."""
    folder = tmp_path_factory.mktemp("small")
    jobs = []
    with Image.open(CUP) as cup:
        for number in range(30):
            path = folder / f"{number}.png"
            cup.convert("L").rotate(7 * number).resize((120 + number % 3, 80)).save(path)
            colour = f"#{8 * number:02x}40{255 - 8 * number:02x}"
            jobs.append(Job(path, [Hint(10 + 3 * number, 40, colour)] * (number % 2), vividness=number % 5 / 4))
    return jobs


def in_turns(server: Server, jobs: list[Job], calls: int, folder: Path) -> None:
    """Ask for `calls` pictures, eight people at a time; each comes once and is not seen again."""

    def ask(jobs: list[Job]) -> None:
        client = Client(server.url, verbose=False, download_files=folder)
        for job in jobs:
            job.ask(client)
            client.reset_session()

    with ThreadPoolExecutor(8) as people:
        list(people.map(ask, [[jobs[call % len(jobs)] for call in range(person, calls, 8)] for person in range(8)]))


class TestManyCalls:
    def test_at_once_get_each_the_picture_that_the_pipeline_gives(
        self, server: Server, jobs: list[Job], tmp_path: Path
    ) -> None:
        client = Client(server.url, verbose=False, download_files=tmp_path)
        with ThreadPoolExecutor(len(jobs)) as people:
            pictures = list(people.map(lambda job: job.ask(client), jobs))
        pipe = load_colorizer()
        for job, picture in zip(jobs, pictures, strict=True):
            np.testing.assert_array_equal(picture, job.ask_pipeline(pipe), err_msg=str(job))

    def test_in_a_row_take_no_more_memory_than_a_few(self, server: Server, jobs: list[Job], tmp_path: Path) -> None:
        process = psutil.Process(server.process.pid)
        in_turns(server, jobs, 20, tmp_path)
        after_few = process.memory_info().rss
        in_turns(server, jobs, 180, tmp_path)
        assert process.memory_info().rss < 1.1 * after_few

    def test_leave_files_only_for_an_hour(self, server: Server, jobs: list[Job], tmp_path: Path) -> None:
        client = Client(server.url, verbose=False, download_files=tmp_path)
        jobs[0].ask(client)
        old = server.temporary_files()
        assert old
        assert jobs[0].photo.name in {path.name for path in old}
        an_hour_ago = time.time() - 3700
        for path in {file.parent for file in old} | old:
            os.utime(path, (an_hour_ago, an_hour_ago))
        client.predict(handle_file(CUP), api_name="/colorize")
        assert not old & server.temporary_files()


def start_batch(server: Server, *, photos: int) -> httpx.Response:
    """Have the server work on the cup, which it has already, several times over; the results are not waited for."""
    (cup,) = [path for path in server.temporary_files() if path.name == CUP.name]
    photo = {"path": str(cup), "meta": {"_type": "gradio.FileData"}}
    data = [[photo] * photos, 1, "chromaformer", "PNG", True]
    return httpx.post(f"{server.url}/gradio_api/call/batch", json={"data": data}, trust_env=False)


class TestEnd:
    """By Ctrl-C, or when the machine is switched off."""

    @pytest.mark.parametrize(("end", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM)])
    def test_no_file_is_left_and_nobody_sees_a_traceback(self, tmp_path: Path, end: signal.Signals, code: int) -> None:
        with serve(tmp_path) as server:
            client = Client(server.url, verbose=False, download_files=tmp_path / "downloads")
            client.predict(handle_file(CUP), api_name="/colorize")
            assert server.temporary_files()
            assert start_batch(server, photos=20).is_success
            server.process.send_signal(end)
            assert server.process.wait(SECONDS_TO_END) == code
            assert server.temporary_files() == set()
            assert not list(server.files.glob("colorizer-*"))
            assert "Traceback" not in server.output
