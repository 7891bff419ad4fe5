"""Calls the operator's emergency webhook: signed, to the address in the settings and no other.

The address comes from `collector.toml` alone. Redirects are not followed, no proxy of the
environment is used, and addresses that belong to the local link or to nobody (where clouds answer
with credentials) are refused after the name was looked up; the connection goes to what was checked.
"""

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from collector.audit.replicas.loghost import tls_context
from collector.settings import ChannelSettings

SECONDS = 10.0
SIGNATURE = "Muster-Signature"


class NotTaken(Exception):
    """The channel did not take it; str() says why."""


class Webhook:
    """`Muster-Signature: t=SECONDS,v1=HEX`, HMAC-SHA256 over "SECONDS." and the body."""

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        self._url = urlsplit(settings.webhook)

    def tell(self, message: Mapping[str, object], at: datetime) -> None:
        """Post it as JSON. Raises NotTaken."""
        body = json.dumps(message).encode()
        stamp = str(int(at.timestamp()))
        try:
            secret = self._settings.secret_file.read_bytes().strip()
            headers = {
                "Content-Type": "application/json",
                SIGNATURE: f"t={stamp},v1={signature(secret, stamp, body)}",
            }
            connection = self._connection()
            try:
                target = self._url.path or "/"
                target += f"?{self._url.query}" if self._url.query else ""
                connection.request("POST", target, body, headers)
                status = connection.getresponse().status
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise NotTaken(f"the webhook cannot be called: {error}") from error
        if not 200 <= status < 300:
            raise NotTaken(f"the webhook answers {status}")

    def _connection(self) -> http.client.HTTPConnection:
        host = self._url.hostname or ""
        secure = self._url.scheme == "https"
        port = self._url.port or (443 if secure else 80)
        plain = socket.create_connection(checked(host, port), SECONDS)
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
        connection.sock = _secured(plain, self._settings, host) if secure else plain
        return connection


def signature(secret: bytes, stamp: str, body: bytes) -> str:
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def checked(host: str, port: int) -> tuple[str, int]:
    """The address to connect to, looked up once. Raises NotTaken for one that is never a webhook's.

    >>> checked("169.254.169.254", 443)
    Traceback (most recent call last):
    collector.incidents.channel.NotTaken: the webhook's address 169.254.169.254 is refused
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    text = str(found[0][4][0])
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        raise NotTaken(f"the webhook's address {text} is refused")
    return text, port


def _secured(plain: socket.socket, settings: ChannelSettings, host: str) -> ssl.SSLSocket:
    try:
        return tls_context(settings.authority).wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise
