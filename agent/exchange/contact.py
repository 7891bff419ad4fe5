"""Nothing is sent before the server has shown the right authority: TCP, proxy and TLS, no gRPC.

The proxy is found as gRPC finds it (grpc_proxy, https_proxy, http_proxy; no_grpc_proxy, no_proxy),
so that the first look and the calls that follow take the same way.
"""

import base64
import http.client
import os
import socket
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from agent.config import split_address
from agent.exchange.transport import Unreachable, with_advice

TIME_LIMIT = 10.0
"""Seconds to connect, and again for the TLS handshake."""


class NotTrusted(Unreachable):
    """Something answered, and it is not the collector we were told about."""


def presented_chain(address: str) -> tuple[bytes, ...]:
    """The certificates the server shows, DER, its own first. Nothing is believed yet."""
    context = _context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with _handshake(address, context) as connection:
        return _unverified_chain(connection)


def verify(address: str, authority: bytes, shown: tuple[Path, Path] | None = None) -> None:
    """Raise unless the server proves, under `authority` (PEM), to be the host of the address.

    `shown`: files of the certificate and key that we show if the server asks for one.
    """
    context = _context()
    try:
        context.load_verify_locations(cadata=authority.decode("ascii"))
        if shown is not None:
            context.load_cert_chain(*shown)
    except (OSError, UnicodeDecodeError) as error:  # an SSLError is an OSError
        raise Unreachable("not tried: our own key or certificate cannot be used") from error
    with _handshake(address, context):
        pass


def proxy_for(host: str, environ: Mapping[str, str]) -> str | None:
    """The proxy's URL, or None for a direct connection.

    >>> proxy_for("c.example", {"https_proxy": "http://p:3128", "no_proxy": "x, .example"})
    >>> proxy_for("c.test", {"https_proxy": "http://p:3128", "no_proxy": "x, .example"})
    'http://p:3128'
    """
    names = ("grpc_proxy", "https_proxy", "http_proxy")
    proxy = next((environ[name] for name in names if environ.get(name)), None)
    exempt = environ.get("no_grpc_proxy") or environ.get("no_proxy") or ""
    suffixes = [part.strip() for part in exempt.split(",") if part.strip()]
    return None if any(host.endswith(suffix) for suffix in suffixes) else proxy


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["h2"])
    return context


def _handshake(address: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    host, _ = split_address(address)
    plain = _connect(address)
    try:
        plain.settimeout(TIME_LIMIT)
        return context.wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        said = error.verify_message.rstrip(".")
        raise NotTrusted(f"{address} is not the collector it should be: {said}") from error
    except (ssl.SSLError, OSError) as error:
        plain.close()
        said = "no answer" if isinstance(error, TimeoutError) else "it does not speak TLS 1.3"
        raise Unreachable(f"{address} accepts connections, but {said}") from error


def _connect(address: str) -> socket.socket:
    host, port = split_address(address)
    proxy = proxy_for(host, os.environ)
    try:
        if proxy is None:
            return socket.create_connection((host, port), TIME_LIMIT)
        return _through(proxy, host, port)
    except socket.gaierror as error:
        raise Unreachable(f"{_place(address, proxy)}: this name cannot be resolved") from error
    except TimeoutError as error:
        raise Unreachable(f"{_place(address, proxy)} does not answer") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error) or "unreadable answer"
        raise Unreachable(f"{_place(address, proxy)}: {with_advice(said.lower())}") from error


def _place(address: str, proxy: str | None) -> str:
    return address if proxy is None else f"{address} through the proxy {urlsplit(proxy).hostname}"


def _through(proxy: str, host: str, port: int) -> socket.socket:
    """HTTP CONNECT."""
    way = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    connection = http.client.HTTPConnection(way.hostname or "", way.port or 80, timeout=TIME_LIMIT)
    headers = {}
    if way.username is not None:
        pair = f"{unquote(way.username)}:{unquote(way.password or '')}"
        headers["Proxy-Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    connection.set_tunnel(host, port, headers)
    connection.connect()
    assert connection.sock is not None
    return connection.sock


def _unverified_chain(connection: ssl.SSLSocket) -> tuple[bytes, ...]:
    """The public way exists since Python 3.13; before, the same answer lies one object deeper."""
    if sys.version_info >= (3, 13):
        return tuple(connection.get_unverified_chain())
    import _ssl

    chain = connection._sslobj.get_unverified_chain()  # type: ignore[attr-defined]
    return tuple(part.public_bytes(_ssl.ENCODING_DER) for part in chain)
