"""A replica on a log host: syslog over TLS, each record one message (RFC 5424, framed as RFC 5425).

Syslog has no acknowledgement. Each batch has its own connection, which is closed in order: only
when the host has answered our close with its own end, after all that we sent, does the batch count
as taken; else it is sent again, so a line may be there twice and never be missing. Where we stand
is kept here and not there; what the host wrote is compared by `audit verify --seen FILE`.
"""

import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from collector.audit.chain import HASH_LENGTH
from collector.audit.replicas.shelf import Part, Unreachable
from collector.audit.verifying import Record
from collector.identity.key_files import write_private
from collector.settings import SyslogSettings
from collector.trust import tls_context

PRIORITY = 13 * 8 + 5
"""Facility 13 (log audit), severity 5 (notice): RFC 5424, 6.2.1."""
SECONDS = 15.0
APPLICATION = "muster-collector"


class LogHost:
    """`state_file`: where the position is kept on this side."""

    readable = False

    def __init__(self, settings: SyslogSettings, state_file: Path, host_name: str) -> None:
        self._settings = settings
        self._state_file = state_file
        self._host_name = host_name

    def state(self) -> bytes | None:
        try:
            return self._state_file.read_bytes()
        except FileNotFoundError:
            return None

    def keep_state(self, content: bytes) -> None:
        self._state_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._state_file, content)

    def keep_key(self, content: bytes) -> None:
        """A log host takes lines only."""

    def append(self, part: Part) -> None:
        lines = part.content.split(b"\n")[:-1]
        messages = b"".join(framed(line, self._host_name) for line in lines)
        address = self._settings.address
        try:
            with socket.create_connection((address.host, address.port), SECONDS) as plain:
                self._send(plain, messages)
        except (OSError, ValueError) as error:
            raise Unreachable(f"{address}: {_why(error)}") from error

    def read(self, segment: int) -> bytes:
        return b""

    def drop(self, segment: int) -> None:
        """A log host keeps and forgets by its own rules."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def _send(self, plain: socket.socket, messages: bytes) -> None:
        context = tls_context(self._settings.authority)
        if self._settings.certificate is not None:
            context.load_cert_chain(self._settings.certificate, self._settings.key)
        with context.wrap_socket(plain, server_hostname=self._settings.server_name) as secure:
            secure.sendall(messages)
            _close_in_order(secure)


def framed(line: bytes, host_name: str) -> bytes:
    """One record as a message with its length before it (RFC 5425, 4.3).

    >>> line = b"0" * 64 + b' {"n":7,"at":"2026-11-22T09:05:00.001Z","action":"login"}'
    >>> framed(line, "collector").partition(b"0" * 64)[0]
    b'190 <109>1 2026-11-22T09:05:00.001Z collector muster-collector - audit - '
    """
    at = msgspec.json.decode(line[HASH_LENGTH + 1 :], type=Record).at
    header = f"<{PRIORITY}>1 {at} {host_name} {APPLICATION} - audit - ".encode()
    return b"%d %b%b" % (len(header) + len(line), header, line)


def _close_in_order(secure: ssl.SSLSocket) -> None:
    """Say that this was all, and wait until the other side says so too.

    A host that ended its connection without having read everything resets it (TCP), which raises.
    """
    try:
        secure.unwrap()
    except ssl.SSLEOFError:
        return  # it read our end and closed without a word of its own, which RFC 5425 4.4 allows


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
