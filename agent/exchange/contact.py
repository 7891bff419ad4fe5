"""Nothing is sent before the server has shown the right authority: TCP, proxy and TLS, no gRPC."""

import os
import socket
import ssl
import sys
from pathlib import Path

from agent.clock import system_clock
from agent.config import split_address
from agent.exchange import proxy
from agent.exchange.troubles import Unreachable, with_advice

TIME_LIMIT = 10.0
"""Seconds to connect, and again for the TLS handshake."""


NOT_YET_VALID, HAS_EXPIRED = 9, 10
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED of x509_vfy.h."""


class NotTrusted(Unreachable):
    """Something answered, and it is not the collector we were told about."""


class WrongTime(NotTrusted):
    """The certificate is not valid yet, or not any more, by this device's clock."""


def presented_chain(address: str, told_proxy: str = "") -> tuple[bytes, ...]:
    """The certificates the server shows, DER, its own first. Nothing is believed yet."""
    context = _context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with _handshake(address, context, told_proxy) as connection:
        return _unverified_chain(connection)


def verify(
    address: str,
    authority: bytes,
    shown: tuple[Path, Path] | None = None,
    told_proxy: str = "",
) -> None:
    """Raise unless the server proves, under `authority` (PEM), to be the host of the address.

    `shown`: files of the certificate and key that we show if the server asks for one.
    """
    with secured(address, authority, shown, told_proxy):
        pass


def secured(
    address: str,
    authority: bytes,
    shown: tuple[Path, Path] | None = None,
    told_proxy: str = "",
) -> ssl.SSLSocket:
    """A connection to the host of the address, proved under `authority`; as `verify`."""
    context = _context()
    try:
        context.load_verify_locations(cadata=authority.decode("ascii"))
        if shown is not None:
            context.load_cert_chain(*shown)
    except (OSError, UnicodeDecodeError) as error:  # an SSLError is an OSError
        raise Unreachable("not tried: our own key or certificate cannot be used") from error
    return _handshake(address, context, told_proxy)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["h2"])
    return context


def _handshake(address: str, context: ssl.SSLContext, told_proxy: str) -> ssl.SSLSocket:
    host, _ = split_address(address)
    plain = _connect(address, told_proxy)
    try:
        plain.settimeout(TIME_LIMIT)
        return context.wrap_socket(plain, server_hostname=proxy.spelled(host))
    except ssl.SSLCertVerificationError as error:
        plain.close()
        if error.verify_code in (NOT_YET_VALID, HAS_EXPIRED):
            when = "is not valid yet" if error.verify_code == NOT_YET_VALID else "has ended"
            ours = f"{system_clock():%Y-%m-%d %H:%M} UTC"
            words = f"{address}: its certificate {when}, by this device's clock ({ours})"
            raise WrongTime(words) from error
        said = error.verify_message.rstrip(".")
        raise NotTrusted(f"{address} is not the collector it should be: {said}") from error
    except (ssl.SSLError, OSError) as error:
        plain.close()
        said = "no answer" if isinstance(error, TimeoutError) else "it does not speak TLS 1.3"
        raise Unreachable(f"{address} accepts connections, but {said}") from error


def _connect(address: str, told: str) -> socket.socket:
    host, port = split_address(address)
    way = proxy.proxy_for(host, os.environ, told)
    place = address if way is None else f"{address} through the proxy {way}"
    try:
        if way is None:
            return proxy.to_host(host, port, TIME_LIMIT)
        return proxy.connect(way, host, port, TIME_LIMIT)
    except socket.gaierror as error:
        raise Unreachable(f"{place}: this name cannot be resolved") from error
    except TimeoutError as error:
        raise Unreachable(f"{place} does not answer") from error
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error) or "unreadable answer"
        raise Unreachable(f"{place}: {with_advice(said.lower())}") from error


def _unverified_chain(connection: ssl.SSLSocket) -> tuple[bytes, ...]:
    """The public way exists since Python 3.13; before, the same answer lies one object deeper."""
    if sys.version_info >= (3, 13):
        return tuple(connection.get_unverified_chain())
    import _ssl

    chain = connection._sslobj.get_unverified_chain()  # type: ignore[attr-defined]
    return tuple(part.public_bytes(_ssl.ENCODING_DER) for part in chain)
