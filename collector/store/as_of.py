"""The fleet as it was at a past moment, told as one would have told it then.

A stream by device id, as an index has them, because SQLite may sort in memory alone; what was known
of them a hundred at a time. So memory does not grow with the fleet. Two readings of one moment give
the same, whatever came after; only what was erased is missing in the second.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from collector.model import Device, EvidenceLine, Finding, Status
from collector.store.belonging import Since, belonging_as_of
from collector.store.device_rows import SHOWN, device_of
from collector.store.past import A_DAY, DESCRIBED
from collector.store.schema import (
    absence,
    device,
    device_past,
    finding,
    finding_past,
    ownership,
    report,
)

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Then:
    """One device in service at the moment, and its findings by rule id.

    Of `device` hold its description, enrolment and retirement; its compliance, sequences and last
    contact are of now. `silent_since`: its last check-in before the moment, when that was a day or
    more ago. `reported`: it had sent a report by then.
    """

    device: Device
    findings: tuple[Finding, ...]
    groups: Since
    silent_since: datetime | None
    reported: bool


def fleet_as_of(connection: Connection, at: datetime, policy_version: int) -> Iterator[Then]:
    """By device id. `policy_version`: the one in force then."""
    devices = connection.execution_options(yield_per=AT_ONCE).execute(_devices(at))
    for rows in devices.partitions(AT_ONCE):
        ids = [row.device_id for row in rows]
        known = _findings(connection, ids, at, policy_version)
        reported = _reported(connection, [each for each in ids if each not in known], at)
        groups, owners = belonging_as_of(connection, ids, at), _owners(connection, ids, at)
        for row in rows:
            found = known.get(row.device_id, ())
            told = bool(found) or row.device_id in reported
            within = groups.get(row.device_id, {})
            device = replace(device_of(row), owner=owners.get(row.device_id, ""))
            yield Then(device, tuple(found), within, _silent_since(row, at), told)


def statuses_as_of(
    connection: Connection, device_ids: Sequence[str], at: datetime
) -> dict[str, dict[str, Status]]:
    """By device and rule, without words."""
    query = select(finding.c.device_id, finding.c.rule_id, finding.c.status)
    query = query.where(*_held(device_ids, at))
    found: dict[str, dict[str, Status]] = {}
    for row in connection.execute(query):
        found.setdefault(row.device_id, {})[row.rule_id] = Status(row.status)
    return found


def absences_as_of(
    connection: Connection, device_ids: Sequence[str], at: datetime
) -> dict[str, datetime]:
    """Of these devices, those that were silent at the moment and have checked in since."""
    query = select(absence.c.device_id, absence.c.from_at).where(
        absence.c.device_id.in_(device_ids), absence.c.from_at <= at, absence.c.until_at > at
    )
    return {row.device_id: row.from_at for row in connection.execute(query)}


def hostnames_as_of(
    connection: Connection, device_ids: Sequence[str], at: datetime
) -> dict[str, str]:
    """What devices were called at the moment, those out of service as well."""
    query = select(device.c.device_id, device.c.hostname).where(device.c.device_id.in_(device_ids))
    found = {row.device_id: row.hostname for row in connection.execute(query)}
    later = select(device_past.c.device_id, device_past.c.hostname).where(
        device_past.c.device_id.in_(device_ids), device_past.c.until_at > at
    )
    rows = connection.execute(later.order_by(device_past.c.until_at.desc()))
    return found | {row.device_id: row.hostname for row in rows}


def retired_between(connection: Connection, after: datetime, until: datetime) -> Iterator[Device]:
    """Devices that left service after the one moment and until the other, by device id."""
    query = (
        select(*(device.c[name] for name in SHOWN))
        .where(device.c.retired_at > after, device.c.retired_at <= until)
        .order_by(device.c.device_id)
    )
    for row in connection.execution_options(yield_per=AT_ONCE).execute(query):
        yield device_of(row)


def _devices(at: datetime) -> Select[Any]:
    """What a device said of itself then is what it said before the next change, if any came."""
    before, later = device_past.alias("before"), device_past.alias("later")
    nearest = (
        select(func.min(later.c.until_at))
        .where(later.c.device_id == device.c.device_id, later.c.until_at > at)
        .correlate(device)
        .scalar_subquery()
    )
    gap = (
        select(func.max(absence.c.from_at))
        .where(absence.c.device_id == device.c.device_id)
        .where(absence.c.from_at <= at, absence.c.until_at > at)
        .correlate(device)
        .scalar_subquery()
    )
    shown = {
        name: func.coalesce(before.c[name], device.c[name]) if name in DESCRIBED else device.c[name]
        for name in SHOWN
    }
    return (
        select(*(column.label(name) for name, column in shown.items()), gap.label("from_at"))
        .select_from(
            device.outerjoin(
                before,
                and_(before.c.device_id == device.c.device_id, before.c.until_at == nearest),
            )
        )
        .where(
            device.c.enrolled_at <= at, or_(device.c.retired_at.is_(None), device.c.retired_at > at)
        )
        .order_by(device.c.device_id)
    )


def _silent_since(row: Row[Any], at: datetime) -> datetime | None:
    last_seen_at: datetime = row.from_at or row.last_seen_at
    return last_seen_at if at - last_seen_at >= A_DAY else None


def _held(device_ids: Sequence[str], at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        finding.c.device_id.in_(device_ids),
        finding.c.recorded_at <= at,
        or_(finding.c.closed_at.is_(None), finding.c.closed_at > at),
    )


def _findings(
    connection: Connection, device_ids: Sequence[str], at: datetime, policy_version: int
) -> dict[str, list[Finding]]:
    query = (
        select(finding)
        .where(*_held(device_ids, at))
        .order_by(finding.c.device_id, finding.c.rule_id)
    )
    overtaken = _overtaken(connection, device_ids, at)
    found: dict[str, list[Finding]] = {}
    for row in connection.execute(query):
        other = overtaken.get((row.device_id, row.rule_id))
        if other is not None and row.closed_at is not None and other.until_at > row.closed_at:
            other = None  # the words of a later interval
        words = row if other is None else other
        found.setdefault(row.device_id, []).append(_finding(row, words, at, policy_version))
    return found


def _overtaken(
    connection: Connection, device_ids: Sequence[str], at: datetime
) -> dict[tuple[str, str], Row[Any]]:
    """By device and rule, the first words after the moment that gave way to others."""
    query = (
        select(finding_past)
        .where(finding_past.c.device_id.in_(device_ids), finding_past.c.until_at > at)
        .order_by(finding_past.c.until_at.desc())
    )
    return {(row.device_id, row.rule_id): row for row in connection.execute(query)}


def _owners(connection: Connection, device_ids: Sequence[str], at: datetime) -> dict[str, str]:
    query = select(ownership.c.device_id, ownership.c.email).where(
        ownership.c.device_id.in_(device_ids), ownership.c.since_at <= at
    )
    rows = connection.execute(query.order_by(ownership.c.since_at))
    return {row.device_id: row.email for row in rows}


def _reported(connection: Connection, device_ids: Sequence[str], at: datetime) -> set[str]:
    if not device_ids:
        return set()
    query = select(report.c.device_id).distinct()
    query = query.where(report.c.device_id.in_(device_ids), report.c.received_at <= at)
    return set(connection.execute(query).scalars())


def _finding(row: Row[Any], words: Row[Any], at: datetime, policy_version: int) -> Finding:
    return Finding(
        device_id=row.device_id,
        rule_id=row.rule_id,
        status=Status(row.status),
        because=words.because,
        evidence=tuple(EvidenceLine(*line) for line in json.loads(words.evidence)),
        since=row.since,
        recorded_at=row.recorded_at,
        evaluated_at=at,
        policy_version=policy_version,
        cause=words.cause,
        failing_from=row.failing_from,
        told=words.told,
    )
