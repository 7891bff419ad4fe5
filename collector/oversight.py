"""What the collector does about its audit log by the clock: sign, feed, verify, purge, and tell.

Every minute; the newest segments and their replicas are verified every hour, all of it every day.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from collector import releasing
from collector.audit.entry import COLLECTOR, Action, Entry, Outcome
from collector.audit.journal import AuditBroken, AuditUnavailable, Journal
from collector.audit.mending import copies_differ
from collector.audit.replicas.comparing import differences
from collector.audit.replicas.feeding import FOLDER as REPLICAS
from collector.audit.replicas.feeding import Named
from collector.audit.replicas.opening import known_checkpoints, open_replicas
from collector.audit.replicas.replicating import Replication, Seen, feeders_of, replicating
from collector.audit.retention import leapt_at, purge
from collector.audit.signing import PUBLIC_FILE, Verifier, open_verifier
from collector.audit.verifying import verify
from collector.audit.weeks import overdue
from collector.clock import Clock
from collector.incidents.following import follow, raise_alarm
from collector.incidents.kinds import alarm
from collector.incidents.suspicions import Suspicions
from collector.incidents.telling import Telling
from collector.settings import Settings
from collector.store import Store, StoreError, audit_reviews, releases
from collector.store.incidents import Alarm

log = logging.getLogger(__name__)

NEWEST = 2
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_TOLD = 5


@dataclass(slots=True)
class Oversight:
    """One for a running collector; `tick` blocks, so it is called from a thread."""

    store: Store
    journal: Journal
    clock: Clock
    folder: Path
    settings: Settings
    verifier: Verifier
    replicas: list[Named]
    replication: Replication
    telling: Telling
    suspicions: Suspicions = field(default_factory=Suspicions)
    _newest_at: datetime | None = None
    _all_at: datetime | None = None
    _said: dict[str, str] = field(default_factory=dict)
    _owed: dict[tuple[str, str], tuple[Alarm, datetime]] = field(default_factory=dict)

    def tick(self) -> None:
        """One round. A log that cannot be used is an incident, and that is still told.

        On a disk that is full for the store as well, it is kept in memory and said in the
        program's own log until it can be stored.
        """
        self._raise_owed()
        try:
            self._look_after()
            follow(self.store, self.journal.folder, self.suspicions, self.clock)
        except (AuditUnavailable, OSError) as error:
            log.error("The audit log cannot be used: %s", error)
            kind = "audit_break" if isinstance(error, AuditBroken) else "audit_unwritable"
            self._raise(alarm(kind, "log", str(error)))
        self.telling.tell_new()

    def _raise(self, found: Alarm) -> None:
        self._owed.setdefault((found.kind, found.subject), (found, self.clock()))
        self._raise_owed()

    def _raise_owed(self) -> None:
        """Open the incidents that could not be stored until now, with the time they are of."""
        for key, (found, at) in list(self._owed.items()):
            try:
                raise_alarm(self.store, found, at)
            except StoreError as error:
                words = "An incident cannot be stored kind=%s about=%s: %s"
                log.critical(words, found.kind, found.subject, error)
                return
            del self._owed[key]

    def _look_after(self) -> None:
        self.journal.checkpoint()
        self._watch_sinks()
        self._watch_replicas(self.replication.seen())
        self._verify()
        self._purge()
        self._watch_reviews()
        self._watch_releases()

    def _watch_sinks(self) -> None:
        """A folder of the log that is left out is said once a day as well, while it lasts."""
        left_out = self.journal.left_out()
        for name, folder in left_out.items():
            self._say(name, Action.SINK, f"{folder} does not hold what was written last")
        for name in ("sink:first", "sink:standby"):
            if name not in left_out:
                self._said.pop(name, None)

    def _watch_replicas(self, seen: list[Seen]) -> None:
        """Say once a day that one is down, and once that it is back.

        Daily, so that closing the incident does not end the matter while it lasts.
        """
        for each in seen:
            name = f"replica:{each.name}"
            trouble = each.standing.trouble or f"it is {int(each.lag.total_seconds())} s behind"
            if each.standing.refused:
                self._say(name, Action.REPLICA_REFUSED, trouble)
            elif each.down:
                self._say(name, Action.REPLICA_DOWN, trouble)
            elif self._said.pop(name, ""):
                self._note(Action.REPLICA_DOWN, name, Outcome.DONE, "is back")
        if seen and all(each.down for each in seen):
            words = ", ".join(each.name for each in seen)
            if self._said.get("") != f"{words} {self._day()}":
                raise_alarm(self.store, alarm("replicas_down", "log", words), self.clock())
            self._said[""] = f"{words} {self._day()}"
        else:
            self._said.pop("", None)

    def _say(self, name: str, action: Action, trouble: str) -> None:
        today = f"{action} {self._day()}"
        if self._said.get(name) != today:
            self._note(action, name, Outcome.FAILED, trouble)
            self._said[name] = today

    def _day(self) -> str:
        return self.clock().date().isoformat()

    def _verify(self) -> None:
        now = self.clock()
        if self._all_at is None or now - self._all_at >= DAY:
            self._all_at = self._newest_at = now
            self._report(self._found(newest=0), said="all of it")
        elif self._newest_at is None or now - self._newest_at >= HOUR:
            self._newest_at = now
            self._report(self._found(NEWEST), said="")

    def _found(self, newest: int) -> list[tuple[str, str]]:
        """What is wrong, each with what it is about."""
        words = known_checkpoints(self.replicas, self.folder)
        known = [each.checkpoint for each in words if each.checkpoint]
        audit, notes = self.journal.folder, self.folder / REPLICAS
        result = verify(audit, self.verifier, known, newest=newest)
        return [
            *(("log", str(problem)) for problem in result.problems),
            *(("log", what) for what in copies_differ(audit, self.journal.folders)),
            *(
                (f"replica:{each.replica}", each.what)
                for each in differences(self.replicas, audit, notes, newest)
                if not each.away
            ),
        ]

    def _report(self, found: list[tuple[str, str]], said: str) -> None:
        for subject, what in found[:MOST_TOLD]:
            action = Action.VERIFIED if subject == "log" else Action.REPLICA_REFUSED
            self._note(action, subject, Outcome.FAILED, what)
        if not found and said:
            self._note(Action.VERIFIED, "log", Outcome.DONE, said)

    def _purge(self) -> None:
        now = self.clock()
        leap = leapt_at(self.journal.folder, now)
        if leap is None:
            purge(self.journal, now)
        elif self._said.get("leap") != leap.isoformat():
            self._said["leap"] = leap.isoformat()
            words = f"at {leap.isoformat(timespec='seconds')}; nothing is purged for a day"
            raise_alarm(self.store, alarm("clock_leap", "clock", words), now)

    def _watch_reviews(self) -> None:
        signed = self.store.read(audit_reviews.signed_weeks)
        now = self.clock()
        for week in overdue(self.journal.folder, signed, now):
            if self._said.get(week) is None:
                self._said[week] = week
                raise_alarm(self.store, alarm("review_overdue", f"week:{week}", ""), now)

    def _watch_releases(self) -> None:
        """Count what did not come back, and write down what the collector halted by itself."""
        while self.store.write(lambda c: releasing.watch(c, self.clock())) >= releasing.AT_ONCE:
            pass
        for each in self.store.read(releases.not_written_down):
            what, name = each.halted_because, each.version
            self._note(Action.RELEASE_HALTED, f"release:{name}", Outcome.DONE, what)
            self.store.write(lambda c, name=name: releases.written_down(c, name))  # type: ignore[misc]

    def _note(self, action: Action, subject: str, outcome: Outcome, what: str) -> None:
        self.journal.append(Entry(action, COLLECTOR, outcome, subject, {"what": what}))


@contextmanager
def overseeing(
    store: Store,
    journal: Journal,
    settings: Settings,
    clock: Clock,
    *,
    web: str = "",
    feeding: bool = True,
) -> Iterator[Oversight]:
    """Replicas are fed inside the block, unless `feeding` is somebody else's. `web`: where people
    open the pages, as "https://host:port".

    Raises ConfigError or KeyFileError.
    """
    audit = journal.folders[0]
    folder = audit.parent
    replicas = open_replicas(settings, folder)
    if len(replicas) < settings.wanted:
        log.warning(
            "The audit log has fewer replicas than the policy asks for there_are=%d wanted=%d",
            len(replicas),
            settings.wanted,
        )
    replication = Replication(feeders_of(replicas, folder, audit, clock))
    oversight = Oversight(
        store,
        journal,
        clock,
        folder,
        settings,
        open_verifier(folder / PUBLIC_FILE),
        replicas,
        replication,
        Telling(store, journal, settings.told, clock, web),
    )
    with replicating(replication) if feeding else nullcontext():
        yield oversight
