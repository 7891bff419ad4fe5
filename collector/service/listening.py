"""A caller that sends nothing, or too much, or never ends, is cut off by the server itself.

With gRPC's defaults none of 40 connections that sent headers only were closed in 24 s; with a
handshake limit, an idle limit and an age all of them were. The edge waits 10 s for a request.
"""

import errno
import socket
from dataclasses import dataclass

import grpc
import grpc.aio

from collector.config import Address
from collector.identity.authority import Authority
from collector.identity.key_files import KeyFileError, ServerIdentity

OPTIONS: tuple[tuple[str, int], ...] = (
    # Without this a second collector would share the port and take half of the calls.
    ("grpc.so_reuseport", 0),
    ("grpc.max_concurrent_streams", 4),
    ("grpc.server_handshake_timeout_ms", 5_000),
    # An idle connection holds 67 kB of memory; an agent calls once an hour and is done.
    ("grpc.max_connection_idle_ms", 30_000),
    # Longer than a connected agent's stream lasts; a call without a request ends at the edge.
    ("grpc.max_connection_age_ms", 3_600_000),
    ("grpc.max_connection_age_grace_ms", 10_000),
    # Below what home routers and load balancers forget a silent connection after (some, 2 min),
    # and seldom enough for a laptop's radio. One that sleeps is let go after 80 s.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 2),
    ("grpc.max_receive_message_length", 256 * 1024),
    ("grpc.max_metadata_size", 8 * 1024),
    ("grpc.absolute_max_metadata_size", 8 * 1024),
)


class PortUnavailable(Exception):
    """A port cannot be listened on; str() says which, why, and which option changes it."""


@dataclass(frozen=True, slots=True)
class Port:
    """`option`: how a person chooses the address on the command line."""

    address: Address
    option: str


def bind(port: Port) -> socket.socket:
    """A bound socket, or the reason in one line."""
    host, number = port.address.host, port.address.port
    try:
        found = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        bound = socket.socket(found[0][0], socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(found[0][4])
            bound.listen()
        except OSError:
            bound.close()
            raise
    except OSError as error:
        raise PortUnavailable(_reason(port, error)) from error
    return bound


def serve_check_in(
    port: Port,
    handler: grpc.GenericRpcHandler,
    authority: Authority,
    identity: ServerIdentity,
) -> tuple[grpc.aio.Server, int]:
    """A server that asks for a certificate of our authority, and its port."""
    return _listen(port, handler, _credentials(identity, authority))


def serve_enrollment(
    port: Port, handler: grpc.GenericRpcHandler, identity: ServerIdentity
) -> tuple[grpc.aio.Server, int]:
    """A server that shows its certificate and asks for none, and its port."""
    return _listen(port, handler, _credentials(identity, None))


def _credentials(identity: ServerIdentity, authority: Authority | None) -> grpc.ServerCredentials:
    """The certificate of the files as they are at each handshake: a new one needs no restart."""
    roots = authority.pem if authority else None
    shown = _Shown(identity, roots)
    return grpc.dynamic_ssl_server_credentials(
        shown.configuration(),
        shown.if_changed,  # type: ignore[arg-type]  # None means "as before" (grpc's own docs)
        require_client_authentication=authority is not None,
    )


class _Shown:
    """What the handshakes show, read anew when the files have changed and belong together."""

    def __init__(self, identity: ServerIdentity, roots: bytes | None) -> None:
        self._identity = identity
        self._roots = roots
        self._seen = identity.fingerprint()

    def configuration(self) -> grpc.ServerCertificateConfiguration:
        pair = (self._identity.key_pem, self._identity.chain_pem)
        return grpc.ssl_server_certificate_configuration([pair], root_certificates=self._roots)

    def if_changed(self) -> grpc.ServerCertificateConfiguration | None:
        """Called by gRPC before each handshake, in a thread of its own. None: as before."""
        try:
            now = self._identity.fingerprint()
            if now == self._seen:
                return None
            self._identity.require_pair()
            configuration = self.configuration()
        except (OSError, KeyFileError):
            return None  # between two files of a change; the next handshake looks again
        self._seen = now
        return configuration


def _listen(
    port: Port,
    handler: grpc.GenericRpcHandler,
    credentials: grpc.ServerCredentials,
) -> tuple[grpc.aio.Server, int]:
    # gRPC says only that it failed; the operating system says why.
    bind(port).close()
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers((handler,))
    try:
        return server, server.add_secure_port(str(port.address), credentials)
    except RuntimeError as error:
        raise PortUnavailable(f"cannot listen on {port.address}: {error}") from error


def _reason(port: Port, error: OSError) -> str:
    change = f"choose another one with {port.option} HOST:PORT"
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port.address.port} of {port.address.host} is used by something else: {change}"
        )
    if error.errno == errno.EACCES:
        return f"this account may not listen on port {port.address.port}: {change}"
    return f"cannot listen on {port.address} ({error.strerror or error}): {change}"
