"""One walk over the fleet as it was: every row of every table, once, and what they add up to.

What was not judged is there as unknown: nothing is left out for want of a report, and no device is
called compliant before every rule was put to it.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from collector.compliance import state
from collector.export.changes import Earlier, changes_of, retired_since
from collector.export.columns import CHANGES, DEVICES, FINDINGS, WAIVERS, Table, WaiverRow
from collector.export.granted import Granted, register
from collector.export.heading import Heading, Totals
from collector.export.pseudonyms import Names
from collector.export.rows import Said, device_row, finding_row, waiver_row
from collector.judged import seen
from collector.model import Compliance, Finding, OpenFinding, Rule, Status, Words
from collector.policy import RULES, Policy, title
from collector.store import Connection
from collector.store.as_of import Then, fleet_as_of
from collector.store.columns import MILLISECOND

NEVER_REPORTED = "The device has not reported yet."
NOT_JUDGED = "The device has not been judged by this rule yet."
AT_ONCE = 100
SOON, MOST_ENDING = timedelta(days=30), 20

Take = Callable[[Table, Sequence[Any]], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """A device with everything that is said of it; `held`: the rules that were put to it."""

    then: Then
    compliance: Compliance
    found: tuple[OpenFinding, ...]
    held: frozenset[str]


@dataclass(slots=True)
class Telling:
    """What the walk needs; `take` gets each row with its table, as values in column order."""

    heading: Heading
    policy: Policy
    names: Names
    take: Take
    totals: Totals = field(default_factory=Totals)

    def walk(self, connection: Connection, step: Callable[[int], None]) -> None:
        """Everything, in one view of the store. `step` is told how many devices were told."""
        at = self.heading.as_of
        rules = [rule for rule in RULES if self.policy.rules[rule.id].enabled]
        told = 0
        for some in _some(self._fleet(connection), AT_ONCE):
            before, granted = self._before(connection, some), Granted.at(connection, some, at)
            for then in some:
                self._device(self._judged(then, rules, granted), before)
            told += len(some)
            step(told)
        for change in retired_since(connection, self.heading, self.names):
            self._row(CHANGES, change)
            self.totals.changes[change.change] += 1
        group = "" if self.heading.scope == "all" else self.heading.scope.removeprefix("group:")
        for entry, hostname in register(connection, at, self.heading.since, group):
            row = waiver_row(entry, hostname, at, self.names)
            self._row(WAIVERS, row)
            self._count_waiver(row)

    def _fleet(self, connection: Connection) -> Iterator[Then]:
        for then in fleet_as_of(connection, self.heading.as_of, self.policy.version):
            if self.heading.scope in ("all", *(f"group:{name}" for name in then.groups)):
                yield then

    def _judged(self, then: Then, rules: Iterable[Rule], granted: Granted) -> Judged:
        at, device = self.heading.as_of, then.device
        held = {finding.rule_id: finding for finding in then.findings}
        waived = granted.over(device.device_id, then.groups)
        found = tuple(
            seen(
                held.get(rule.id) or unjudged(then, rule, self.policy, at),
                Words(title(rule.id), "", ""),
                self.policy,
                waived.get(rule.id),
                device.enrolled_at,
            )
            for rule in rules
        )
        whole = frozenset(held)
        compliance = state(found, at)
        if compliance is Compliance.COMPLIANT and not whole >= {rule.id for rule in rules}:
            compliance = Compliance.UNKNOWN
        if is_silent(then.silent_since, at, self.policy):
            compliance = Compliance.STALE
        return Judged(then, compliance, found, whole)

    def _before(self, connection: Connection, some: Sequence[Then]) -> Earlier | None:
        """None: there was no pack before."""
        if self.heading.since is None:
            return None
        ids = [then.device.device_id for then in some]
        return Earlier.at(connection, ids, self.heading.since)

    def _device(self, judged: Judged, before: Earlier | None) -> None:
        at, names = self.heading.as_of, self.names
        veil = names.veil(judged.then.device)
        said = Said(judged.held, at, names, veil)
        row = device_row(judged.then, judged.compliance, judged.found, names)
        self._row(DEVICES, row)
        self._count_device(judged, row.owner)
        for found in judged.found:
            self._row(FINDINGS, finding_row(row, found, said))
            self._count_finding(row.platform, found)
        if before is not None:
            for change in changes_of(self.heading, self.policy, judged.then, judged.found, before):
                change.hostname, change.owner = row.hostname, row.owner
                if change.rule_id:
                    change.because = names.because(change.rule_id, change.because, veil)
                self._row(CHANGES, change)
                self.totals.changes[change.change] += 1

    def _count_device(self, judged: Judged, owner: str) -> None:
        totals, compliance = self.totals, judged.compliance.value
        totals.devices[compliance] += 1
        platform = judged.then.device.platform
        totals.platforms[platform.value if platform else "", compliance] += 1
        totals.never_reported += not judged.then.reported
        totals.without_owner += not owner

    def _count_finding(self, platform: str, found: OpenFinding) -> None:
        totals, finding = self.totals, found.finding
        totals.rules[finding.rule_id, finding.status.value] += 1
        if finding.status is Status.UNKNOWN:
            totals.causes[finding.rule_id, finding.cause] += 1
        if found.counts(self.heading.as_of):
            totals.counting[finding.rule_id] += 1
            totals.fixes[finding.rule_id, finding.cause, platform] += 1

    def _count_waiver(self, row: WaiverRow) -> None:
        totals, left = self.totals, row.ends_at - self.heading.as_of
        totals.waivers["in force" if left > timedelta(0) else "ended"] += 1
        if timedelta(0) < left <= SOON:
            insort(totals.ending, row, key=lambda each: each.ends_at)
            del totals.ending[MOST_ENDING:]

    def _row(self, table: Table, row: Any) -> None:
        self.totals.rows[table.name] += 1
        self.take(table, READERS[table.name](row))


READERS = {table.name: table.reader() for table in (DEVICES, FINDINGS, WAIVERS, CHANGES)}


def is_silent(silent_since: datetime | None, at: datetime, policy: Policy) -> bool:
    """As the pages have it: stale after more than so many days without a check-in."""
    return silent_since is not None and at - silent_since > timedelta(days=policy.stale_after_days)


def unjudged(then: Then, rule: Rule, policy: Policy, at: datetime) -> Finding:
    """In place of a finding: a device that never reported is unknown to every rule."""
    return Finding(
        device_id=then.device.device_id,
        rule_id=rule.id,
        status=Status.UNKNOWN,
        because=NOT_JUDGED if then.reported else NEVER_REPORTED,
        evidence=(),
        since=then.device.enrolled_at,
        recorded_at=at + MILLISECOND,
        evaluated_at=at,
        policy_version=policy.version,
        cause="not_judged" if then.reported else "never_reported",
    )


def _some(every: Iterator[Then], most: int) -> Iterator[list[Then]]:
    some: list[Then] = []
    for one in every:
        some.append(one)
        if len(some) == most:
            yield some
            some = []
    if some:
        yield some
