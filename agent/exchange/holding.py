"""The one call that a connected agent holds open, without the weight of grpc.

The wire is that of gRPC: `PostureService/Listen` over HTTP/2 on mutual TLS. What is sent is one
empty message; of what comes, only that it came matters. A connection on which nothing was heard
is asked with a ping, and given up when nothing answers.
https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError

from agent.exchange.troubles import RETRY_AFTER, TransportError, Unreachable, hint, meaning

PATH = "/posture.v1.PostureService/Listen"
NOTHING = bytes(5)
"""An empty message: not compressed, of length 0."""
QUIET_SECONDS = 75.0
"""Without a word from the collector, which pings once a minute, before it is asked itself."""
ANSWER_SECONDS = 20.0
MOST_READ = 16_384
CODES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)


class Over(Exception):
    """The call has ended; `called`: because the collector called."""

    def __init__(self, *, called: bool) -> None:
        super().__init__()
        self.called = called


@dataclass(slots=True)
class Stream:
    """One call on one connection, used once. `seconds` is a clock that only goes forward."""

    socket: ssl.SSLSocket
    address: str
    seconds: Callable[[], float]

    def wait(self, seconds: float) -> bool:
        """Until the collector calls (True), or for so many seconds. Raises TransportError."""
        talk = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        ends_at = self.seconds() + seconds
        try:
            self._ask(talk, seconds)
            while True:
                self._hear(talk, ends_at)
        except Over as over:
            return over.called
        except ProtocolError as error:
            raise Unreachable(f"{self.address}: what came is no HTTP/2") from error
        except (ssl.SSLError, OSError) as error:
            said = error.strerror or str(error) or type(error).__name__
            raise Unreachable(f"{self.address}: the connection ended ({said.lower()})") from error

    def _ask(self, talk: H2Connection, seconds: float) -> None:
        talk.initiate_connection()
        stream = talk.get_next_available_stream_id()
        head = [
            (":method", "POST"),
            (":scheme", "https"),
            (":path", PATH),
            (":authority", self.address),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", "muster-agent"),
            ("grpc-timeout", f"{min(max(int(seconds), 1), 99_999_999)}S"),
        ]
        talk.send_headers(stream, head)
        talk.send_data(stream, NOTHING, end_stream=True)
        self.socket.sendall(talk.data_to_send())

    def _hear(self, talk: H2Connection, ends_at: float) -> None:
        """Whatever comes next; a silence that lasts too long is asked about."""
        came = self._read(QUIET_SECONDS, ends_at)
        if came is None:
            talk.ping(bytes(8))
            self.socket.sendall(talk.data_to_send())
            came = self._read(ANSWER_SECONDS, ends_at)
        if came is None:
            raise Unreachable(f"{self.address}: the connection is dead, nothing answers")
        if not came:
            raise Unreachable(f"{self.address}: the collector closed the connection")
        events = talk.receive_data(came)
        self.socket.sendall(talk.data_to_send())
        self._follow(events)

    def _read(self, seconds: float, ends_at: float) -> bytes | None:
        """None: nothing came in time. Raises Over at the end of the whole wait."""
        left = ends_at - self.seconds()
        if left <= 0:
            raise Over(called=False)
        self.socket.settimeout(min(seconds, left))
        try:
            return self.socket.recv(MOST_READ)
        except TimeoutError:
            if self.seconds() >= ends_at:
                raise Over(called=False) from None
            return None

    def _follow(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, DataReceived) and event.data:
                raise Over(called=True)
            if isinstance(event, TrailersReceived | ResponseReceived):
                self._status({_text(n): _text(v) for n, v in event.headers or ()})
            if isinstance(event, StreamEnded | StreamReset):
                raise Unreachable(f"{self.address}: the stream ended")
            if isinstance(event, ConnectionTerminated) and event.error_code:
                raise Unreachable(f"{self.address}: the collector ended the connection")

    def _status(self, headers: dict[str, str]) -> None:
        """Raises what a final status means; an answer that goes on has none yet."""
        if "grpc-status" not in headers:
            if headers.get(":status", "200") != "200":
                raise Unreachable(f"{self.address} answered HTTP {headers[':status']}")
            return
        raise self._ended(headers)

    def _ended(self, headers: dict[str, str]) -> TransportError | Over:
        number = headers["grpc-status"]
        known = number.isdecimal() and int(number) < len(CODES)
        code = CODES[int(number)] if known else f"status {number[:10]}"
        if code in ("OK", "DEADLINE_EXCEEDED"):
            return Over(called=False)
        said = unquote(headers.get("grpc-message", ""))
        after = hint(headers[RETRY_AFTER]) if RETRY_AFTER in headers else None
        if code in ("UNAVAILABLE", "CANCELLED") and after is None:
            return Unreachable(f"{self.address}: {said or 'the stream ended'}")
        return meaning(code, said, after)


def _text(words: str | bytes) -> str:
    return words if isinstance(words, str) else words.decode("utf-8", "replace")
