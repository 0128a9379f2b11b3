"""`colorizer app` as a person starts it, in a process of its own."""

import functools
import http.server
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 180  # on a busy machine
SECONDS_TO_END = 30
COMMAND = ("-m", "colorizer_hf", "app", "--host", "127.0.0.1")


@dataclass
class Server:
    """A running page.

    Attributes:
        url: Where it answers.
        process: Of the command itself.
        files: The only folder that it has for temporary files.
        log: What it prints goes here.
        asked: First lines of all requests that it wanted to send to another machine.
    """

    url: str
    process: subprocess.Popen[bytes]
    files: Path
    log: Path
    asked: list[str]

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def temporary_files(self) -> set[Path]:
        """All files in its folder for temporary files."""
        return {path for path in self.files.rglob("*") if path.is_file()}


@contextmanager
def answering(server: socketserver.TCPServer) -> Generator[str]:
    """The address of a server that works beside the tests until the block ends."""
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield "http://{}:{}".format(*server.server_address)
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def gatekeeper(asked: list[str]) -> Generator[str]:
    """The address of a proxy that lets nothing out; it adds to `asked` what it was asked for."""

    class Refusal(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append(self.rfile.readline(1000).decode("latin-1").strip())
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with answering(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusal)) as address:
        yield address


def environment(files: Path, proxy: str) -> dict[str, str]:
    """A person's environment, without what development sets, and with no way out but the proxy."""
    development = ("GRADIO_", "HF_", "CI", "PYTEST_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(development) and not name.lower().endswith("_proxy")
    }
    outside = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), proxy)
    return kept | outside | {"no_proxy": "127.0.0.1,localhost", "TMPDIR": str(files), "PYTHONUNBUFFERED": "1"}


@contextmanager
def heeding_interrupts() -> Generator[None]:
    """Ctrl-C ends processes that are started here, also where it is ignored: when tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_until_it_answers(server: Server) -> None:
    """Return when the server answers; the test fails when it ends instead, or says nothing for minutes."""
    deadline = time.monotonic() + SECONDS_TO_START
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(server.url, timeout=SECONDS_TO_START, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"{server.process.args} does not answer:\n{server.output}")


@contextmanager
def serve(
    folder: Path, *options: str, command: tuple[str, ...] = COMMAND, root_path: str = "", port: int | None = None
) -> Generator[Server]:
    """Run `command` with `options` until the block ends; everything it writes goes to `folder`.

    With a `root_path` the page takes it that a proxy passes on what is asked for under that path. A `port` is that of
    a server that was there before.
    """
    files, log, port = folder / "files", folder / "log.txt", port or free_port()
    files.mkdir(parents=True)
    asked: list[str] = []
    with gatekeeper(asked) as proxy, log.open("wb") as output:
        with heeding_interrupts():
            process = subprocess.Popen(
                [sys.executable, *command, "--port", str(port), *options],
                cwd=ROOT,
                env=environment(files, proxy) | {"GRADIO_ROOT_PATH": root_path},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        server = Server(f"http://127.0.0.1:{port}", process, files, log, asked)
        try:
            wait_until_it_answers(server)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def serve_files(folder: Path, asked: list[str]) -> Generator[str]:
    """The address at which a folder's files are served as a static host does, with the headers that threads want.

    It adds to `asked` what it was asked for.
    """

    class Files(http.server.SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            super().end_headers()

        def log_message(self, format: str, *args: object) -> None:
            asked.append(self.path)

    class Host(http.server.ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Browsers leave while they are being answered."""

    handler = functools.partial(Files, directory=str(folder))
    with answering(Host(("127.0.0.1", 0), handler)) as address:
        yield address
