"""The only importer of grpc: one request, one answer, or one of our own errors.

What the collector's status codes mean is in `troubles`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from agent.config import split_address
from agent.exchange import proxy
from agent.exchange.troubles import (
    RETRY_AFTER,
    TransportError,
    Unreachable,
    hint,
    meaning,
    with_advice,
)
from agent.identity import Identity
from protos.posture.v1 import posture_service_pb2 as wire

if TYPE_CHECKING:
    import grpc

DEADLINE_SECONDS = 20.0
MOST_SENT = 64 << 10
MOST_RECEIVED = 1 << 20
Response = TypeVar("Response")


class Transport(Protocol):
    """A way to the collector. Every method raises TransportError."""

    def check_in(self, request: wire.CheckInRequest) -> wire.CheckInResponse: ...

    def renew(self, request: wire.RenewCertificateRequest) -> wire.RenewCertificateResponse: ...

    def enroll(self, request: wire.EnrollRequest) -> wire.EnrollResponse: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """PEM. Without key and certificate the agent does not name itself (enrollment).

    `proxy`: the one that enrollment was told; "" leaves it to the environment.
    """

    authority: bytes
    key: bytes | None = None
    certificate: bytes | None = None
    proxy: str = ""

    @classmethod
    def of(cls, identity: Identity, proxy: str = "") -> "Credentials":
        return cls(identity.authority, identity.key, identity.certificate, proxy)


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
            ("grpc.enable_retries", 0),
            ("grpc.use_local_subchannel_pool", 1),
            *_way(address, credentials.proxy),
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

    def close(self) -> None:
        self._channel.close()


def _way(address: str, told: str) -> list[tuple[str, str | int]]:
    """gRPC's own reading of the environment is left out: it knows small letters only."""
    way = proxy.proxy_for(split_address(address)[0], os.environ, told)
    return [("grpc.enable_http_proxy", 0)] if way is None else [("grpc.http_proxy", way.url)]


def _ask(address: str, call: Callable[[], Response]) -> Response:
    import grpc

    try:
        return call()
    except grpc.RpcError as error:
        raise _meaning(address, cast("grpc.Call", error)) from error  # every RpcError is a Call


def _meaning(address: str, error: "grpc.Call") -> TransportError:
    """One of our errors for each gRPC status; some of them are gRPC's own, not the collector's."""
    code, said = error.code().name, error.details() or ""
    metadata = dict(error.trailing_metadata() or ())
    retry_after = hint(metadata[RETRY_AFTER]) if RETRY_AFTER in metadata else None
    if code == "DEADLINE_EXCEEDED" and retry_after is None:
        return Unreachable(f"the collector gave no answer in {DEADLINE_SECONDS:g} s")
    if code in ("UNAVAILABLE", "CANCELLED") and retry_after is None:
        return Unreachable(f"{address}: {why_unreachable(said or 'no reason given')}")
    return meaning(code, said, retry_after)


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
        return (
            "this is not the collector it should be: its certificate is another's, or is not valid "
            "by this device's clock (muster-agent doctor tells which)"
        )
    if not said.startswith("failed to connect"):
        return said
    return with_advice(said.rpartition(": ")[2].lower())
