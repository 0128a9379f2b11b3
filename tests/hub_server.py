"""A small Hub for tests on 127.0.0.1, with faults on demand; the client is the real huggingface_hub.

    def test_a_pull_survives_a_lost_connection(hub: HubServer, hub_client: Path) -> None:
        hub.add_repo("acme/model", {"config.json": b"{}", "model.safetensors": weights}, private=True)
        hub.fail("GET */model.safetensors", cut(after=1000))
        ...
        assert len(hub.seen("GET */model.safetensors")) == 2

The client runs in the process of the tests (fixture `hub_client`), or in one of its own (`client_environment`). Code
that it downloads and runs belongs in a process of its own.
"""

import asyncio
import os
import runpy
import socket
import struct
import sys
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest
import uvicorn
from fastapi import Request
from huggingface_hub import close_session, constants, file_download, hf_api
from huggingface_hub.utils import _http
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from tests.hub_routes import app
from tests.hub_store import WRITE_TOKEN, HubState, Refusal

ALWAYS = sys.maxsize

# --- Faults: what happens to one request in place of the application's own answer.

Fault = Callable[[ASGIApp, Scope, Receive, Send], Awaitable[None]]


def answer(status: int, message: str = "as ordered by the test", code: str | None = None, **headers: str) -> Fault:
    """Answer with an error instead of handling the request; `Retry_After="7"` becomes a header."""
    response = Refusal(status, message, code, **headers).response

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        await response(scope, receive, send)

    return fault


def hang_up() -> Fault:
    """Read the request, and close the connection instead of handling it."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        await _disconnect(scope)

    return fault


def cut(after: int = 0, *, reset: bool = False) -> Fault:
    """Handle the request, but lose the connection when `after` bytes of the answer's body are sent.

    With `reset` the client gets "connection reset by peer" in place of an early end.
    """

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await _answer_of(app, scope, receive)
        await send(start)
        await send({**body, "body": body["body"][:after], "more_body": True})
        await _disconnect(scope, reset=reset)

    return fault


def stall(after: int) -> Fault:
    """Send `after` bytes of the answer's body, and then nothing until the client gives up."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await _answer_of(app, scope, receive)
        await send(start)
        await send({**body, "body": body["body"][:after], "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass

    return fault


def shorten(to: int) -> Fault:
    """Send the first `to` bytes of the file as if they were all: Content-Length agrees with them."""
    return _change_body(lambda body: body[:to])


def corrupt() -> Fault:
    """Send as many bytes as the file has, but other ones."""
    return _change_body(lambda body: bytes(255 - byte for byte in body))


def _change_body(change: Callable[[bytes], bytes]) -> Fault:
    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await _answer_of(app, scope, receive)
        content = change(body["body"])
        headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        await send({**start, "headers": [*headers, (b"content-length", b"%d" % len(content))]})
        await send({**body, "body": content})

    return fault


async def _answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> list[Message]:
    """The two messages of an answer: every answer of this Hub has its body in one piece."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages


async def _disconnect(scope: Scope, *, reset: bool = False) -> None:
    transport = scope["state"]["transport"]
    if reset:
        no_time_to_linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_time_to_linger)
        transport.abort()
    transport.close()
    await asyncio.sleep(0)  # uvicorn hears of it


class _Connection(H11Protocol):
    """uvicorn's HTTP/1.1 with the transport in the scope, where a fault finds it."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


# --- The server.


@dataclass
class Exchange:
    """One request and its answer.

    Attributes:
        method: GET, HEAD, ...
        path: Unquoted, without the query.
        headers: Of the request, their names in lower case.
        sent: Bytes of body that the client sent.
        received: Bytes of body that it was answered.
        status: Of the answer; None while there is none.
    """

    method: str
    path: str
    headers: dict[str, str]
    sent: int = 0
    received: int = 0
    status: int | None = None

    def matches(self, pattern: str) -> bool:
        return fnmatchcase(f"{self.method} {self.path}", pattern)


@dataclass
class _PlannedFault:
    pattern: str
    fault: Fault
    left: int


class HubServer(HubState):
    """A Hub that answers while the context lasts.

    Attributes:
        requests: All requests so far; `requests.clear()` starts anew.
    """

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Exchange] = []
        self._faults: list[_PlannedFault] = []
        self._port = 0

    @property
    def url(self) -> str:
        """Its address, the same after `stop` and `start`."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self.stop()

    def start(self) -> None:
        """Take connections, on the port of last time if there was one."""
        # From here on nobody is refused: clients wait until the thread is ready.
        listener = socket.create_server(("127.0.0.1", self._port))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)  # else 40 ms are lost with every answer
        self._port = listener.getsockname()[1]
        self._stopping = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(listener),), name="hub")
        self._thread.start()

    def stop(self) -> None:
        """Drop all connections and refuse new ones. What is stored stays."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self, listener: socket.socket) -> None:
        # Less than uvicorn's own Server: that takes 0.2 seconds to stop, and every test stops one.
        config = uvicorn.Config(self, interface="asgi3", ws="none", log_config=None, access_log=False)
        state = ServerState()
        server = await self._loop.create_server(lambda: _Connection(config, state, {}), sock=listener)
        await self._stopping.wait()
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.gather(*state.tasks, asyncio.sleep(0))

    def fail(self, pattern: str, fault: Fault, times: int = 1) -> None:
        """Let the next `times` requests that match "METHOD path" (with * and ?) meet a fault; the oldest goes first."""
        self._faults.append(_PlannedFault(pattern, fault, times))

    def heal(self) -> None:
        """Forget all faults."""
        self._faults.clear()

    def seen(self, pattern: str) -> list[Exchange]:
        """The requests so far that match "METHOD path" (with * and ?)."""
        return [request for request in self.requests if request.matches(pattern)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record a request, and let it meet its fault or the routes."""
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        exchange = Exchange(scope["method"], scope["path"], headers)
        self.requests.append(exchange)

        async def counting_receive() -> Message:
            message = await receive()
            exchange.sent += len(message.get("body", b""))
            return message

        async def counting_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
            elif exchange.method != "HEAD":
                exchange.received += len(message["body"])
            await send(message)

        scope["state"]["hub"] = self
        scope["path"] = scope["raw_path"].decode()  # a quoted slash belongs to a name: branch feature%2Fx
        if fault := self._next_fault(exchange):
            await fault(app, scope, counting_receive, counting_send)
        else:
            await app(scope, counting_receive, counting_send)

    def _next_fault(self, exchange: Exchange) -> Fault | None:
        for planned in self._faults:
            if planned.left and exchange.matches(planned.pattern):
                planned.left -= 1
                return planned.fault
        return None


# --- Clients.


def client_environment(hub: HubServer, home: Path, token: str | None = WRITE_TOKEN) -> dict[str, str]:
    """Environment of a process whose huggingface_hub talks to `hub`, and has its cache in `home`."""
    own = ("HF_", "HUGGING", "TRANSFORMERS_OFFLINE")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(own) and not name.lower().endswith("_proxy")
    }
    settings = {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",  # else every LFS file is uploaded to another service, which is not played here
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    return kept | settings | ({"HF_TOKEN": token} if token else {})


def connect_client(
    monkeypatch: pytest.MonkeyPatch, hub: HubServer, home: Path, token: str | None = WRITE_TOKEN
) -> None:
    """Let the huggingface_hub of this process talk to `hub`, with its cache in `home`; once more, for another person.

    huggingface_hub reads the environment once, into constants. They are worked out anew from the other environment, and
    set wherever one of its modules has them.
    """
    environment = client_environment(hub, home, token)
    for name in os.environ.keys() - environment.keys():
        monkeypatch.delenv(name)
    for name, value in environment.items() - os.environ.items():
        monkeypatch.setenv(name, value)
    settings = {name: value for name, value in runpy.run_path(constants.__file__).items() if name.isupper()}
    modules = [module for name, module in sys.modules.items() if name.startswith("huggingface_hub.")]
    for module in modules:
        for name in settings.keys() & vars(module).keys():
            monkeypatch.setattr(module, name, settings[name])
    monkeypatch.setattr(hf_api.api, "endpoint", hub.url)
    if transformers_hub := sys.modules.get("transformers.utils.hub"):
        monkeypatch.setattr(transformers_hub, "_hf_api", None)  # made once, for the Hub of then
    # huggingface_hub uploads LFS files in a way that httpx2 has deprecated; pytest undoes this after the test.
    warnings.filterwarnings("ignore", "Use 'content=<...>'", DeprecationWarning)


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """An empty Hub."""
    with HubServer() as server:
        yield server
        close_session()  # the next Hub of the client in this process has another port


@pytest.fixture
def hub_client(hub: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The home, still empty, of the huggingface_hub of this process; it talks to `hub` and may write as acme."""
    home = tmp_path / "huggingface"
    connect_client(monkeypatch, hub, home)
    return home


@pytest.fixture
def hub_waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the huggingface_hub of this process meant to wait before it tried again. It does not wait."""
    waits: list[float] = []
    for module in (_http, file_download):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=waits.append))
    return waits
