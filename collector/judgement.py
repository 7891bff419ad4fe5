"""A posture is judged in one place: findings move, and the device's row says what follows.

Reports, policies, the upkeep and the end of a grace all come through `judge`.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter

from sqlalchemy import Connection

from collector.compliance import in_language, lay_over, state
from collector.inventory import PLATFORMS
from collector.model import (
    Compliance,
    Finding,
    OpenFinding,
    Severity,
    Status,
    System,
    Verdict,
    Waiver,
)
from collector.policy import RULES, Alike, Judged, Notices, Policy, evaluate, words_for
from collector.policy.causes import Cause
from collector.policy.grace import failing_from, grace_ends_at
from collector.store import devices, disputes, findings, waivers
from collector.store.columns import MILLISECOND
from collector.store.devices import Judgement, Standing
from collector.store.disputes import Dispute, Place, places_of
from collector.store.findings import Moves, Opening
from collector.store.tracked import FirstSeen
from collector.translation import Text, marked
from collector.translation.sentences import written
from protos.posture.v1.posture_service_pb2 import Posture

SAID = {Status.PASS: marked("pass"), Status.FAIL: marked("fail")}
SAYS = attrgetter("because", "told", "cause", "evidence")
"""What an open finding is written anew for while its status stays."""
MOST_FLAPS = 20
"""So many intervals back a failure is looked for that a new one may continue."""
STEADY = timedelta(days=1)
SOONEST = timedelta(minutes=1)
"""No device is judged again by the clock more often than this, whatever a rule says."""


@dataclass(frozen=True, slots=True)
class Case:
    """One device's posture before the rules. `begun_at`: since when what is new may be so.

    `reported`: the device has just sent it; else time or the policy has changed. `alike`: what
    was come to for others by this policy at this moment.
    """

    standing: Standing
    posture: Posture
    first_seen: FirstSeen
    begun_at: datetime
    now: datetime
    reported: bool = False
    alike: Alike | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of the devices that are judged together, by device, and which checks are
    doubted.
    """

    findings: Mapping[str, Sequence[Finding]]
    waivers: Mapping[str, Sequence[Waiver]]
    doubted: Sequence[Dispute]


@dataclass(frozen=True, slots=True)
class About:
    """What words and grace hang on, besides the findings."""

    system: System
    enrolled_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A device's state and findings under a policy; `digest` tells one answer from another."""

    compliance: Compliance
    findings: tuple[OpenFinding, ...]
    digest: bytes
    system: System


@dataclass(frozen=True, slots=True)
class Settled:
    """What judging has left: in the device's row, and its findings as people see them."""

    row: Judgement
    findings: tuple[OpenFinding, ...]
    system: System


def judge(connection: Connection, policy: Policy, case: Case) -> Settled:
    """Apply the policy, move the findings, and record what follows in the device's row."""
    return judge_all(connection, policy, [case])[0]


def judge_all(connection: Connection, policy: Policy, cases: Sequence[Case]) -> list[Settled]:
    """As `judge`, of several devices at one moment: what they need is read and written together."""
    held = _held(connection, cases)
    settled, moves = [], {}
    for case in cases:
        judged = _believed(policy, case, held)
        after, moved = _moves(connection, policy, case, judged, held)
        moves[case.standing.device_id] = moved
        settled.append(_settled(policy, case, judged, _foreseen(policy, case, after, held)))
    findings.move_all(connection, moves)
    for case in cases:
        turned = moves[case.standing.device_id].turned
        if case.reported and turned:
            disputes.count_turned(connection, turned, _places(case), case.now)
    rows = [(case.standing, each.row) for case, each in zip(cases, settled, strict=True)]
    devices.record_judgements(connection, rows)
    return settled


def _held(connection: Connection, cases: Sequence[Case]) -> Held:
    ids = [case.standing.device_id for case in cases]
    return Held(
        findings.all_open_of(connection, ids),
        waivers.active_for_many(connection, ids, cases[0].now) if cases else {},
        disputes.standing(connection),
    )


def _settled(policy: Policy, case: Case, judged: Sequence[Judged], foreseen: Foreseen) -> Settled:
    standing = case.standing
    compliance, seen, digest = foreseen.compliance, foreseen.findings, foreseen.digest
    changed = compliance is not standing.compliance
    judgement = Judgement(
        compliance=compliance,
        compliance_since=case.now if changed else standing.compliance_since or case.now,
        answer_version=standing.answer_version + (digest != standing.answer_digest),
        answer_digest=digest,
        judged_policy_version=policy.version,
        evaluated_at=case.now,
        next_evaluation_at=_next_evaluation_at(judged, seen, case.now),
        severity=_worst(seen, case.now),
    )
    return Settled(judgement, seen, foreseen.system)


def _worst(seen: Iterable[OpenFinding], now: datetime) -> int:
    """From -4 for a critical failure that counts to 0 for none: the worst sort first."""
    ranks = {severity: -place for place, severity in enumerate(Severity, start=1)}
    return min((ranks[each.severity] for each in seen if each.counts(now)), default=0)


def as_held(
    connection: Connection, policy: Policy, standing: Standing, now: datetime
) -> tuple[OpenFinding, ...]:
    """The open findings as people see them, without judging anything."""
    held = findings.open_of(connection, standing.device_id)
    waived = waivers.active_for(connection, standing.device_id, now) if held else ()
    system = System(standing.platform, standing.os_id)
    return _laid_over(policy, held, waived, About(system, standing.enrolled_at, now))


def foresee(connection: Connection, policy: Policy, case: Case) -> Foreseen:
    """What `judge` would come to, from the same facts; nothing is written."""
    held = _held(connection, [case])
    after, _ = _moves(connection, policy, case, _believed(policy, case, held), held)
    return _foreseen(policy, case, after, held)


def _foreseen(policy: Policy, case: Case, after: Sequence[Finding], held: Held) -> Foreseen:
    inventory = case.posture.inventory
    platform = PLATFORMS.get(inventory.platform, case.standing.platform)
    system = System(platform, inventory.os_id)
    about = About(system, case.standing.enrolled_at, case.now)
    seen = _laid_over(policy, after, held.waivers.get(case.standing.device_id, ()), about)
    compliance = state(seen, case.now)
    return Foreseen(compliance, seen, _digest(compliance, seen, policy.notices), system)


def _moves(
    connection: Connection, policy: Policy, case: Case, judged: Sequence[Judged], held: Held
) -> tuple[list[Finding], Moves]:
    """What is open once the intervals are in line with the verdicts, and how to get there."""
    device_id = case.standing.device_id
    before = {old.rule_id: old for old in held.findings.get(device_id, ())}
    is_new = case.standing.evaluated_at is None
    is_asked_anew = not is_new and any(each.rule.id not in before for each in judged)
    taken = findings.taken_until(connection, device_id) if is_asked_anew else {}
    after, closed, opened, refreshed, turned = [], [], [], [], []
    for each in judged:
        old = before.pop(each.rule.id, None)
        new = _finding(each, old, case, policy.version)
        if old is None:
            free_at = taken.get(each.rule.id, case.now)
            new = replace(new, recorded_at=max(case.now, free_at))
            opened.append(Opening(new, each.rule.signal))
        elif old.status is not new.status:
            if _turned(old, new):
                turned.append(old.rule_id)
            new = _clocked(connection, policy, new)
            closed.append((old.rule_id, new.recorded_at))
            opened.append(Opening(new, each.rule.signal))
        elif SAYS(old) != SAYS(new):
            refreshed.append(new)
        after.append(new)
    closed += [(gone.rule_id, _after(gone, case.now)) for gone in before.values()]
    return after, Moves(closed, opened, refreshed, turned)


def _believed(policy: Policy, case: Case, held: Held) -> list[Judged]:
    """The verdicts, unknown where the check is doubted; what it said stands in the words."""
    judged = evaluate(policy, case.posture, case.now, case.first_seen, case.alike)
    places = _places(case) if held.doubted else ()
    version = case.posture.agent_version
    doubted = {each.rule_id: each for each in held.doubted if each.covers(places, version)}
    return [
        replace(each, verdict=_doubted(each.verdict, doubted[each.rule.id]))
        if each.rule.id in doubted and each.verdict.status in (Status.PASS, Status.FAIL)
        else each
        for each in judged
    ]


def _doubted(verdict: Verdict, dispute: Dispute) -> Verdict:
    words = Text(
        "The check is doubted: it changed on %(turned)s of %(population)s devices with %(place)s"
        " within a day (dispute %(number)s). It said %(status)s: %(because)s",
        turned=dispute.turned,
        population=dispute.population,
        place=dispute.place.value,
        number=dispute.number,
        status=Text(SAID[verdict.status]),
        because=verdict.because,
    )
    return Verdict(Status.UNKNOWN, words, verdict.holds_until, Cause.DISPUTED)


def _places(case: Case) -> tuple[Place, ...]:
    inventory = case.posture.inventory
    platform = PLATFORMS.get(inventory.platform, case.standing.platform)
    named = platform.value if platform else ""
    return places_of(named, inventory.os_build, case.posture.agent_version)


def _turned(old: Finding, new: Finding) -> bool:
    """A pass that is none any more, or a failure that passes: a check that has gone blind may say
    either. It had stood for a day, so that one device that flaps counts once a day; and it is not
    by another policy. What was unknown and is seen now is no turn.
    """
    left = old.status is Status.PASS and new.status in (Status.FAIL, Status.UNKNOWN)
    mended = old.status is Status.FAIL and new.status is Status.PASS
    steady = new.recorded_at - old.recorded_at >= STEADY
    same_policy = old.policy_version == new.policy_version
    return (left or mended) and steady and same_policy and new.cause != Cause.DISPUTED


def _finding(judged: Judged, old: Finding | None, case: Case, policy_version: int) -> Finding:
    verdict = judged.verdict
    since, recorded_at = case.begun_at, case.now
    if old is not None and old.status is verdict.status:
        since, recorded_at = old.since, old.recorded_at
    elif old is not None:
        since, recorded_at = max(case.begun_at, old.since), _after(old, case.now)
    return Finding(
        device_id=case.standing.device_id,
        rule_id=judged.rule.id,
        status=verdict.status,
        because=str(verdict.because),
        evidence=judged.evidence,
        since=since,
        recorded_at=recorded_at,
        evaluated_at=case.now,
        policy_version=policy_version,
        cause=verdict.cause,
        failing_from=old.failing_from if old and old.status is verdict.status else None,
        told=written(verdict.because),
    )


def _clocked(connection: Connection, policy: Policy, new: Finding) -> Finding:
    """A new failure, with the clock of the one before where the pass between was too short."""
    if new.status is not Status.FAIL or not policy.flap_hours:
        return new
    ended_at, earlier = new.since, []
    for each in findings.of_rule(connection, new.device_id, new.rule_id, MOST_FLAPS):
        earlier.append((each, ended_at))
        ended_at = each.since
    return replace(new, failing_from=failing_from(earlier, new.since, policy.flap_hours))


def _after(old: Finding, now: datetime) -> datetime:
    """When an interval may end, also after our own clock was set back."""
    return max(now, old.recorded_at + MILLISECOND)


def _laid_over(
    policy: Policy, held: Iterable[Finding], waived: Iterable[Waiver], about: About
) -> tuple[OpenFinding, ...]:
    """With words, grace and waivers, in the order of the rules."""
    device_findings = {each.rule_id: each for each in held}
    waiver_of = {each.rule_id: each for each in waived}
    seen = []
    for rule in RULES:
        finding, settings = device_findings.get(rule.id), policy.rules.get(rule.id)
        if finding is not None and settings is not None:
            words = words_for(finding, about.system, policy.language)
            finding = in_language(finding, policy.language)
            grace = grace_ends_at(policy, finding, about.enrolled_at)
            waiver = waiver_of.get(rule.id)
            seen.append(lay_over(finding, words, settings.severity, grace, waiver))
    return tuple(seen)


def _next_evaluation_at(
    judged: Iterable[Judged], seen: Iterable[OpenFinding], now: datetime
) -> datetime | None:
    """When time alone may change the answer: a verdict, a grace or a waiver runs out."""
    moments = [each.verdict.holds_until for each in judged]
    for each in seen:
        moments.append(each.waiver.ends_at if each.waiver else None)
        if each.finding.status is Status.FAIL and each.grace_ends_at is not None:
            moments.append(each.grace_ends_at if each.grace_ends_at > now else None)
    known = [moment for moment in moments if moment is not None]
    return max(min(known), now + SOONEST) if known else None


def _digest(compliance: Compliance, seen: Iterable[OpenFinding], notices: Notices) -> bytes:
    """Equal for answers that an employee could not tell apart, and that are shown alike."""
    visible = [
        (
            each.finding.rule_id,
            each.finding.status.value,
            each.finding.because,
            each.finding.since.isoformat(),
            each.title,
            each.severity.value,
            each.remediation,
            each.grace_ends_at.isoformat() if each.grace_ends_at else "",
            each.waiver.ends_at.isoformat() if each.waiver else "",
        )
        for each in seen
    ]
    shown = (notices.on_device, notices.quiet_from, notices.quiet_until)
    return hashlib.sha256(repr((compliance.value, visible, shown)).encode()).digest()[:16]
