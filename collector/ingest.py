"""A check-in comes in once: stored, judged and its findings moved in the caller's transaction.

Repeated, older or unparsable input changes nothing. Freshness is by our clock alone; the
device's own clock only dates the beginning of a state, and only within what we know.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from google.protobuf.message import DecodeError
from sqlalchemy import Connection

from collector.inventory import fingerprint_of, row_of
from collector.judgement import Case, Settled, as_held, judge, judge_all
from collector.model import Compliance, OpenFinding, System
from collector.policy import Alike, Notices, Policy, tracked
from collector.store import devices, events, past, reports
from collector.store import standing as standings
from collector.store import tracked as sightings
from collector.store.columns import whole
from collector.store.devices import Standing
from collector.store.reports import StoredReport
from collector.store.tracked import Sight
from protos.posture.v1.posture_service_pb2 import Posture, Receipt

LARGEST_POSTURE = 64 << 10
HIGHEST_SEQUENCE = (1 << 63) - 1
DIGEST_SIZE = 32
TAKEN = (Receipt.RECEIPT_STORED, Receipt.RECEIPT_UNCHANGED)
STABLE_PARTS = frozenset({"board", "serial"})


class Unacceptable(Exception):
    """The delivery cannot be taken; the message names the field. Nothing has changed."""


class NotInService(Unacceptable):
    """No such device, or it was retired: it has to be enrolled again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one check-in brought: a posture, or only the digest of the one we should hold.

    `held_answer` is the answer version that the agent holds; its findings are not repeated.
    """

    sequence: int
    observed_at: datetime
    posture: bytes | None = None
    digest: bytes | None = None
    held_answer: int | None = None


NO_SYSTEM, NO_NOTICES = System(None), Notices(on_device=False)


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something about the device that does not fit; kept as an event, too."""

    device_id: str
    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to answer. `findings` is empty when the agent holds this `answer_version` already.

    A device in quarantine is told nothing: version 0, unknown, no findings.
    """

    receipt: Receipt.ValueType
    accepted_sequence: int
    answer_version: int
    compliance: Compliance
    findings: tuple[OpenFinding, ...]
    policy_version: int
    evaluated_at: datetime | None
    anomalies: tuple[Anomaly, ...] = ()
    system: System = NO_SYSTEM
    notices: Notices = NO_NOTICES


@dataclass(frozen=True, slots=True)
class Visit:
    """One delivery, whom it came from, and when the device is told to come again."""

    standing: Standing
    delivery: Delivery
    digest: bytes
    now: datetime
    back_at: datetime | None
    anomalies: list[Anomaly] = field(default_factory=list)

    @property
    def device_id(self) -> str:
        return self.standing.device_id

    def strange(self, kind: str, what: str) -> None:
        self.anomalies.append(Anomaly(self.device_id, kind, what))


def check_in(
    connection: Connection,
    policy: Policy,
    standing: Standing | None,
    delivery: Delivery,
    now: datetime,
    back_at: datetime | None = None,
) -> Outcome:
    """Take one delivery of the device that stands so (None: there is none such).

    `back_at`: when it is told to come again, kept in the same statement as its sign of life.
    Idempotent by sequence. Raises `Unacceptable`.
    """
    standing = _in_service(standing)
    visit = Visit(standing, delivery, _digest(delivery), whole(now), back_at)
    if standing.quarantined_because:
        return _set_aside(connection, policy, visit)
    if delivery.sequence <= standing.last_sequence:
        _watch_for_clash(connection, visit)
        _expect(connection, visit)
        return _answer(connection, policy, visit, Receipt.RECEIPT_SUPERSEDED)
    if visit.digest == standing.digest:
        settled = _still_the_same(connection, policy, visit)
        return _answer(connection, policy, visit, Receipt.RECEIPT_UNCHANGED, settled)
    if delivery.posture is None:
        return _answer(connection, policy, visit, Receipt.RECEIPT_SEND_FULL)
    settled = _take_report(connection, policy, visit, delivery.posture)
    return _answer(connection, policy, visit, Receipt.RECEIPT_STORED, settled)


def rejudge(
    connection: Connection,
    policy: Policy,
    device_id: str,
    now: datetime,
    alike: Alike | None = None,
) -> bool:
    """Judge what is held again: the policy, the waivers or the time have changed.

    `alike`: of this policy at `whole(now)`, where many are judged together.
    True when the answer to the device is another one now.
    """
    return bool(rejudge_all(connection, policy, [device_id], now, alike))


def rejudge_all(
    connection: Connection,
    policy: Policy,
    device_ids: Collection[str],
    now: datetime,
    alike: Alike | None = None,
) -> int:
    """As `rejudge`, of many; for how many the answer is another one now."""
    known = devices.standings(connection, device_ids)
    standing = [each for each in known if each.retired_at is None]
    settled = _judge_held(connection, policy, standing, whole(now), alike)
    before = {each.device_id: each.answer_version for each in standing}
    return sum(each.row.answer_version != before[name] for name, each in settled.items())


def _judge_held(
    connection: Connection,
    policy: Policy,
    standings: Sequence[Standing],
    now: datetime,
    alike: Alike | None = None,
) -> dict[str, Settled]:
    """Of those that have reported, by device."""
    held = reports.current_of_many(connection, [each.device_id for each in standings])
    postures = {name: _parsed(each.posture) for name, each in held.items()}
    sights = {
        name: Sight(tracked(policy, posture), held[name].received_at)
        for name, posture in postures.items()
    }
    known = sightings.remember_all(connection, sights)
    cases = [
        Case(each, postures[each.device_id], known[each.device_id], now, now, alike=alike)
        for each in standings
        if each.device_id in postures
    ]
    settled = judge_all(connection, policy, cases)
    return {case.standing.device_id: each for case, each in zip(cases, settled, strict=True)}


def _in_service(standing: Standing | None) -> Standing:
    if standing is None:
        raise NotInService("this device is not known here: enroll it again")
    if standing.retired_at is not None:
        raise NotInService("this device was retired: enroll it again")
    return standing


def _digest(delivery: Delivery) -> bytes:
    """The digest of what the delivery stands for, once its form has been found sound."""
    if not 1 <= delivery.sequence <= HIGHEST_SEQUENCE:
        raise Unacceptable(f"sequence: must be from 1 to {HIGHEST_SEQUENCE}")
    if delivery.posture is None:
        if delivery.digest is None or len(delivery.digest) != DIGEST_SIZE:
            raise Unacceptable(f"unchanged.digest: must hold {DIGEST_SIZE} bytes")
        return delivery.digest
    if not delivery.posture:
        raise Unacceptable("report.posture: is empty")
    if len(delivery.posture) > LARGEST_POSTURE:
        size = len(delivery.posture)
        raise Unacceptable(f"report.posture: holds {size} bytes, at most {LARGEST_POSTURE} go")
    return hashlib.sha256(delivery.posture).digest()


def _parsed(posture: bytes) -> Posture:
    try:
        return Posture.FromString(posture)
    except DecodeError:
        raise Unacceptable("report.posture: is not a serialised Posture") from None


def _is_due(standing: Standing, policy: Policy, now: datetime) -> bool:
    if standing.judged_policy_version != policy.version:
        return True
    return standing.next_evaluation_at is not None and standing.next_evaluation_at <= now


def _still_the_same(connection: Connection, policy: Policy, visit: Visit) -> Settled | None:
    """Touch the one row; the posture is judged only when a verdict on it has run out."""
    past.keep_absence(connection, visit.device_id, visit.standing.last_seen_at, visit.now)
    sequence = visit.delivery.sequence
    devices.touch(connection, visit.device_id, sequence, visit.now, visit.back_at)
    devices.heard(connection, visit.standing)
    if _is_due(visit.standing, policy, visit.now):
        settled = _judge_held(connection, policy, [visit.standing], visit.now)
        return settled.get(visit.device_id)
    return None


def _expect(connection: Connection, visit: Visit) -> None:
    """Where nothing was taken; whoever is told to send everything comes back at once."""
    if visit.back_at is not None:
        standings.expect(connection, visit.device_id, visit.back_at)


def _set_aside(connection: Connection, policy: Policy, visit: Visit) -> Outcome:
    delivery = visit.delivery
    _expect(connection, visit)
    if delivery.posture is not None:
        reports.keep_aside(connection, visit.device_id, _report(visit, delivery.posture))
    return Outcome(
        receipt=Receipt.RECEIPT_QUARANTINED,
        accepted_sequence=visit.standing.last_sequence,
        answer_version=0,
        compliance=Compliance.UNKNOWN,
        findings=(),
        policy_version=policy.version,
        evaluated_at=None,
    )


def _watch_for_clash(connection: Connection, visit: Visit) -> None:
    """One number with two contents: a copy of the device may be reporting beside it."""
    sequence, standing = visit.delivery.sequence, visit.standing
    if sequence == standing.last_sequence and visit.digest != standing.digest:
        detail = f"report {sequence} came again with another posture"
        if events.add_once(connection, visit.now, "sequence clash", visit.device_id, detail):
            visit.strange("sequence clash", detail)


def _take_report(connection: Connection, policy: Policy, visit: Visit, sent: bytes) -> Settled:
    posture = _parsed(sent)
    device_id, now, standing = visit.device_id, visit.now, visit.standing
    _watch_the_hardware(connection, visit, posture)
    inventory = row_of(posture.inventory, posture.agent_version)
    sequence = visit.delivery.sequence
    past.keep_absence(connection, device_id, standing.last_seen_at, now)
    devices.record_check_in(connection, device_id, inventory, sequence, visit.digest, now)
    devices.heard(connection, standing)
    _expect(connection, visit)
    reports.add(connection, device_id, _report(visit, sent))
    keys = tracked(policy, posture)
    known = sightings.remember(connection, device_id, keys, now)
    sightings.forget_others(connection, device_id, keys, known)
    begun_at = min(max(whole(visit.delivery.observed_at), standing.enrolled_at), now)
    return judge(connection, policy, Case(standing, posture, known, begun_at, now, reported=True))


def _watch_the_hardware(connection: Connection, visit: Visit, posture: Posture) -> None:
    """Another board under the same certificate: the disk was moved, or copied."""
    before = devices.fingerprint_of(connection, visit.device_id)
    after = fingerprint_of(posture.inventory)
    changed = sorted(
        part for part in STABLE_PARTS & before.keys() & after.keys() if before[part] != after[part]
    )
    if changed:
        detail = f"report {visit.delivery.sequence} comes from another {' and '.join(changed)}"
        events.add(connection, visit.now, "hardware changed", visit.device_id, detail)
        visit.strange("hardware changed", detail)


def _report(visit: Visit, posture: bytes) -> StoredReport:
    observed_at = visit.delivery.observed_at
    return StoredReport(visit.delivery.sequence, visit.digest, posture, observed_at, visit.now)


def _answer(
    connection: Connection,
    policy: Policy,
    visit: Visit,
    receipt: Receipt.ValueType,
    settled: Settled | None = None,
) -> Outcome:
    """What the device's row says now; its findings when the agent does not hold them."""
    standing, delivery = visit.standing, visit.delivery
    row = settled.row if settled else standing
    findings: tuple[OpenFinding, ...] = ()
    if delivery.held_answer != row.answer_version:
        judged = settled.findings if settled else None
        findings = judged or as_held(connection, policy, standing, visit.now)
    return Outcome(
        receipt=receipt,
        accepted_sequence=delivery.sequence if receipt in TAKEN else standing.last_sequence,
        answer_version=row.answer_version,
        compliance=row.compliance,
        findings=findings,
        policy_version=row.judged_policy_version or policy.version,
        evaluated_at=row.evaluated_at,
        anomalies=tuple(visit.anomalies),
        system=settled.system if settled else System(standing.platform, standing.os_id),
        notices=policy.notices,
    )
