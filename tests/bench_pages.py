"""How long a person waits on both pages: the one with a server and the one without, in the same browser."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from colorizer_hf.webui.tab_files import export_page
from tests.webui.conftest import CHROMIUM_OPTIONS, executable
from tests.webui.node import find_npm
from tests.webui.servers import serve, serve_files
from tests.webui.tabs import Tab, wait_until

DABS = [(x, y) for x in (0.3, 0.5, 0.7) for y in (0.35, 0.6)]

# From the moment at which a finger is lifted until the new picture is in its place.
_WATCH = """() => {
    window.answer = new Promise((resolve) => {
        let lifted = null;
        const lift = () => (lifted = performance.now());
        document.addEventListener("pointerup", lift, { capture: true, once: true });
        const watcher = new MutationObserver((changes) => {
            const pictures = changes.flatMap(({ addedNodes }) => [...addedNodes].map(({ dataset }) => dataset?.testid));
            if (lifted === null || !pictures.includes("after")) return;
            watcher.disconnect();
            resolve((performance.now() - lifted) / 1000);
        });
        watcher.observe(document.querySelector("[data-testid=after-side]"), { childList: true });
    });
}"""


class Waits(NamedTuple):
    """Seconds: from the choice of a photo to its colours, and from a dab to what it changes."""

    colours: float
    dab: float


def measure_pages(graphs: Path, folder: Path, photo: Path) -> tuple[Waits, Waits] | None:
    """The shortest waits without a server and with one, in turn; None if npm has not installed what runs it."""
    npm = find_npm()
    if npm is None:
        return None
    export_page(folder / "page", npm, {"chromaformer": graphs})
    with serve_files(folder / "page", []) as static, serve(folder / "server") as server, _browser() as browser:
        tabs = [Tab(browser, url) for url in (static, server.url)]
        wait_until(lambda: tabs[0].holds("() => document.documentElement.dataset.ready === 'true'"), seconds=120)
        colours = np.array([[_seconds_to_colours(tab, photo) for tab in tabs] for _ in range(4)]).min(axis=0)
        dabs = np.array([[_seconds_to_dab(tab, place) for tab in tabs] for place in DABS]).min(axis=0)
    return Waits(colours[0], dabs[0]), Waits(colours[1], dabs[1])


@contextmanager
def _browser() -> Generator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium
        browser = chromium.launch(executable_path=executable(chromium), args=list(CHROMIUM_OPTIONS))
        yield browser
        browser.close()


def _seconds_to_colours(tab: Tab, photo: Path) -> float:
    if tab.part("editor").is_visible():
        tab.part("another-photo").click()
    start = time.perf_counter()
    tab.open(photo)
    return time.perf_counter() - start


def _seconds_to_dab(tab: Tab, place: tuple[float, float]) -> float:
    tab.use("brush")
    tab.page.get_by_role("button", name="teal", exact=True).click()
    tab.page.evaluate(_WATCH)
    tab.drag(place)
    return float(tab.page.evaluate("() => window.answer"))


__all__ = ["Waits", "measure_pages"]
