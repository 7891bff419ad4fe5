"""What an export says: one row a device and rule, built once for every format.

To add a column, add a field to `Row` with its meaning: the writers take them as they come.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from collector.accounts.roles import ROLES, Permission, Role
from collector.compliance import compliance_at
from collector.judged import seen
from collector.model import (
    Compliance,
    Device,
    Finding,
    Language,
    OpenFinding,
    Rule,
    Status,
    Waiver,
)
from collector.policy import RULES, Policy, words_for
from collector.store import Connection, findings, reports, waivers
from collector.veil import Veil, veil_for, veiled

NEVER_REPORTED = "The device has not reported yet."
NOT_JUDGED = "The device has not been judged by this rule yet."
MEANS = "means"
"""Under this name each column carries the words that README.txt has for it."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What holds for the whole export."""

    as_of: datetime
    collector: str
    policy_version: int


@dataclass(frozen=True, slots=True)
class Row:
    """One rule on one device. Texts are as they came; a writer makes them safe for its format."""

    device_id: str = field(metadata={MEANS: "The device's id at the collector; it never changes."})
    hostname: str = field(
        metadata={MEANS: "What the device calls itself; two may have the same name."}
    )
    platform: str = field(
        metadata={MEANS: "linux, macos or windows; empty before the first report."}
    )
    os: str = field(metadata={MEANS: "The operating system, as it names itself."})
    form_factor: str = field(
        metadata={MEANS: "laptop, desktop, tablet, server, virtual_machine, container or unknown."}
    )
    manufacturer: str = field(metadata={MEANS: "Who made the device, as its firmware says."})
    model: str = field(metadata={MEANS: "Its model, as its firmware says."})
    serial: str = field(metadata={MEANS: "Its serial number, as its firmware says."})
    compliance: str = field(
        metadata={MEANS: "The device's state, the same in all its rows; see below."}
    )
    quarantine: str = field(metadata={MEANS: "Why the device is set apart; empty when it is not."})
    enrolled_at: datetime = field(metadata={MEANS: "When it was enrolled."})
    last_seen_at: datetime | None = field(
        metadata={MEANS: "When it last checked in; empty: never."}
    )
    rule_id: str = field(metadata={MEANS: "The rule, under the name that it has in policy.toml."})
    title: str = field(metadata={MEANS: "What the rule asks, in words."})
    severity: str = field(metadata={MEANS: "low, medium, high or critical, by the policy."})
    status: str = field(metadata={MEANS: "What the rule says of the device; see below."})
    because: str = field(metadata={MEANS: "The reason for the status."})
    since: datetime | None = field(metadata={MEANS: "Since when the status has been so."})
    grace_ends_at: datetime | None = field(
        metadata={MEANS: "A failure does not count before this time; empty: no grace."}
    )
    waiver: str = field(
        metadata={
            MEANS: "The last day of the exception in force (UTC), its number in the register, who "
            "asked for it and who approved it, and its reason; empty: none. The status stays."
        }
    )
    evidence: str = field(metadata={MEANS: "What was asked on the device and what it said."})
    evaluated_at: datetime | None = field(
        metadata={MEANS: "When the rule was last put to the device; empty: not yet."}
    )
    policy_version: int = field(
        metadata={MEANS: "The version of the policy that the row was judged by."}
    )


def rows(
    connection: Connection, policy: Policy, now: datetime, role: Role | None = None
) -> Iterator[Row]:
    """Every device in service with every rule the policy asks, by host name, in a stream.

    What was not judged is there as unknown: nothing is left out for want of a report, and no
    device is called compliant before every rule was put to it. `role`: whose eyes it is for;
    names of people and serial numbers that it may not see are left out. None: everything.
    """
    sees = frozenset(Permission) if role is None else ROLES[role]
    rules = [rule for rule in RULES if policy.rules[rule.id].enabled]
    granted = _in_force(connection, now)
    stale_after = timedelta(days=policy.stale_after_days)
    known = findings.as_of(connection, now)
    for _, pairs in groupby(known, key=lambda pair: pair[0].device_id):
        every = list(pairs)
        device = every[0][0]
        held = {finding.rule_id: finding for _, finding in every if finding is not None}
        compliance = compliance_at(device, now, stale_after)
        if compliance is Compliance.COMPLIANT and not held.keys() >= {rule.id for rule in rules}:
            compliance = Compliance.UNKNOWN
        about = _about(device, compliance)
        if Permission.SEE_HARDWARE_IDS not in sees:
            about["serial"] = ""
        veil = None if Permission.SEE_PEOPLE in sees else _veil(connection, device)
        for rule in rules:
            finding = held.get(rule.id) or _unjudged(device, rule, policy, now)
            waiver = granted.get((device.device_id, rule.id))
            words = words_for(finding, device.system, Language.EN)
            found = seen(finding, words, policy, waiver, device.enrolled_at)
            shown = found if veil is None else veiled(found, veil)
            yield Row(**about, **_said(shown, judged=rule.id in held))


def _veil(c: Connection, device: Device) -> Veil:
    """Over the names in what the device said: findings rest on its last report."""
    last = reports.current(c, device.device_id)
    return veil_for(last.posture if last else None)


def _in_force(connection: Connection, now: datetime) -> Mapping[tuple[str, str], Waiver]:
    """Of several for one finding, a group's and its own, the last to end."""
    in_force = waivers.all_active(connection, now)
    return {(waiver.device_id, waiver.rule_id): waiver for waiver in in_force}


def _unjudged(device: Device, rule: Rule, policy: Policy, now: datetime) -> Finding:
    """In place of a finding: a device that never reported is unknown to every rule."""
    reported_at = device.last_report_at
    return Finding(
        device_id=device.device_id,
        rule_id=rule.id,
        status=Status.UNKNOWN,
        because=NOT_JUDGED if reported_at else NEVER_REPORTED,
        evidence=(),
        since=reported_at or device.enrolled_at,
        recorded_at=now,
        evaluated_at=now,
        policy_version=policy.version,
    )


def _about(device: Device, compliance: Compliance) -> dict[str, Any]:
    return {
        "device_id": device.device_id,
        "hostname": device.hostname,
        "platform": device.platform.value if device.platform else "",
        "os": device.os_name,
        "form_factor": device.form_factor.value,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "serial": device.serial,
        "compliance": compliance.value,
        "quarantine": device.quarantined_because,
        "enrolled_at": device.enrolled_at,
        "last_seen_at": device.last_seen_at,
    }


def _said(found: OpenFinding, *, judged: bool) -> dict[str, Any]:
    finding, waiver = found.finding, found.waiver
    return {
        "rule_id": finding.rule_id,
        "title": found.title,
        "severity": found.severity.value,
        "status": finding.status.value,
        "because": finding.because,
        "since": finding.since,
        "grace_ends_at": found.grace_ends_at,
        "waiver": _waived(waiver) if waiver else "",
        "evidence": "; ".join(f"{line.source}: {line.said}" for line in finding.evidence),
        "evaluated_at": finding.evaluated_at if judged else None,
        "policy_version": finding.policy_version,
    }


def _waived(waiver: Waiver) -> str:
    group = f" for the group {waiver.group}" if waiver.group else ""
    approved = f", approved by {waiver.approved_by}" if waiver.approved_by else ""
    return (
        f"until {waiver.ends_at:%Y-%m-%d}, number {waiver.number}{group}, "
        f"asked for by {waiver.requested_by}{approved}: {waiver.reason}"
    )
