"""The packs by the clock: every moment of the schedule is sealed once, kept for its time, and
taken where the settings say.

Missed moments are made up at a start, the oldest first. While the clock is ahead of the time that
has passed, no moment has come. Delivering has a rhythm of its own: a server that is slow to answer
holds up no pack.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from collector.audit.entry import COLLECTOR, Action, Entry
from collector.audit.journal import Journal
from collector.audit.retention import leapt_at, newest_at
from collector.clock import Clock
from collector.clock_watch import Ahead, ClockWatch, Machine
from collector.export import making as making_of
from collector.export.delivering import Delivering
from collector.export.desk import Desk
from collector.export.making import Making, files_of
from collector.export.safe import moment
from collector.export.working import Worker
from collector.export_settings import ExportSettings
from collector.incidents.following import raise_alarm
from collector.incidents.kinds import alarm
from collector.store import Connection, exports, packs, policies
from collector.upkeep import rejudge_as_of

log = logging.getLogger(__name__)

SECONDS = 2.0
HOUR = timedelta(hours=1)

Due = tuple[datetime, str]
"""A moment and a variant."""
Seen = tuple[datetime, Ahead | None]
"""The clock, as `ClockWatch.look` has it."""


@dataclass(slots=True)
class Exporting:
    """One for a running collector; both ticks block, so each is called from a thread."""

    desk: Desk
    settings: ExportSettings
    journal: Journal
    clock: Clock
    worker: Worker
    delivering: Delivering
    watch: ClockWatch
    _swept_at: datetime | None = field(default=None)
    _told_ahead: bool = field(default=False)

    def begin(self) -> None:
        """Before check-ins: what time had overtaken at a missed moment is judged as of it."""
        making_of.sweep(self.desk.folder)

        def begin_anew(c: Connection) -> None:
            for run in exports.unfinished(c):
                exports.again(c, run.number)

        self.desk.store.write(begin_anew)
        self._judge_as_of(self._due(self.watch.look()))

    def tick(self) -> None:
        seen = self.watch.look()
        self._schedule(seen)
        self.worker.tick()
        if seen[1] is None:
            self._drop_old()

    def _due(self, seen: Seen) -> list[Due]:
        """Nothing while the clock is ahead; that packs wait for it is told once."""
        now, ahead = seen
        wanted = self.desk.store.read(lambda c: due_moments(c, self.settings, now))
        if ahead is None or not wanted:
            self._told_ahead = self._told_ahead and ahead is not None
            return wanted
        if not self._told_ahead:
            self._told_ahead = True
            by = timedelta(seconds=round(ahead.by.total_seconds()))
            words = f"by {by} h; it says {moment(now)}, and packs wait"
            raise_alarm(self.desk.store, alarm("clock_ahead", "clock", words), now)
        return []

    def _schedule(self, seen: Seen) -> None:
        """Ask for each moment that has come and was not sealed, oldest first."""
        now, wanted = seen[0], self._due(seen)
        if not wanted:
            return
        self._judge_as_of(wanted)
        told = [{"scope": variant, "as_of": moment(at)} for at, variant in wanted]
        entries = [Entry(Action.EXPORTED, COLLECTOR, subject="posture", detail=d) for d in told]
        self.journal.append(*entries)
        self.desk.store.write(lambda c: _ask(c, wanted, now))

    def _judge_as_of(self, wanted: list[Due]) -> None:
        for at in sorted({at for at, _ in wanted}):
            rejudge_as_of(self.desk.store, at)

    def _drop_old(self) -> None:
        """Files go after their time; not for a day after the clock has leapt."""
        now = self.clock()
        if self._swept_at is not None and now - self._swept_at < HOUR:
            return
        self._swept_at = now
        if leapt_at(self.journal.folder, now) is not None:
            return
        before = now - timedelta(days=self.settings.keep_days)
        old = self.desk.store.read(lambda c: exports.older(c, before))
        for run in old:
            for path in files_of(self.desk.folder, run):
                path.unlink(missing_ok=True)
        if old:
            self.desk.store.write(lambda c: exports.dropped(c, [run.number for run in old]))


def _ask(c: Connection, wanted: list[Due], now: datetime) -> None:
    for at, variant in wanted:
        held = exports.of_moment(c, variant, at)
        if held is not None and held.asked_by:
            exports.claim(c, held.number, now)
        elif held is None:
            exports.ask(c, variant, at, "", now)


def due_moments(c: Connection, settings: ExportSettings, now: datetime) -> list[Due]:
    """What has come and is not sealed nor asked for by the schedule; the oldest first.

    A variant that never had a pack begins with the newest moment; what would be dropped at once is
    not made up.
    """
    first = policies.first_applied_at(c)
    if first is None:
        return []
    oldest = now - timedelta(days=settings.keep_days)
    found = []
    for variant in settings.variants:
        last = packs.last_before(c, variant, now + timedelta(milliseconds=1))
        newest = settings.weekly.last(now)
        since = last.as_of if last else newest - timedelta(milliseconds=1)
        for at in settings.weekly.missed(max(since, oldest, first), now):
            held = exports.of_moment(c, variant, at)
            if held is None or held.asked_by:
                found.append((at, variant))
    return sorted(found)


def exporting_of(
    desk: Desk, journal: Journal, clock: Clock, machine: Machine, delivering: Delivering
) -> Exporting:
    settings = delivering.settings
    worker = Worker(Making(desk, settings, clock), clock)
    watch = ClockWatch(desk.folder, clock, machine, lambda: newest_at(journal.folder))
    return Exporting(desk, settings, journal, clock, worker, delivering, watch)


@asynccontextmanager
async def keeping_packs(exporting: Exporting) -> AsyncIterator[None]:
    """Inside the block. One failed round is logged, and the next one comes."""
    tasks = [
        asyncio.create_task(_again_and_again(each))
        for each in (exporting.tick, exporting.delivering.deliver_due)
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(exporting.worker.stop)


async def _again_and_again(work: Callable[[], object]) -> None:
    while True:
        try:
            await asyncio.to_thread(work)
        except Exception:
            log.exception("The packs could not be looked after")
        await asyncio.sleep(SECONDS)
