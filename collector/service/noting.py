"""What happens at the gRPC edge is written down: admission before it is done, anomalies as seen.

A peer that repeats itself writes one line an hour, and a flood of strangers is written in sums, so
that nobody can fill the log or make check-ins wait for it.
"""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import grpc

from collector.audit.entry import Actor, ActorKind, Entry
from collector.audit.journal import AuditUnavailable, Journal
from collector.clock import Clock
from collector.service.edge import Refused

log = logging.getLogger(__name__)

RETRY_SECONDS = 60
REPEATED_AFTER = timedelta(hours=1)
MOST_REMEMBERED = 10_000
SINGLY = 20
"""So many refused strangers a minute are written one by one, the rest as a sum."""
MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Flood:
    """Counts what it holds back, and gives the sum with the first entry of a later minute."""

    _began_at: datetime | None = None
    _passed: int = 0
    _held_back: int = 0

    def pass_on(self, entry: Entry, now: datetime) -> list[Entry]:
        found: list[Entry] = []
        if self._began_at is None or not timedelta(0) <= now - self._began_at < MINUTE:
            if self._held_back:
                found.append(self._sum(entry))
            self._began_at, self._passed, self._held_back = now, 0, 0
        if self._passed < SINGLY:
            self._passed += 1
            return [*found, entry]
        self._held_back += 1
        # Not only with the next minute: the alarm must not wait for the attack to end.
        if self._held_back % 100 == 0:
            found.append(self._sum(entry))
            self._held_back = 0
        return found

    def _sum(self, entry: Entry) -> Entry:
        detail = {"times": str(self._held_back), "why": "many at once, from several addresses"}
        return replace(entry, actor=Actor(ActorKind.NOBODY), subject="", detail=detail)


@dataclass(slots=True)
class Noting:
    """Used from the event loop; the log is written in a thread."""

    journal: Journal
    clock: Clock
    _said: OrderedDict[str, datetime] = field(default_factory=OrderedDict)
    _flood: Flood = field(default_factory=Flood)

    async def require(self, entry: Entry) -> None:
        """Write it down, or refuse what it stands for: the agent comes again."""
        try:
            await asyncio.to_thread(self.journal.append, entry)
        except AuditUnavailable as error:
            log.error("%s", error)
            words = "the collector cannot write its audit log: nothing was done, IT has to look"
            raise Refused(grpc.StatusCode.UNAVAILABLE, words, RETRY_SECONDS) from error

    async def note(self, entry: Entry, *, once: str = "") -> None:
        """Write down what has happened; a log that cannot be written stops nothing here.

        `once`: what the same thing is known by, which is written again after an hour only.
        """
        if once and not self._is_news(once):
            return
        try:
            await asyncio.to_thread(self.journal.append, entry)
        except AuditUnavailable as error:
            log.error("%s", error)

    async def note_stranger(self, entry: Entry) -> None:
        """As `note`, for what anybody can cause a thousand times a second."""
        for each in self._flood.pass_on(entry, self.clock()):
            await self.note(each)

    def _is_news(self, once: str) -> bool:
        now = self.clock()
        said_at = self._said.get(once)
        if said_at is not None and timedelta(0) <= now - said_at < REPEATED_AFTER:
            return False
        self._said[once] = now
        self._said.move_to_end(once)
        if len(self._said) > MOST_REMEMBERED:
            self._said.popitem(last=False)
        return True
