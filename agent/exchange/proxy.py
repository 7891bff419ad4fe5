"""The way through an HTTP proxy: which one, and CONNECT.

It is the one that enrollment was told; else the one of the environment, in small letters or large.
gRPC is handed the same answer, so that the first look and the calls that follow take one way.
"""

import base64
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote, urlsplit

from agent.exchange.troubles import Unreachable

NAMES = ("grpc_proxy", "https_proxy", "http_proxy")
EXEMPT = ("no_grpc_proxy", "no_proxy")
USUAL_PORT = 80
MOST_ANSWERED = 16_384


class BadProxy(Unreachable):
    """The proxy's address cannot be used; nothing was sent."""


class ProxyRefused(Unreachable):
    """The proxy answered, and does not let this connection through."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """`url` holds a password if the proxy wants one; `str()` does not."""

    url: str
    host: str
    port: int
    login: str = ""

    def __str__(self) -> str:
        return _place(self.host, self.port)


def parse(url: str) -> Proxy:
    """Raises BadProxy, without repeating what may be a password.

    >>> str(parse("http://alice:secret@proxy.example:3128"))
    'proxy.example:3128'
    """
    try:
        way = urlsplit(url if "//" in url else f"//{url}")
        host, port = way.hostname, way.port or USUAL_PORT
    except ValueError as error:
        raise BadProxy("the proxy's address cannot be read; write http://host:port") from error
    if way.scheme not in ("", "http"):
        raise BadProxy(f"the proxy's address begins with {way.scheme}://; only http:// works")
    if not host:
        raise BadProxy("the proxy's address names no host; write http://host:port")
    login = ""
    if way.username is not None:
        login = f"{unquote(way.username)}:{unquote(way.password or '')}"
    return Proxy(f"http://{way.netloc}", host, port, login)


def proxy_for(host: str, environ: Mapping[str, str], told: str = "") -> Proxy | None:
    """The proxy on the way to a host, or None for a direct connection. Raises BadProxy.

    >>> proxy_for("c.example", {"HTTPS_PROXY": "http://p:3128", "no_proxy": "x, .example"})
    >>> str(proxy_for("c.test", {"https_proxy": "http://p:3128", "no_proxy": "x, .example"}))
    'p:3128'
    """
    url = told or _first(environ, NAMES)
    suffixes = [part.strip() for part in _first(environ, EXEMPT).split(",") if part.strip()]
    if not url or any(part == "*" or host.endswith(part) for part in suffixes):
        return None
    return parse(url)


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    both = [spelling for name in names for spelling in (name, name.upper())]
    return next((environ[name] for name in both if environ.get(name)), "")


def settings(environ: Mapping[str, str]) -> dict[str, str]:
    """What the environment says of proxies, for another of our own programs."""
    both = [spelling for name in NAMES + EXEMPT for spelling in (name, name.upper())]
    return {name: environ[name] for name in both if name in environ}


def spelled(host: str) -> str | bytes:
    """A host's name as the wire has it: as bytes, half a megabyte of IDNA tables stays unloaded."""
    return host.encode() if host.isascii() else host


def to_host(host: str, port: int, time_limit: float) -> socket.socket:
    """A connection. Raises OSError."""
    name = cast("str", spelled(host))  # getaddrinfo takes bytes too
    return socket.create_connection((name, port), time_limit)


def connect(proxy: Proxy, host: str, port: int, time_limit: float) -> socket.socket:
    """A connection through the proxy. Raises OSError and ProxyRefused."""
    connection = to_host(proxy.host, proxy.port, time_limit)
    try:
        place = _place(host, port)
        lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
        if proxy.login:
            coded = base64.b64encode(proxy.login.encode()).decode()
            lines.append(f"Proxy-Authorization: Basic {coded}")
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        _granted(proxy, _head(connection, time_limit))
    except BaseException:
        connection.close()
        raise
    return connection


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _head(connection: socket.socket, time_limit: float) -> bytes:
    """Byte by byte, as what follows belongs to TLS; proxies send a few hundred at most.

    The limit is for all of it: a proxy that sends a byte now and then would hold us for hours.
    """
    head, ends_at = b"", time.monotonic() + time_limit
    while not head.endswith(b"\r\n\r\n") and len(head) < MOST_ANSWERED:
        left = ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        byte = connection.recv(1)
        if not byte:
            break
        head += byte
    return head


def _granted(proxy: Proxy, head: bytes) -> None:
    parts = head.split(b"\r\n", 1)[0].split(None, 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit():
        raise ProxyRefused(f"{proxy} is no HTTP proxy: it answers something else")
    status = int(parts[1])
    if 200 <= status < 300:
        return
    words = {
        401: "wants a user and a password, or does not accept those it was given",
        403: "does not allow connections to the collector",
        407: "wants a user and a password, or does not accept those it was given",
        502: "cannot reach the collector",
        503: "cannot reach the collector",
        504: "got no answer from the collector",
    }
    raise ProxyRefused(f"the proxy {proxy} {words.get(status, f'answers {status}')}")
