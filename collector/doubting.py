"""When a rule turns on a whole build or version at once, the check is doubted, not the devices.

A doubted check makes verdicts unknown, never pass: whoever would have it doubted on purpose gets a
device that is not compliant, an incident, and the earlier verdict beside the doubt.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from collector.audit.entry import COLLECTOR, Action, Entry
from collector.audit.journal import AuditUnavailable, Journal
from collector.incidents.handling import ChangedMeanwhile, NotPossible, tidied
from collector.incidents.kinds import alarm
from collector.policy import Disputes
from collector.store import Connection, Store, disputes, incidents
from collector.store.disputes import AGENT, OPEN, RIGHT, WRONG, Dispute, Place, Turned
from collector.translation import Text

log = logging.getLogger(__name__)

COUNTED_AGAIN = timedelta(minutes=10)
AT_ONCE = 500
BATCHES = 20
VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){0,3}")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says of a doubted check: RIGHT, or WRONG until a version of the agent. `seen`:
    the dispute's version that was looked at, empty where none was.
    """

    state: str
    until_version: str
    reason: str
    resolved_by: str
    resolved_at: datetime
    seen: str = ""


@dataclass(slots=True)
class Doubting:
    """One for a running collector; `tick` blocks, so it is called from a thread."""

    store: Store
    journal: Journal | None = None
    _populations: dict[Place, tuple[datetime, int]] = field(default_factory=dict)

    def tick(self, settings: Disputes, now: datetime) -> list[Dispute]:
        """What is doubted from now on."""
        found = self._suspected(settings, now) if settings.enabled else []
        for each, there in found:
            self._note(each, there)
        opened = self.store.write(lambda c: _open(c, found, now)) if found else []
        self._judge_anew(now)
        return opened

    def _note(self, each: Turned, there: int) -> None:
        """Before it is done; a log that cannot be written lets no blind check go on."""
        detail = {"where": each.place.value, "turned": str(each.devices), "of": str(there)}
        entry = Entry(
            Action.DISPUTE_OPENED, COLLECTOR, subject=f"rule:{each.rule_id}", detail=detail
        )
        try:
            if self.journal is not None:
                self.journal.append(entry)
        except AuditUnavailable as error:
            log.error("%s", error)

    def _suspected(self, settings: Disputes, now: datetime) -> list[tuple[Turned, int]]:
        """An agent's version explains all of its builds: they are not doubted one by one, until
        somebody has decided about it.
        """
        least = settings.least_devices
        held = self.store.read(disputes.standing)
        known = {(each.rule_id, each.place) for each in held}
        explained = {
            (e.rule_id, _platform(e.place))
            for e in held
            if e.place.scope == AGENT and e.state == OPEN
        }
        found = []
        for each in self.store.read(lambda c: disputes.suspects(c, least, now)):
            if (each.rule_id, each.place) in known:
                continue
            if (each.rule_id, _platform(each.place)) in explained:
                continue
            there = self._population(each.place, now)
            if each.devices * 100 >= settings.share_percent * there:
                found.append((each, there))
                if each.place.scope == AGENT:
                    explained.add((each.rule_id, _platform(each.place)))
        return found

    def _population(self, place: Place, now: datetime) -> int:
        at, count = self._populations.get(place, (None, 0))
        if at is None or not timedelta(0) <= now - at < COUNTED_AGAIN:
            count = self.store.read(lambda c: disputes.population(c, place))
            self._populations[place] = (now, count)
        return count

    def _judge_anew(self, now: datetime) -> None:
        """In short transactions: check-ins go on between them."""

        def some(c: Connection) -> bool:
            found = disputes.unmarked(c)
            if found is not None:
                disputes.mark_some(c, found, now, AT_ONCE)
            return found is not None

        for _ in range(BATCHES):
            if self.store.read(disputes.unmarked) is None or not self.store.write(some):
                return


def checked(c: Connection, number: int, decided: Decision) -> Dispute:
    """The dispute as it will be; that a check is wrong can be thought over. Raises NotPossible."""
    found = disputes.get(c, number)
    if found is None:
        raise NotPossible(Text("there is no dispute %(number)s", number=number))
    if found.state == RIGHT:
        raise NotPossible(Text("dispute %(number)s was resolved already", number=number))
    if decided.seen and decided.seen != found.version:
        raise ChangedMeanwhile(Text("somebody decided meanwhile: look at it again"))
    if decided.state not in (RIGHT, WRONG):
        raise NotPossible(
            Text("decision: say whether the verdicts are right or the check is wrong")
        )
    if decided.state == WRONG and not VERSION.fullmatch(decided.until_version):
        raise NotPossible(
            Text("until: give the version of the agent that mends it, for example 0.4.0")
        )
    return replace(
        found,
        state=decided.state,
        until_version=decided.until_version if decided.state == WRONG else "",
        resolved_at=decided.resolved_at,
        resolved_by=decided.resolved_by,
        reason=tidied("reason", decided.reason),
    )


def resolve(c: Connection, number: int, decided: Decision) -> None:
    """Raises NotPossible."""
    disputes.resolve(c, checked(c, number, decided))


def _open(c: Connection, found: Sequence[tuple[Turned, int]], now: datetime) -> list[Dispute]:
    opened = []
    for each, there in found:
        one = disputes.open_one(c, each, there, now)
        if one is not None:
            opened.append(one)
            words = f"{each.devices} of {there} devices with {each.place.value} turned in a day"
            incidents.open_or_count(c, alarm("check_disputed", f"rule:{each.rule_id}", words), now)
    return opened


def _platform(place: Place) -> str:
    return place.value.partition(" ")[0]
