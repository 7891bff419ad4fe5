"""The collector as a whole: everything is put together here, once, and taken apart in order.

One process, one event loop: check-ins, enrollment and the web pages, with an upkeep every minute.
"""

import asyncio
import json
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from collector.accounts.administrator import USERNAME, first_administrator
from collector.clock import Clock, system_clock
from collector.config import Config
from collector.identity.key_files import open_authority, open_server, write_private
from collector.lock import sole_owner
from collector.policy import default_text
from collector.service.tls13 import require_tls13
from collector.store import Connection, Store, policies
from collector.upkeep import rejudge_due

if TYPE_CHECKING:
    from collector.ports import Collector, Serving

log = logging.getLogger(__name__)

UPKEEP_SECONDS = 60.0
SERVING_FILE = "serving.json"
"""In the data folder while the collector runs: where it can be called."""

Announce = Callable[[str], None]


def serve(config: Config, announce: Announce, clock: Clock = system_clock) -> None:
    """Run until SIGTERM or SIGINT. `announce` gets what a person should read, a line each.

    Raises StoreError, KeyFileError, AlreadyRunning or PortUnavailable; str() of each is one line.
    """
    if not require_tls13():
        log.warning("The gRPC ports accept TLS 1.2 because grpc was imported before the collector")
    # Core writes a line to stderr for every failed handshake, which anybody can cause.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with sole_owner(config.folder):
        _run(_serve_until_told(config, announce, clock))


def _run(program: Coroutine[Any, Any, None]) -> None:
    factory = None
    with suppress(ImportError):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(program)


async def _serve_until_told(config: Config, announce: Announce, clock: Clock) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(config, announce, clock):
        await stop.wait()
        log.info("The collector stops")


@asynccontextmanager
async def running(
    config: Config, announce: Announce, clock: Clock = system_clock
) -> "AsyncIterator[Serving]":
    """The whole collector, serving inside the block. The caller owns the data folder."""
    from collector.ports import Collector, open_ports

    store = Store.open(config.folder, clock=clock)
    try:
        store.check()  # damage is found now and not by the first report that meets it
        authority = open_authority(config.folder, config.name, clock())
        identity = open_server(config.folder, authority, _names(config), clock())
        store.write(lambda c: _first_policy(c, clock))
        collector = Collector(config, store, authority, identity, clock)
        async with open_ports(collector) as serving, _upkeep(store, clock):
            # After the ports: a password made before a start that fails would never be shown.
            password = store.write(lambda c: first_administrator(c, clock()))
            _write_serving(collector, serving)
            _say(config, serving, password, announce)
            try:
                yield serving
            finally:
                (config.folder / SERVING_FILE).unlink(missing_ok=True)
    finally:
        store.close()


def _names(config: Config) -> tuple[str, ...]:
    """What the certificate must hold: the configured names, and the addresses listened on."""
    listening = (config.check_in, config.enroll, config.web)
    return (*config.host_names, *(config.reachable(address).host for address in listening))


def _first_policy(c: Connection, clock: Clock) -> None:
    if policies.current(c) is None:
        policies.add(c, default_text(), clock(), "the collector, at its first start")


def _write_serving(collector: "Collector", serving: "Serving") -> None:
    content = {
        "check_in": str(serving.check_in),
        "enroll": str(serving.enroll),
        "web": f"https://{serving.web}",
        "authority_sha256": collector.authority.sha256.hex(),
        "name": collector.config.name,
    }
    text = json.dumps(content, indent=2) + "\n"
    write_private(collector.config.folder / SERVING_FILE, text.encode())


def _say(config: Config, serving: "Serving", password: str | None, announce: Announce) -> None:
    if password is not None:
        announce(f"First start: sign in as {USERNAME!r} with the password {password}")
        announce("It is shown only now; `muster-collector admin reset-password` makes another one.")
    announce(f"{config.name} is ready: open https://{serving.web}")
    announce(f"Agents enroll at {serving.enroll} and check in at {serving.check_in}.")
    log.info(
        "The collector serves check_in=%s enroll=%s web=%s folder=%s",
        serving.check_in,
        serving.enroll,
        serving.web,
        config.folder,
    )


@asynccontextmanager
async def _upkeep(store: Store, clock: Clock) -> AsyncIterator[None]:
    task = asyncio.create_task(_keep_up(store, clock))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _keep_up(store: Store, clock: Clock) -> None:
    """One failed round is logged and the next one comes.

    As wide as at the gRPC edge, for the same reason: an upkeep that has ended unseen leaves
    verdicts standing that time has overtaken.
    """
    while True:
        try:
            done = await asyncio.to_thread(rejudge_due, store, clock)
        except Exception:
            log.exception("The upkeep failed")
        else:
            if done.judged:
                log.info("Devices were judged again judged=%d", done.judged)
        await asyncio.sleep(UPKEEP_SECONDS)
