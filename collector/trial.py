"""What a policy would change, from the facts that are held, and nothing written.

It goes through the same judging as a policy that is applied (`judgement.foresee`), so both come to
the same.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from collector.compliance import compliance_at, with_silence
from collector.judgement import Case, Foreseen, as_held, foresee
from collector.model import Compliance, Device, OpenFinding
from collector.policy import Alike, Policy, tracked
from collector.policy_in_force import policy_in_force
from collector.store import Connection, Store, devices, reports
from collector.store import tracked as sightings
from collector.store.devices import DeviceFilter, Standing
from protos.posture.v1.posture_service_pb2 import Posture

PAGE = 200


@dataclass(frozen=True, slots=True)
class FindingChange:
    """One rule's finding now and then; None: the rule is not asked."""

    before: OpenFinding | None
    after: OpenFinding | None


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """States are with regard to silence. `is_another_answer`: its employee would see a change."""

    device: Device
    before: Compliance
    after: Compliance
    findings: tuple[FindingChange, ...]
    is_another_answer: bool

    @property
    def changes(self) -> bool:
        return self.before is not self.after or bool(self.findings)


def try_policy(store: Store, policy: Policy, now: datetime) -> Iterator[DeviceChange]:
    """Every device in service, changed or not, by host name; a page at a time is read."""
    after: tuple[str, str] | None = None
    while True:
        wanted = DeviceFilter(after=after, limit=PAGE)
        ask = partial(_page, policy=policy, wanted=wanted, now=now)
        page, after = store.read(ask)
        yield from page
        if after is None:
            return


@dataclass(frozen=True, slots=True)
class Sample:
    """What a policy would change on `looked_at` devices of `fleet`, those first by their id.

    Ids are random, so that they stand for all. `moves`: how many would go from a state to another.
    """

    looked_at: int
    fleet: int
    changing: int
    moves: Mapping[tuple[Compliance, Compliance], int]
    some: tuple[DeviceChange, ...]


def try_on_sample(store: Store, policy: Policy, now: datetime, most: int, shown: int) -> Sample:
    """On at most `most` devices; the first `shown` that would change are named. Blocks."""
    ids, fleet = store.read(lambda c: devices.first_by_id(c, most))
    moves: Counter[tuple[Compliance, Compliance]] = Counter()
    some: list[DeviceChange] = []
    looked_at = changing = 0
    for start in range(0, len(ids), PAGE):
        chosen = ids[start : start + PAGE]
        for each in store.read(partial(_these, policy=policy, ids=chosen, now=now)):
            looked_at += 1
            changing += each.changes
            if each.before is not each.after:
                moves[each.before, each.after] += 1
            if each.changes and len(some) < shown:
                some.append(each)
    return Sample(looked_at, fleet, changing, dict(moves), tuple(some))


def _these(c: Connection, policy: Policy, ids: Sequence[str], now: datetime) -> list[DeviceChange]:
    today, alike = policy_in_force(c), Alike(policy, now)
    known = [devices.get(c, each) for each in ids]
    return [_change(c, today, alike, each) for each in known if each is not None]


def _page(
    c: Connection, policy: Policy, wanted: DeviceFilter, now: datetime
) -> tuple[list[DeviceChange], tuple[str, str] | None]:
    today, alike = policy_in_force(c), Alike(policy, now)
    page = devices.find(c, wanted, now, timedelta(days=today.stale_after_days))
    return [_change(c, today, alike, each) for each in page.devices], page.next_after


def _change(c: Connection, today: Policy, alike: Alike, device: Device) -> DeviceChange:
    policy, now = alike.policy, alike.now
    before = compliance_at(device, now, timedelta(days=today.stale_after_days))
    standing = devices.standing(c, device.device_id)
    assert standing is not None, "it was found in this transaction"
    foreseen = _foreseen(c, alike, standing)
    seen_at = device.last_seen_at or device.enrolled_at
    judged = foreseen.compliance if foreseen else device.compliance
    after = with_silence(judged, seen_at, now, timedelta(days=policy.stale_after_days))
    if foreseen is None:
        return DeviceChange(device, before, after, (), is_another_answer=False)
    held = as_held(c, today, standing, now)
    changed = tuple(_changed(held, foreseen.findings, now))
    is_another = foreseen.digest != standing.answer_digest
    return DeviceChange(device, before, after, changed, is_another)


def _foreseen(c: Connection, alike: Alike, standing: Standing) -> Foreseen | None:
    """As `ingest.rejudge` would judge; None for a device without a report."""
    report = reports.current(c, standing.device_id)
    if report is None:
        return None
    policy, now = alike.policy, alike.now
    posture = Posture.FromString(report.posture)
    known = sightings.first_seen(c, standing.device_id)
    for rule_id, keys in tracked(policy, posture).items():
        fresh = dict.fromkeys(keys, report.received_at)
        known[rule_id] = fresh | known.get(rule_id, {})
    case = Case(standing, posture, known, begun_at=now, now=now, alike=alike)
    return foresee(c, policy, case)


def _changed(
    held: tuple[OpenFinding, ...], foreseen: tuple[OpenFinding, ...], now: datetime
) -> Iterator[FindingChange]:
    """Those whose status, severity or weight is another one."""
    before = {each.finding.rule_id: each for each in held}
    after = {each.finding.rule_id: each for each in foreseen}
    for rule_id in before | after:
        change = FindingChange(before.get(rule_id), after.get(rule_id))
        if _gist(change.before, now) != _gist(change.after, now):
            yield change


def _gist(found: OpenFinding | None, now: datetime) -> tuple[object, ...]:
    return (found.finding.status, found.severity, found.counts(now)) if found else ()
