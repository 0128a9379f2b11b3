"""The page where many of them live behind one address: under a path of it."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.webui.servers import serve
from tests.webui.tabs import Tab

PATH = "/studio/colour"
NOT_PASSED_ON = {"connection", "content-encoding", "content-length", "host", "keep-alive", "transfer-encoding"}


class Proxy(ThreadingHTTPServer):
    """Passes on what is asked for under `PATH`; of anything else it knows nothing."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """The browser has gone."""


class Handler(BaseHTTPRequestHandler):
    target = ""  # address of the page itself

    def do_GET(self) -> None:
        if not self.path.startswith(PATH):
            return self.send_error(404)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        passed = {name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED_ON}
        address = self.target + self.path.removeprefix(PATH)
        passed["X-Forwarded-Host"] = self.headers["host"]
        with httpx.stream(self.command, address, headers=passed, content=body, timeout=None, trust_env=False) as answer:
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in NOT_PASSED_ON:
                    self.send_header(name, value)
            self.end_headers()
            for chunk in answer.iter_bytes():
                self.wfile.write(chunk)
                self.wfile.flush()
        return None

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def proxied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The page's address behind a proxy."""
    proxy = Proxy(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    try:
        with serve(tmp_path, root_path=PATH) as server:
            Handler.target = server.url
            yield "http://{}:{}{}/".format(*proxy.server_address, PATH)
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()


def test_under_a_path_a_photo_is_opened_and_painted_on(proxied: str, open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(proxied)
    tab.open_example("Coffee cup")
    tab.paint((0.25, 0.5), color="teal")
    assert len(tab.hints()) == 1
