"""A device and its findings as the commands show them, and under stable names in their JSON."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector import continuing
from collector.compliance import compliance_at
from collector.continuing import Related
from collector.judged import laid_over
from collector.model import Compliance, Device, Language, OpenFinding
from collector.policy_in_force import policy_in_force
from collector.selecting import the_device
from collector.store import (
    Connection,
    certificates,
    devices,
    events,
    findings,
    reports,
    waivers,
)
from collector.store.events import Event
from collector.web.sent import inventory_facts, sent
from collector.wording import exact

Fields = dict[str, object]
MOST_EVENTS = 10


def device_fields(device: Device, compliance: Compliance) -> Fields:
    """`compliance` with regard to silence."""
    return {
        "device_id": device.device_id,
        "hostname": device.hostname,
        "platform": device.platform,
        "os": device.os_name,
        "os_version": device.os_version,
        "form_factor": device.form_factor,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "serial": device.serial,
        "agent_version": device.agent_version,
        "compliance": compliance,
        "compliance_since": device.compliance_since,
        "enrolled_at": device.enrolled_at,
        "last_seen_at": device.last_seen_at,
        "last_report_at": device.last_report_at,
        "quarantine": device.quarantined_because,
        "retired_at": device.retired_at,
    }


def finding_fields(found: OpenFinding, now: datetime) -> Fields:
    finding, waiver = found.finding, found.waiver
    return {
        "rule_id": finding.rule_id,
        "title": found.title,
        "why": found.why,
        "severity": found.severity,
        "status": finding.status,
        "counts": found.counts(now),
        "because": finding.because,
        "since": finding.since,
        "grace_ends_at": found.grace_ends_at,
        "waiver": {"until": waiver.ends_at, "reason": waiver.reason} if waiver else None,
        "remediation": found.remediation,
        "evidence": [{"source": line.source, "said": line.said} for line in finding.evidence],
        "evaluated_at": finding.evaluated_at,
        "policy_version": finding.policy_version,
    }


@dataclass(frozen=True, slots=True)
class Whole:
    """All that is known of one device. `inventory` has labels and words; `document` is as sent."""

    device: Device
    compliance: Compliance
    now: datetime
    findings: tuple[OpenFinding, ...]
    inventory: tuple[tuple[str, str], ...]
    document: Fields
    check_in_minutes: int
    certificate: str
    events: tuple[Event, ...]
    related: Related


def whole(c: Connection, words: str, now: datetime, language: Language | None = None) -> Whole:
    """Of the device that a person means by `words`. Raises BadInput.

    `language` of the rules' words; None: the policy's.
    """
    device, policy = the_device(c, words), policy_in_force(c)
    device_id = device.device_id
    mine = {waiver.rule_id: waiver for waiver in waivers.active_for(c, device_id, now)}
    report = sent(reports.current(c, device_id))
    held = findings.open_of(c, device_id)
    return Whole(
        device=device,
        compliance=compliance_at(device, now, timedelta(days=policy.stale_after_days)),
        now=now,
        findings=tuple(laid_over(held, policy, mine, device, language)),
        inventory=tuple((fact.label, fact.said) for fact in inventory_facts(device, report)),
        document=json.loads(devices.document(c, device_id)),
        check_in_minutes=policy.check_in_minutes,
        certificate=_certificate(c, device_id),
        events=tuple(events.recent(c, MOST_EVENTS, device_id)),
        related=continuing.related(c, device, now),
    )


def whole_fields(shown: Whole) -> Fields:
    return device_fields(shown.device, shown.compliance) | {
        "as_of": shown.now,
        "last_sequence": shown.device.last_sequence,
        "findings": [finding_fields(each, shown.now) for each in shown.findings],
        "inventory": shown.document,
        "continues": _id_of(shown.related.earlier),
        "continued_as": _id_of(shown.related.later),
        "may_continue": [each.device_id for each in shown.related.may_continue],
        "events": [{"at": e.at, "kind": e.kind, "detail": e.detail} for e in shown.events],
    }


def _id_of(device: Device | None) -> str | None:
    return device.device_id if device else None


def _certificate(c: Connection, device_id: str) -> str:
    newest = next(iter(certificates.of_device(c, device_id)), None)
    if newest is None:
        return "none"
    if newest.revoked_at is not None:
        return f"revoked: {newest.revoked_because}"
    return f"good until {exact(newest.not_after)}"
