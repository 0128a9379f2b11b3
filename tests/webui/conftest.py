"""A running page and a browser, shared by all tests of the page."""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, BrowserType, expect, sync_playwright

from tests.webui.node import find_npm
from tests.webui.photos import make_photos
from tests.webui.servers import Server, serve
from tests.webui.tabs import Tab

# All about not calling home, but for the first two: root may not start it otherwise, and there is no graphics card.
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

expect.set_options(timeout=30_000)


def unavailable(what: str) -> NoReturn:
    """Skip on a contributor's machine; where CI checks a change nothing may be left out."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page with its default options."""
    with serve(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of `make_photos`."""
    folder = tmp_path_factory.mktemp("photos")
    make_photos(folder)
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the server printed belongs to a failure."""
    report = yield
    if report.failed and isinstance(server := item.funcargs.get("server"), Server):
        report.sections.append(("colorizer app", server.output[-5000:]))
    return report


def executable(chromium: BrowserType) -> str:
    """Path of the system's browser, or of Playwright's own if somebody has downloaded it."""
    names = ("chromium", "chromium-browser", "google-chrome", chromium.executable_path)
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or unavailable("there is no Chromium; install it, or run .venv/bin/playwright install chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(playwright.chromium), args=list(CHROMIUM_OPTIONS)
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, which checks a page for what shuts people out."""
    npm = find_npm() or unavailable("there is no axe-core: make test, with npm")
    return (npm / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def open_tab(browser: Browser, server: Server) -> Iterator[Callable[..., Tab]]:
    """Open the page as another person: `open_tab(width=390, dark=True)`; options are those of `Tab`."""
    tabs: list[Tab] = []

    def open_tab(url: str = server.url, **options: Any) -> Tab:
        tabs.append(Tab(browser, url, **options))
        return tabs[-1]

    yield open_tab
    for tab in tabs:
        tab.close()
    assert [url for tab in tabs for url in tab.requests_outside()] == []
    assert [crash for tab in tabs for crash in tab.crashes] == []
