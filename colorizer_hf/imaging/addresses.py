"""`fetch`: the bytes behind an address of the web, or in a data address, for those who ask for it.

Who can name an address can make this machine ask its neighbours. So only public hosts are asked, also after redirects
and whatever a name resolves to on a second look, directly and not through a proxy.

Only those who fetch import this: its own imports would make every cold start longer.
"""

import base64
import ssl
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, responses
from ipaddress import ip_address
from socket import SOCK_STREAM, gaierror, getaddrinfo
from typing import Any
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import unquote_to_bytes

from ..errors import ImageError
from .names import shown

MAX_BYTES = 100_000_000
MAX_SECONDS = 60.0
_SILENCE = 10.0  # seconds after which a host that says nothing is given up
_CHUNK = 1 << 16


def fetch(
    address: str, *, max_bytes: int = MAX_BYTES, max_seconds: float = MAX_SECONDS, public_only: bool = True
) -> bytes:
    """What lies behind an address.

    Args:
        address: "http://...", "https://..." or "data:...".
        max_bytes: More are refused.
        max_seconds: A longer wait is given up.
        public_only: Refuse hosts of private networks and this machine.

    Raises:
        ImageError: it cannot be had; the message says why.
    """
    scheme, _, rest = address.partition(":")
    if scheme.lower() == "data":
        return _data(rest, max_bytes)
    if scheme.lower() not in ("http", "https"):
        raise ImageError(f"{shown(address)}: only http, https and data addresses are fetched; download it first")
    until = time.monotonic() + max_seconds
    with _failures_as_image_errors(shown(address)):
        question = request.Request(address, headers={"User-Agent": "colorizer_hf"})
        with _opener(public_only).open(question, timeout=_SILENCE) as file:
            return _whole(file, max_bytes, until)


def _data(rest: str, max_bytes: int) -> bytes:
    kind, comma, content = rest.partition(",")
    if not comma:
        raise ImageError("the data address has no data; copy it whole")
    if len(content) > 3 * max_bytes:  # every byte may be written as %xx
        raise _too_large("the data address", max_bytes)
    data = unquote_to_bytes(content)
    if kind.lower().endswith(";base64"):
        try:
            data = base64.b64decode(data)
        except ValueError as error:
            raise ImageError("the data address is no base64; copy it whole") from error
    if len(data) > max_bytes:
        raise _too_large("the data address", max_bytes)
    return data


def _whole(file: HTTPResponse, max_bytes: int, until: float) -> bytes:
    content = bytearray()
    while chunk := file.read(_CHUNK):
        content += chunk
        if len(content) > max_bytes:
            raise _too_large("it", max_bytes)
        if time.monotonic() > until:
            raise ImageError("it arrives too slowly; download it first")
    if file.length:  # what was announced besides
        raise ImageError("it arrives cut off; try again")
    return bytes(content)


def _too_large(what: str, max_bytes: int) -> ImageError:
    return ImageError(f"{what} has more than the limit of {max_bytes:,} bytes; make the picture smaller")


def _opener(public_only: bool) -> request.OpenerDirector:
    """Like urllib's own, but for the web only, without proxies, and particular about hosts."""
    opener = request.OpenerDirector()
    for handler in (
        _Handler(public_only),
        request.HTTPRedirectHandler(),
        request.HTTPErrorProcessor(),
        request.HTTPDefaultErrorHandler(),
        request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


class _Handler(request.HTTPSHandler):
    def __init__(self, public_only: bool) -> None:
        super().__init__()
        self._public_only = public_only

    http_request = https_request = request.AbstractHTTPHandler.do_request_

    def http_open(self, req: request.Request) -> Any:
        return self.do_open(partial(_Connection, public_only=self._public_only), req)

    def https_open(self, req: request.Request) -> Any:
        context = ssl.create_default_context()
        return self.do_open(partial(_SecureConnection, public_only=self._public_only, context=context), req)


class _PublicHosts(HTTPConnection):
    """Mixed into a connection: it is made to public hosts only."""

    def __init__(self, *args: Any, public_only: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._public_only = public_only

    def connect(self) -> None:
        if self._public_only:
            for *_, place in getaddrinfo(self.host, self.port, type=SOCK_STREAM):
                _check_public(place[0])
        super().connect()
        if self._public_only:
            _check_public(self.sock.getpeername()[0])  # the name may have meant another host this time


class _Connection(_PublicHosts, HTTPConnection):
    pass


class _SecureConnection(_PublicHosts, HTTPSConnection):
    pass


def _check_public(place: str | int) -> None:
    address = ip_address(place)
    if not address.is_global or address.is_multicast:
        raise ImageError("it leads into a private network, where nothing is fetched; download the picture first")


@contextmanager
def _failures_as_image_errors(name: str) -> Generator[None]:
    try:
        yield
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error
    except HTTPError as error:
        error.close()
        status = f"{error.code} {responses.get(error.code, '')}".strip()
        raise ImageError(f"{name}: its server answers {status}; check the address") from error
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, gaierror):
            reason = "there is no such host"
        raise ImageError(f"{name}: it could not be fetched ({reason or 'no answer'}); check the address") from error


__all__ = ["MAX_BYTES", "fetch"]
