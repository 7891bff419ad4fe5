"""Calls webhooks: the addresses in the settings and no other.

They come from `collector.toml` alone. Redirects are not followed, no proxy of the environment is
used, and addresses that belong to the local link or to nobody (where clouds answer with
credentials) are refused after the name was looked up; the connection goes to what was checked.
"""

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from collector.notify.patience import Deadline
from collector.notify.taking import NotTaken, Send, Unreachable
from collector.store.notifications import Notification
from collector.subscriptions import Subscriber
from collector.trust import tls_context

SECONDS = 10.0
LONGEST_SECONDS = 30.0
"""For the whole of a call."""
SIGNATURE = "Muster-Signature"

Body = Callable[[Notification, datetime], Mapping[str, object]]


class Webhook:
    """Posts JSON of the form that `body` makes.

    With a secret: `Muster-Signature: t=SECONDS,v1=HEX`, HMAC-SHA256 over "SECONDS." and the body.
    """

    def __init__(self, settings: Subscriber, body: Body) -> None:
        self._settings = settings
        self._body = body

    @contextmanager
    def open(self) -> Iterator[Send]:
        yield self._send

    def _send(self, notification: Notification, at: datetime) -> None:
        content = json.dumps(self._body(notification, at)).encode()
        stamp = str(int(at.timestamp()))
        headers = {"Content-Type": "application/json"}
        try:
            if self._settings.secret_file is not None:
                secret = self._settings.secret_file.read_bytes().strip()
                headers[SIGNATURE] = f"t={stamp},v1={signature(secret, stamp, content)}"
            status = post(self._url(), content, headers, self._settings.authority)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(f"the webhook cannot be called: {_why(error)}") from error
        if not 200 <= status < 300:
            raise NotTaken(f"the webhook answers {status}")

    def _url(self) -> str:
        path = self._settings.url_file
        return self._settings.url if path is None else path.read_text(encoding="utf-8").strip()


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    authority: Path | None,
    longest: float = LONGEST_SECONDS,
) -> int:
    """The status of the answer."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    plain = socket.create_connection(checked(host, port), SECONDS)
    with plain.dup() as line, Deadline(line, longest):
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
        connection.sock = _secured(plain, authority, host) if secure else plain
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, dict(headers))
            return connection.getresponse().status
        finally:
            connection.close()


def signature(secret: bytes, stamp: str, body: bytes) -> str:
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def checked(host: str, port: int) -> tuple[str, int]:
    """The address to connect to, looked up once. Raises Unreachable for one that is never a
    webhook's.

    >>> checked("169.254.169.254", 443)
    Traceback (most recent call last):
    collector.notify.taking.Unreachable: the webhook's address 169.254.169.254 is refused
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    text = str(found[0][4][0])
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        raise Unreachable(f"the webhook's address {text} is refused")
    return text, port


def _secured(plain: socket.socket, authority: Path | None, host: str) -> ssl.SSLSocket:
    try:
        return tls_context(authority).wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise


def _why(error: Exception) -> str:
    """Never the address: of a chat's webhook it is a secret."""
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    return type(error).__name__
