"""The collector as a whole: everything is put together here, once, and taken apart in order.

One process, one event loop: check-ins, enrollment and the web pages, with an upkeep every minute.
"""

import asyncio
import gc
import json
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from collector.accounts.invitations import FIRST, first_owner
from collector.accounts.sealing import open_seal
from collector.accounts.unused import disable_unused
from collector.audit.entry import COLLECTOR, Action, Entry
from collector.audit.journal import FOLDER as AUDIT_FOLDER
from collector.audit.journal import AuditUnavailable, Journal
from collector.audit.signing import open_signer
from collector.clock import Clock, system_clock
from collector.clock_watch import this_machine
from collector.config import Config
from collector.counting import Counting
from collector.environment import settled
from collector.export.delivering import Delivering
from collector.export.desk import Desk
from collector.exporting import exporting_of, keeping_packs
from collector.identity.key_files import open_authority, open_server, write_private
from collector.lock import sole_owner
from collector.notifying import notifying_of, telling_people
from collector.oversight import Oversight, overseeing
from collector.policy import default_text
from collector.policy_in_force import PolicyReader
from collector.service.tls13 import require_tls13
from collector.settings import Settings, read_settings
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

    Raises StoreError, KeyFileError, AlreadyRunning, ConfigError or PortUnavailable; str() of each
    is one line.
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
        keep_what_is_loaded()
        await stop.wait()
        log.info("The collector stops")


def keep_what_is_loaded() -> None:
    """What was loaded at the start stays until the end, and is not searched for garbage again.

    Of the 160,000 objects that there are then, a full collection takes 65 to 130 ms, which one
    page in some hundred had to wait for.
    """
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def running(
    config: Config, announce: Announce, clock: Clock = system_clock
) -> "AsyncIterator[Serving]":
    """The whole collector, serving inside the block. The caller owns the data folder."""
    from collector.accounts.sso.single_sign_on import in_folder
    from collector.ports import Collector, open_ports
    from collector.service.streams import Streams
    from collector.web.site import Keeping

    config = settled(config)
    settings = read_settings(config.folder)
    sso = in_folder(config, clock)
    store = Store.open(config.folder, clock=clock)
    try:
        store.check()  # damage is found now and not by the first report that meets it
        authority = open_authority(config.folder, config.name, clock())
        identity = open_server(config.folder, authority, _names(config), clock())
        store.write(lambda c: _first_policy(c, clock))
        audit = config.folder / AUDIT_FOLDER
        journal = Journal(audit, open_signer(config.folder), clock, settings.standby)
        seal = open_seal(config.folder)
        keeping = Keeping(
            seal,
            journal,
            config.name,
            config.environment,
            sso,
            settings.told,
            settings.exports,
            settings.address,
        )
        streams = Streams(settings.most_streams)
        collector = Collector(config, store, authority, identity, clock, keeping, streams)
        counting = Counting(store, clock, PolicyReader())
        counting.begin()
        web = settings.address or f"https://{config.reachable(config.web)}"
        notifying = notifying_of(store, settings.told, clock, web, journal)
        exporting = exporting_of(
            Desk.of(store, config.folder),
            journal,
            clock,
            this_machine(),
            Delivering(
                store, config.folder, settings.exports, settings.told.mail, journal, clock, web
            ),
        )
        exporting.begin()
        with overseeing(store, journal, settings, clock, web=web) as oversight:
            async with (
                open_ports(collector) as serving,
                _upkeep(collector, oversight, counting),
                telling_people(notifying),
                keeping_packs(exporting),
            ):
                _note(journal, Entry(Action.STARTED, COLLECTOR, detail=_told(settings)))
                pages = settings.address or f"https://{serving.web}"
                # After the ports: a link made before a start that fails would never be shown.
                link = store.write(lambda c: first_owner(c, clock()))
                _write_serving(collector, serving, pages)
                _say(config, serving, (pages, link), announce)
                try:
                    yield serving
                finally:
                    (config.folder / SERVING_FILE).unlink(missing_ok=True)
                    _note(journal, Entry(Action.STOPPED, COLLECTOR))
    finally:
        store.close()


def _told(settings: Settings) -> dict[str, str]:
    """What a start writes down of the settings: taking a replica away leaves a trace."""
    urgent = [each for each in settings.told.subscribers if each.urgent]
    places = [urlsplit(each.url).netloc or ", ".join(each.to) for each in urgent]
    return {
        "replicas": ", ".join(each.name for each in settings.replicas),
        "standby": str(settings.standby or "none"),
        "channel": ", ".join(places) or "none",
        "told": ", ".join(each.name for each in settings.told.subscribers) or "nobody",
        "exports_to": ", ".join(each.name for each in settings.exports.targets) or "nobody",
    }


def _names(config: Config) -> tuple[str, ...]:
    """What the certificate must hold: the configured names, and the addresses listened on."""
    listening = (config.check_in, config.enroll, config.web)
    return (*config.host_names, *(config.reachable(address).host for address in listening))


def _first_policy(c: Connection, clock: Clock) -> None:
    if policies.current(c) is None:
        policies.add(c, default_text(), clock(), "the collector, at its first start")


def _write_serving(collector: "Collector", serving: "Serving", pages: str) -> None:
    content = {
        "check_in": str(serving.check_in),
        "enroll": str(serving.enroll),
        "web": pages,
        "authority_sha256": collector.authority.sha256.hex(),
        "name": collector.config.name,
    }
    text = json.dumps(content, indent=2) + "\n"
    write_private(collector.config.folder / SERVING_FILE, text.encode())


def _note(journal: Journal, entry: Entry) -> None:
    """A start or an end that cannot be written down is said in the log: check-ins must go on."""
    try:
        journal.append(entry)
        journal.checkpoint(now_if_any=True)
    except AuditUnavailable as error:
        log.error("%s", error)


def _say(
    config: Config, serving: "Serving", entry: tuple[str, str | None], announce: Announce
) -> None:
    """`entry`: where people find the pages, and the first owner's link below it."""
    pages, link = entry
    if link is not None:
        announce(f"Nobody has a password yet. Open this link to choose one for {FIRST!r}:")
        announce(f"  {pages}/setup/{link}")
        announce("It works once, for a day; the next start or `account link` makes another.")
    announce(f"{config.name} is ready: open {pages}")
    announce(f"Agents enroll at {serving.enroll} and check in at {serving.check_in}.")
    log.info(
        "The collector serves check_in=%s enroll=%s web=%s folder=%s",
        serving.check_in,
        serving.enroll,
        serving.web,
        config.folder,
    )


@asynccontextmanager
async def _upkeep(
    collector: "Collector", oversight: Oversight, counting: Counting
) -> AsyncIterator[None]:
    task = asyncio.create_task(_keep_up(collector, oversight, counting))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _keep_up(collector: "Collector", oversight: Oversight, counting: Counting) -> None:
    """One failed piece of work is logged, and the next one comes.

    As wide as at the gRPC edge, for the same reason: an upkeep that has ended unseen leaves
    verdicts standing that time has overtaken.
    """
    while True:
        works: tuple[Callable[[], None], ...] = (
            partial(_rejudge, collector),
            counting.tick,
            oversight.tick,
            partial(_renew_certificate, collector),
            partial(_disable_unused, collector),
        )
        for work in works:
            try:
                await asyncio.to_thread(work)
            except Exception:
                log.exception("The upkeep failed")
        await asyncio.sleep(UPKEEP_SECONDS)


def _rejudge(collector: "Collector") -> None:
    done = rejudge_due(collector.store, collector.clock)
    if done.judged:
        log.info("Devices were judged again judged=%d", done.judged)


def _disable_unused(collector: "Collector") -> None:
    journal, now = collector.keeping.journal, collector.clock()
    for username in disable_unused(collector.store, journal, now):
        log.warning("An account was disabled because nobody used it account=%s", username)


def _renew_certificate(collector: "Collector") -> None:
    """The server's own certificate, a month before it ends; the ports show it by themselves."""
    config = collector.config
    open_server(config.folder, collector.authority, _names(config), collector.clock())
