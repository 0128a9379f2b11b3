"""Fetching from a real server in this process, and from where nothing is fetched."""

import base64
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from colorizer_hf.errors import ImageError
from colorizer_hf.imaging.addresses import fetch
from colorizer_hf.imaging.names import is_address, shown

CONTENT = bytes(range(256)) * 8


class Handler(BaseHTTPRequestHandler):
    """Answers by the path it is asked for."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self._answer(302, {"Location": "/photo.png"})
        elif self.path == "/to-a-file":
            self._answer(302, {"Location": "file:///etc/hosts"})
        elif self.path == "/round":
            self._answer(302, {"Location": "/round"})
        elif self.path == "/broken":
            self._answer(200, {"Content-Length": "99999"}, CONTENT)
        elif self.path == "/slow":
            self._answer(200, {})
            for _ in range(20):
                time.sleep(0.05)
                self.wfile.write(b"x")
        elif self.path == "/photo.png":
            self._answer(200, {"Content-Length": str(len(CONTENT))}, CONTENT)
        else:
            self._answer(404, {})

    def _answer(self, status: int, headers: dict[str, str], content: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def here() -> Iterator[str]:
    """The address of a server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class TestWeb:
    @pytest.mark.parametrize("path", ["/photo.png", "/moved"])
    def test_gives_the_bytes_also_after_a_redirect(self, here: str, path: str) -> None:
        assert fetch(here + path, public_only=False) == CONTENT

    def test_no_proxy_stands_between(self, here: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert fetch(f"{here}/photo.png", public_only=False) == CONTENT

    def test_no_more_than_the_limit(self, here: str) -> None:
        assert fetch(f"{here}/photo.png", max_bytes=2048, public_only=False) == CONTENT
        with pytest.raises(ImageError, match=r"photo\.png: it has more than the limit of 2,047 bytes"):
            fetch(f"{here}/photo.png", max_bytes=2047, public_only=False)

    def test_what_arrives_too_slowly_is_given_up(self, here: str) -> None:
        with pytest.raises(ImageError, match="/slow: it arrives too slowly"):
            fetch(f"{here}/slow", max_seconds=0.1, public_only=False)

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            ("/gone.png", "its server answers 404 Not Found"),
            ("/round", "its server answers 302 Found"),
            ("/to-a-file", "its server answers 302 Found"),
            ("/broken", "it arrives cut off"),
            ("/a b", "it could not be fetched"),
        ],
    )
    def test_failures_are_one_sentence(self, here: str, path: str, reason: str) -> None:
        with pytest.raises(ImageError, match=f"^{here}{path}: {reason}") as caught:
            fetch(here + path, public_only=False)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("address", ["http://", "https://[", "http://no-such-host.invalid/a.jpg", "http://:80"])
    def test_no_host_is_one_sentence_too(self, address: str) -> None:
        with pytest.raises(ImageError, match="it could not be fetched"):
            fetch(address)

    @pytest.mark.parametrize("address", ["ftp://example.com/a.jpg", "file:///etc/hosts", "s3://bucket/a.jpg"])
    def test_other_schemes_are_refused(self, address: str) -> None:
        with pytest.raises(ImageError, match="only http, https and data addresses are fetched"):
            fetch(address)


class TestPrivateNetworks:
    @pytest.mark.parametrize(
        "host",
        [
            *("127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "127.1"),
            *("[::1]", "[fd00::1]", "[fe80::1]", "[::ffff:127.0.0.1]", "2130706433", "224.0.0.1", "100.64.0.1"),
        ],
    )
    def test_nothing_is_fetched_from_them(self, host: str) -> None:
        for scheme in ("http", "https"):
            with pytest.raises(ImageError, match="it leads into a private network, where nothing is fetched"):
                fetch(f"{scheme}://{host}:9/photo.png")

    def test_the_server_is_not_even_asked(self, here: str) -> None:
        with pytest.raises(ImageError, match="it leads into a private network"):
            fetch(f"{here}/photo.png")


class TestData:
    @pytest.mark.parametrize(
        "address",
        [
            f"data:image/png;base64,{base64.b64encode(CONTENT).decode()}",
            f"DATA:;BASE64,{base64.b64encode(CONTENT).decode().replace('=', '%3D')}",
            "data:," + "".join(f"%{byte:02X}" for byte in CONTENT),
        ],
        ids=["base64", "without a type", "percent"],
    )
    def test_is_decoded(self, address: str) -> None:
        assert fetch(address, max_bytes=2048) == CONTENT
        with pytest.raises(ImageError, match="more than the limit of 2,047 bytes"):
            fetch(address, max_bytes=2047)

    @pytest.mark.parametrize("address", ["data:image/png;base64", "data:;base64,AAA"])
    def test_what_is_none_is_said(self, address: str) -> None:
        with pytest.raises(ImageError, match=r"the data address .*; copy it whole"):
            fetch(address)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        *(("https://a/b.jpg", True), ("data:,", True), ("S3://a", True), ("old.jpg", False), (r"C:\a.jpg", False)),
        *(("a://b", False), ("data", False), (b"https://a", False), ("dir/http://x", False)),
    ],
)
def test_an_address_begins_with_its_scheme(source: Any, expected: bool) -> None:
    assert is_address(source) == expected


def test_a_long_name_is_shown_by_its_beginning() -> None:
    assert shown("old.jpg") == "old.jpg"
    assert len(shown("data:" + "A" * 200_000)) == 100
