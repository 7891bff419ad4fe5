"""Three ports open together or not at all, and close in order with what is under way finished.

To be imported after `require_tls13`: grpc reads its environment once.
"""

import asyncio
import logging
import random
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import uvicorn

from collector.clock import Clock
from collector.config import Address, Config
from collector.identity.authority import Authority
from collector.identity.key_files import KeyFileError, ServerIdentity, server_names
from collector.service.enrollment import EnrollmentService
from collector.service.listening import Port, bind, serve_check_in, serve_enrollment
from collector.service.noting import Noting
from collector.service.posture import PostureService
from collector.service.streams import Streams, Watch
from collector.settings import MOST_STREAMS
from collector.store import Store
from collector.web.application import Reach, application
from collector.web.patience import patience
from collector.web.site import Keeping

log = logging.getLogger(__name__)

GRACE_SECONDS = 10
CERTIFICATES_SECONDS = 60
LOOPBACK = "127.0.0.1"
AUTHENTICATED_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2, those with forward secrecy and no CBC; all of TLS 1.3 are so."""


@dataclass(frozen=True, slots=True)
class Collector:
    """What the ports are given: the open store and the collector's identity."""

    config: Config
    store: Store
    authority: Authority
    identity: ServerIdentity
    clock: Clock
    keeping: Keeping
    streams: Streams = field(default_factory=lambda: Streams(MOST_STREAMS))


@dataclass(frozen=True, slots=True)
class Serving:
    """Where the collector can be called, by names that others understand."""

    check_in: Address
    enroll: Address
    web: Address


@asynccontextmanager
async def open_ports(collector: Collector) -> AsyncIterator[Serving]:
    """Serve inside the block. Raises PortUnavailable before anything was served."""
    config = collector.config
    async with AsyncExitStack() as ports:
        bound = ports.enter_context(bind(Port(config.web, "--web")))
        check_in_port = await _check_in(collector, ports)
        enroll_port = await _enrollment(collector, ports)
        await ports.enter_async_context(_web(collector, bound))
        yield Serving(
            config.reachable(Address(config.check_in.host, check_in_port)),
            config.reachable(Address(config.enroll.host, enroll_port)),
            _as_browsers_call_it(config, int(bound.getsockname()[1])),
        )


async def _check_in(collector: Collector, ports: AsyncExitStack) -> int:
    spread = random.Random()  # noqa: S311 -- spreads the fleet over the hour, hides nothing
    noting = Noting(collector.keeping.journal, collector.clock)
    store, clock, streams = collector.store, collector.clock, collector.streams
    service = PostureService(store, collector.authority, clock, noting, spread, streams=streams)
    port = Port(collector.config.check_in, "--check-in")
    server, number = serve_check_in(port, service.rpc(), collector.authority, collector.identity)
    await server.start()
    ports.push_async_callback(server.stop, GRACE_SECONDS)
    ports.callback(streams.close)
    watching = asyncio.create_task(Watch(store, streams, clock).run())
    ports.callback(watching.cancel)
    return number


async def _enrollment(collector: Collector, ports: AsyncExitStack) -> int:
    noting = Noting(collector.keeping.journal, collector.clock)
    service = EnrollmentService(
        collector.store, collector.authority, collector.clock, collector.config.name, noting
    )
    port = Port(collector.config.enroll, "--enroll")
    server, number = serve_enrollment(port, service.rpc(), collector.identity)
    await server.start()
    ports.push_async_callback(server.stop, GRACE_SECONDS)
    return number


def _as_browsers_call_it(config: Config, port: int) -> Address:
    """The pages, where passkeys work: they are for names, and for no numbers (WebAuthn, 5.1.2).

    Our own certificate is for `localhost` too; what an operator's is for, they know. Not every
    machine calls ::1 so.
    """
    if config.web.host == LOOPBACK and config.web_certificate is None:
        return Address("localhost", port)
    return config.reachable(Address(config.web.host, port))


@asynccontextmanager
async def _web(collector: Collector, bound: socket.socket) -> AsyncIterator[None]:
    """The pages over HTTPS, in this loop; signals are the caller's, so uvicorn sees none."""
    hosts = (*collector.config.host_names, collector.config.web.host)
    pages = application(
        collector.store,
        collector.clock,
        collector.keeping,
        Reach(
            _as_in_requests(server_names(hosts)),
            (int(bound.getsockname()[1]),),
            collector.config.proxies,
            collector.streams,
        ),
    )
    identity = _web_identity(collector)
    settings = uvicorn.Config(
        pages,
        ssl_keyfile=identity.key_path,
        ssl_certfile=identity.chain_path,
        ssl_ciphers=AUTHENTICATED_CIPHERS,
        http=patience(collector.config.proxies),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=200,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    settings.load()
    server = uvicorn.Server(settings)
    server.lifespan = settings.lifespan_class(settings)
    await server.startup(sockets=[bound])
    ticking = asyncio.create_task(server.main_loop())
    assert settings.ssl is not None, "the pages are served over TLS only"
    watching = asyncio.create_task(_show_new_certificates(settings.ssl, identity))
    try:
        yield
    finally:
        watching.cancel()
        pages.state.site.listeners.close()
        server.should_exit = True
        await ticking
        await server.shutdown(sockets=[bound])


def _web_identity(collector: Collector) -> ServerIdentity:
    """The operator's certificate where there is one. Raises KeyFileError."""
    config = collector.config
    if config.web_certificate is None or config.web_key is None:
        return collector.identity
    identity = ServerIdentity(config.web_key, config.web_certificate)
    identity.require_pair()
    return identity


async def _show_new_certificates(context: ssl.SSLContext, identity: ServerIdentity) -> None:
    """A certificate that was replaced is shown from the next handshake on, without a restart."""
    seen = identity.fingerprint()
    while True:
        await asyncio.sleep(CERTIFICATES_SECONDS)
        seen = load_if_changed(context, identity, seen)


def load_if_changed(
    context: ssl.SSLContext, identity: ServerIdentity, seen: tuple[int, ...]
) -> tuple[int, ...]:
    """The files' fingerprint that the context shows now. What cannot be used is left alone."""
    try:
        now = identity.fingerprint()
        if now == seen:
            return seen
        identity.require_pair()
        context.load_cert_chain(identity.chain_path, identity.key_path)
    except (OSError, KeyFileError) as error:
        log.error("The new certificate of the pages cannot be used: %s", error)
        return seen
    log.info("The pages show a new certificate")
    return now


def _as_in_requests(hosts: Iterable[str]) -> list[str]:
    """As a Host header has them: in small letters, an IPv6 address in brackets."""
    return [f"[{host}]" if ":" in host else host.lower() for host in hosts]
