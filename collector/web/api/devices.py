"""Devices, what they fall short in, what they are; and what a person decides about one."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from collector import deciding, listing
from collector.accounts.roles import Permission
from collector.compliance import compliance_at, in_language
from collector.filtering import FILTERS, alone
from collector.judged import laid_over
from collector.listing import Question
from collector.model import Compliance, Device, Finding, Language, OpenFinding
from collector.store import (
    Connection,
    devices,
    findings,
    groups,
    reports,
    waivers,
)
from collector.veil import NOT_SHOWN, Veil, names_people, veil_for
from collector.web.api.calls import Call, One, Several
from collector.web.api.fields import OBJECTS
from collector.web.api.problems import Wrong, not_found, unfit

Values = dict[str, Any]
LONGEST_CURSOR = 8_000
LONGEST_NAME, LONGEST_ID = 2_000, 64


async def list_devices(call: Call) -> Several:
    def find(c: Connection) -> Several:
        policy, question = call.site.policy.current(c), _question(call)
        stale_after = timedelta(days=policy.stale_after_days)
        listed = listing.find(c, question, call.now, stale_after, call.query["limit"])
        return Several(described(c, listed.devices), _written(listed.next_question))

    return await call.read(find)


def _question(call: Call) -> Question:
    """A filter that may not be asked here was refused before."""
    state, name, device_id = _read(call.query["cursor"])
    known = {each.name: each for each in FILTERS}
    asked = {
        key: known[key].value(value) for key, value in call.query.items() if value and key in known
    }
    lonely = alone(asked)
    if lonely is not None:
        raise unfit([Wrong(*lonely)])
    question = listing.asking(asked, sees_people=call.may(Permission.SEE_PEOPLE))
    after_state = Compliance(state) if state else None
    return replace(
        question, after_state=after_state, after=(name, device_id) if device_id else None
    )


def _written(following: Question | None) -> str | None:
    """Where this page ends, for the next one."""
    if following is None:
        return None
    after = (following.after_state or "", *(following.after or ("", "")))
    return base64.urlsafe_b64encode(json.dumps(after).encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[str, str, str]:
    """Where the page before ended. Whoever makes one up asks for another page of the same list."""
    if not cursor:
        return "", "", ""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        state, name, device_id = json.loads(packed)
        whole = all(isinstance(each, str) and "\0" not in each for each in (state, name, device_id))
        if not whole or state not in {"", *Compliance}:
            raise ValueError
        name.encode()
        return state, name[:LONGEST_NAME], device_id[:LONGEST_ID]
    except (ValueError, TypeError, RecursionError):
        what = "give `next` of the page before as it was, or leave it out"
        raise unfit([Wrong("cursor", what)]) from None


async def one_device(call: Call) -> One:
    def find(c: Connection) -> Values:
        device, policy = _known(c, call), call.site.policy.current(c)
        stale_after = timedelta(days=policy.stale_after_days)
        return described(c, [(device, compliance_at(device, call.now, stale_after))])[0]

    return One(await call.read(find))


async def open_findings(call: Call) -> Several:
    def find(c: Connection) -> Several:
        device, policy, now = _known(c, call), call.site.policy.current(c), call.now
        mine = {each.rule_id: each for each in waivers.active_for(c, device.device_id, now)}
        held = findings.open_of(c, device.device_id)
        laid = laid_over(held, policy, mine, device, call.reads)
        return Several([_finding(each, now) for each in laid], veil=_veil(c, device))

    return await call.read(find)


async def history(call: Call) -> Several:
    """Findings of reports that are gone may name accounts that no report names any more."""

    def find(c: Connection) -> Several:
        device = _known(c, call)
        past = findings.history(c, device.device_id, call.query["limit"])
        return Several([_past(each, call) for each in past], veil=_veil(c, device))

    return await call.read(find)


async def inventory(call: Call) -> One:
    def find(c: Connection) -> Values:
        device = _known(c, call)
        return _inventory(json.loads(devices.document(c, device.device_id)))

    return One(await call.read(find))


def _known(c: Connection, call: Call) -> Device:
    device = devices.get(c, call.path["device_id"])
    if device is None:
        raise not_found()
    return device


def described(c: Connection, found: Sequence[tuple[Device, Compliance]]) -> list[Values]:
    """Each with its state, as `Device` of the table."""
    within = groups.groups_of_many(c, [device.device_id for device, _ in found])
    return [_device(each, state, within.get(each.device_id, [])) for each, state in found]


def _device(device: Device, compliance: Compliance, names: list[str]) -> Values:
    values = asdict(device)
    values |= {
        "groups": names,
        "version": deciding.version_of(device, names),
        "os": device.os_name,
        "compliance": compliance,
        "quarantine": device.quarantined_because,
    }
    return {name: values[name] for name in OBJECTS["Device"]}


def _judged(finding: Finding) -> Values:
    return {
        "rule_id": finding.rule_id,
        "status": finding.status,
        "because": finding.because,
        "evidence": [asdict(line) for line in finding.evidence],
        "since": finding.since,
        "evaluated_at": finding.evaluated_at,
        "policy_version": finding.policy_version,
    }


def _finding(found: OpenFinding, now: datetime) -> Values:
    return _judged(found.finding) | {
        "title": found.title,
        "why": found.why,
        "severity": found.severity,
        "counts": found.counts(now),
        "grace_ends_at": found.grace_ends_at,
        "waived_until": found.waiver.ends_at if found.waiver else None,
        "remediation": found.remediation,
    }


def _past(past: findings.Past, call: Call) -> Values:
    values = _judged(in_language(past.finding, call.reads or Language.EN))
    if names_people(past.finding.rule_id) and not call.may(Permission.SEE_PEOPLE):
        values |= {"because": NOT_SHOWN, "evidence": []}
    return values | {"recorded_at": past.finding.recorded_at, "closed_at": past.closed_at}


def _inventory(document: Mapping[str, Any]) -> Values:
    """What the table names; what a newer agent sends besides is not given out unlooked at."""
    values = {name: document.get(name) for name in OBJECTS["Inventory"]}
    disks = document.get("disks", [])
    values["disks"] = [
        {name: disk.get(name) for name in OBJECTS["Disk"]} | _whole(disk, "size_bytes")
        for disk in disks
    ]
    return values | _whole(document, "memory_bytes") | _whole(document, "cpu_cores")


def _whole(document: Mapping[str, Any], name: str) -> Values:
    """Protobuf writes 64-bit numbers as text in JSON."""
    return {name: int(document[name]) if name in document else None}


def _veil(c: Connection, device: Device) -> Veil:
    report = reports.current(c, device.device_id)
    return veil_for(report.posture if report else None)
