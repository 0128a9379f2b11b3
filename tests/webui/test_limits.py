"""Who gets in and how much of what: `colorizer app --auth --max-size --queue`."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AuthenticationError
from gradio_client.utils import QueueError
from playwright.sync_api import Browser, Page, expect

from tests.webui.photos import CUP
from tests.webui.servers import Server, serve

USER, PASSWORD = "family", "sec:ret"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that is strict."""
    options = ("--auth", f"{USER}:{PASSWORD}", "--max-size", "1", "--queue", "3")
    with serve(tmp_path_factory.mktemp("server"), *options) as server:
        yield server


@pytest.fixture
def member(server: Server, tmp_path: Path) -> Client:
    """A program that knows the password."""
    return Client(server.url, auth=(USER, PASSWORD), verbose=False, download_files=tmp_path / "downloads")


@pytest.fixture
def web(server: Server) -> Iterator[httpx.Client]:
    """Plain HTTP, of somebody who has not logged in."""
    with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as web:
        yield web


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """What somebody sees who has not logged in."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(server.url)
        yield page


def log_in(page: Page, password: str) -> None:
    page.get_by_label("username").fill(USER)
    page.get_by_label("password").fill(password)
    page.get_by_role("button", name="Login").click()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file just larger than the server takes."""
    path = tmp_path / "large.jpg"
    path.write_bytes(os.urandom(1_000_001))
    return path


def colorize(photo: Any) -> dict[str, Any]:
    """The body of a call."""
    return {"data": [photo, "", 1, "chromaformer", "JPEG", True]}


class TestPassword:
    def test_nothing_is_for_those_who_do_not_give_one(self, web: httpx.Client, server: Server, member: Client) -> None:
        member.predict(handle_file(CUP), api_name="/colorize")
        result = next(path for path in server.temporary_files() if path.name == "coffee_cup-colour.jpg")
        for path in ("config", "gradio_api/info", f"gradio_api/file={result}"):
            assert web.get(path).status_code == 401
        assert web.post("gradio_api/upload", files={"files": CUP.read_bytes()}).status_code == 401
        assert web.post("gradio_api/call/colorize", json=colorize(None)).status_code == 401
        assert '"components":[]' in web.get("").text

    @pytest.mark.parametrize(("user", "password"), [(USER, "secret"), (USER, ""), ("", PASSWORD), (USER, "sec")])
    def test_a_wrong_one_is_refused(self, web: httpx.Client, user: str, password: str) -> None:
        assert not web.post("login", data={"username": user, "password": password}).is_success
        assert web.get("config").status_code == 401

    def test_programs_are_told(self, server: Server) -> None:
        with pytest.raises(AuthenticationError, match="credentials were not provided"):
            Client(server.url, verbose=False)
        with pytest.raises(ValueError, match="Could not login"):
            Client(server.url, auth=(USER, "wrong"), verbose=False)

    def test_a_person_is_asked_until_it_is_right(self, page: Page) -> None:
        log_in(page, "wrong")
        expect(page.get_by_text("Incorrect credentials")).to_be_visible()
        expect(page.get_by_test_id("start")).to_have_count(0)
        log_in(page, PASSWORD)
        expect(page.get_by_test_id("start")).to_be_visible()


class TestSize:
    def test_the_page_names_a_file_that_is_too_large_and_lives_on(self, page: Page, large: Path) -> None:
        log_in(page, PASSWORD)
        expect(page.get_by_test_id("start")).to_be_visible()
        page.get_by_test_id("drop-input").set_input_files(large)
        expect(page.get_by_test_id("error-text")).to_contain_text("large.jpg")
        expect(page.get_by_test_id("error-text")).to_contain_text("1 MB")
        page.get_by_test_id("drop-input").set_input_files(CUP)
        expect(page.get_by_test_id("after")).to_be_visible()

    def test_programs_are_told(self, member: Client, large: Path) -> None:
        with pytest.raises(ValueError, match="exceeds the maximum file size of 1000000 bytes"):
            member.predict(handle_file(large), api_name="/colorize")
        assert Path(member.predict(handle_file(CUP), api_name="/colorize")[0]).exists()

    def test_nothing_of_the_file_is_kept(self, web: httpx.Client, server: Server, large: Path) -> None:
        web.post("login", data={"username": USER, "password": PASSWORD})
        answer = web.post("gradio_api/upload", files={"files": ("large.jpg", large.read_bytes())})
        assert answer.status_code == 413
        assert "1000000 bytes" in answer.text
        assert not [path for path in server.temporary_files() if path.stat().st_size > 500_000]


class TestQueue:
    def test_calls_that_find_it_full_are_told_and_the_others_get_their_results(
        self, web: httpx.Client, member: Client
    ) -> None:
        web.post("login", data={"username": USER, "password": PASSWORD})
        (path,) = web.post("gradio_api/upload", files={"files": ("cup.jpg", CUP.read_bytes())}).json()
        photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
        many = {"data": [[photo] * 16, 1, "chromaformer", "JPEG", True]}  # long enough for the queue to stay full
        answers = [web.post("gradio_api/call/batch", json=many) for _ in range(12)]
        with pytest.raises(QueueError, match="Queue is full! Please try again"):
            member.predict(handle_file(CUP), api_name="/colorize")

        taken = [answer.json()["event_id"] for answer in answers if answer.is_success]
        refused = [answer for answer in answers if not answer.is_success]
        assert len(taken) >= 3
        assert refused
        assert {answer.status_code for answer in refused} == {503}
        assert all("Queue is full" in answer.json()["detail"] for answer in refused)

        for event in taken:
            answer = web.get(f"gradio_api/call/batch/{event}").text  # a heart beats in it while it waits
            assert "event: complete" in answer, answer
        assert Path(member.predict(handle_file(CUP), api_name="/colorize")[0]).exists()
