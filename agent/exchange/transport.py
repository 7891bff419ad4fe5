"""The only importer of grpc: one request, one answer, or one of our own errors.

What the collector's status codes mean here is in `_meaning`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from agent.identity import Identity
from protos.posture.v1 import posture_service_pb2 as wire

if TYPE_CHECKING:
    import grpc

DEADLINE_SECONDS = 20.0
MOST_SENT = 64 << 10
MOST_RECEIVED = 1 << 20
RETRY_AFTER = "retry-after"
"""Trailing metadata in which the collector says after how many seconds to come back."""

Response = TypeVar("Response")


class TransportError(Exception):
    """The exchange did not happen, or not as asked; the message is for people."""


class Unreachable(TransportError):
    """No answer from the collector. It may or may not have received the request."""


class CollectorFailed(TransportError):
    """The collector answered with an error of its own."""


class Refused(TransportError):
    """The collector does not accept this device or this token."""


class Rejected(TransportError):
    """The collector cannot use this one message, however often it is sent."""


class Busy(TransportError):
    """The collector asks to come back later."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Transport(Protocol):
    """A way to the collector. Every method raises TransportError."""

    def check_in(self, request: wire.CheckInRequest) -> wire.CheckInResponse: ...

    def renew(self, request: wire.RenewCertificateRequest) -> wire.RenewCertificateResponse: ...

    def enroll(self, request: wire.EnrollRequest) -> wire.EnrollResponse: ...

    def listen(self, seconds: float) -> bool:
        """Wait on a stream until the collector calls (True), or for so many seconds (False)."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """PEM. Without key and certificate the agent does not name itself (enrollment)."""

    authority: bytes
    key: bytes | None = None
    certificate: bytes | None = None

    @classmethod
    def of(cls, identity: Identity) -> "Credentials":
        return cls(identity.authority, identity.key, identity.certificate)


class GrpcTransport:
    """TLS to one address; gRPC checks that the server's certificate names that host."""

    def __init__(self, address: str, credentials: Credentials) -> None:
        # grpc prints handshake failures to stderr by itself; we say them in our own words.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        import grpc

        from protos.posture.v1 import posture_service_pb2_grpc as services

        options = [
            ("grpc.max_send_message_length", MOST_SENT),
            ("grpc.max_receive_message_length", MOST_RECEIVED),
            # Only while something is under way: it finds a stream out that has died unseen.
            ("grpc.keepalive_time_ms", 60_000),
            ("grpc.keepalive_timeout_ms", 20_000),
            ("grpc.enable_retries", 0),
            ("grpc.use_local_subchannel_pool", 1),
        ]
        secure = grpc.ssl_channel_credentials(
            credentials.authority, credentials.key, credentials.certificate
        )
        self._address = address
        self._channel = grpc.secure_channel(address, secure, options)
        self._posture = services.PostureServiceStub(self._channel)
        self._enrollment = services.EnrollmentServiceStub(self._channel)

    def check_in(self, request: wire.CheckInRequest) -> wire.CheckInResponse:
        return _ask(self._address, lambda: self._posture.CheckIn(request, timeout=DEADLINE_SECONDS))

    def renew(self, request: wire.RenewCertificateRequest) -> wire.RenewCertificateResponse:
        return _ask(
            self._address, lambda: self._posture.RenewCertificate(request, timeout=DEADLINE_SECONDS)
        )

    def enroll(self, request: wire.EnrollRequest) -> wire.EnrollResponse:
        return _ask(
            self._address, lambda: self._enrollment.Enroll(request, timeout=DEADLINE_SECONDS)
        )

    def listen(self, seconds: float) -> bool:
        import grpc

        stream = self._posture.Listen(wire.ListenRequest(), timeout=seconds)
        try:
            return next(iter(stream), None) is not None
        except grpc.RpcError as error:
            call = cast("grpc.Call", error)  # every RpcError is a Call
            if call.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                return False
            raise _meaning(self._address, call) from error
        finally:
            stream.cancel()

    def close(self) -> None:
        self._channel.close()


def _ask(address: str, call: Callable[[], Response]) -> Response:
    import grpc

    try:
        return call()
    except grpc.RpcError as error:
        raise _meaning(address, cast("grpc.Call", error)) from error  # every RpcError is a Call


def _meaning(address: str, error: "grpc.Call") -> TransportError:
    """One of our errors for each gRPC status."""
    code, said = error.code().name, error.details() or "no reason given"
    retry_after = _retry_after(error)
    if code == "RESOURCE_EXHAUSTED" or retry_after is not None:
        return Busy(f"the collector is busy: {said}", retry_after)
    if code == "DEADLINE_EXCEEDED":
        return Unreachable(f"the collector gave no answer in {DEADLINE_SECONDS:g} s")
    if code in ("UNAVAILABLE", "CANCELLED"):
        return Unreachable(f"{address}: {why_unreachable(said)}")
    if code in ("UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION"):
        return Refused(f"the collector refuses: {said}")
    if code in ("INVALID_ARGUMENT", "OUT_OF_RANGE", "ALREADY_EXISTS"):
        return Rejected(f"the collector rejects the message: {said}")
    return CollectorFailed(f"the collector answered {code}: {said}")


def why_unreachable(said: str) -> str:
    """gRPC's account of a failed connection, without its addresses and stages.

    >>> why_unreachable("failed to connect to all addresses; last error: UNKNOWN: "
    ...     "ipv4:192.0.2.7:7843: Failed to connect to remote host: Connection refused")
    'connection refused; is the collector running there, and is this its address?'
    >>> why_unreachable("errors resolving c.test:1: [field:hostname lookup error: not found]")
    'this name cannot be resolved'
    """
    if "resolving" in said or "DNS resolution failed" in said:
        return "this name cannot be resolved"
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return "this is not the collector it should be: its certificate is another's"
    if not said.startswith("failed to connect"):
        return said
    return with_advice(said.rpartition(": ")[2].lower())


def with_advice(said: str) -> str:
    """What can be done about a refused connection, beside the operating system's word for it."""
    if said != "connection refused":
        return said
    return f"{said}; is the collector running there, and is this its address?"


def _retry_after(error: "grpc.Call") -> float | None:
    """Seconds between 0 and a day; a hint that is no number is none."""
    for name, value in error.trailing_metadata() or ():
        if name == RETRY_AFTER:
            try:
                return min(max(float(value), 0.0), 86_400.0)
            except ValueError:
                return None
    return None
