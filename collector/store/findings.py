"""Findings as intervals of our clock, so that "as of last Sunday" is one query.

An interval is [recorded_at, closed_at). A rule's intervals on a device follow each other without
gap or overlap while the rule is asked: at any moment there is at most one.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, or_, select, update

from collector.model import Device, EvidenceLine, Finding, Status
from collector.store import past
from collector.store.columns import CHOSEN, MILLISECOND, chosen
from collector.store.device_rows import SHOWN, device_of
from collector.store.prepared import Prepared
from collector.store.schema import device, finding

OF_DEVICE = finding.c.device_id == bindparam("of_device")
OPEN = finding.c.closed_at.is_(None)
# What is open was looked at when its device was, by the policy of then, whether or not its row had
# to change: a new policy that changes no verdict touches no finding.
LOOKED_AT = (
    device.c.evaluated_at.label("looked_at_again"),
    device.c.judged_policy_version.label("judged_by"),
)
OPEN_OF = Prepared(
    select(finding, *LOOKED_AT)
    .join(device, device.c.device_id == finding.c.device_id)
    .where(OF_DEVICE, OPEN)
    .order_by(finding.c.rule_id)
)
OPEN_OF_MANY = Prepared(
    select(finding, *LOOKED_AT)
    .join(device, device.c.device_id == finding.c.device_id)
    .where(device.c.device_id.in_(CHOSEN), OPEN)
)
HISTORY = (
    select(finding)
    .where(OF_DEVICE)
    .order_by(finding.c.recorded_at.desc(), finding.c.rule_id)
    .limit(bindparam("most"))
)
TAKEN = Prepared(
    select(finding.c.rule_id, finding.c.recorded_at, finding.c.closed_at).where(OF_DEVICE)
)
OF_RULE = Prepared(
    select(finding)
    .where(OF_DEVICE, finding.c.rule_id == bindparam("of_rule"))
    .order_by(finding.c.recorded_at.desc())
    .limit(bindparam("most"))
)
INSERT = Prepared(insert(finding))
ONE_OPEN = (OF_DEVICE, finding.c.rule_id == bindparam("of_rule"), OPEN)
JUDGED_BY = select(device.c.judged_policy_version).where(device.c.device_id == finding.c.device_id)
CLOSE = Prepared(
    update(finding)
    .where(*ONE_OPEN)
    .values(
        closed_at=bindparam("closing_at"),
        policy_version=func.coalesce(JUDGED_BY.scalar_subquery(), finding.c.policy_version),
    )
)
REFRESH = Prepared(
    update(finding)
    .where(*ONE_OPEN)
    .values(
        because=bindparam("new_because"),
        evidence=bindparam("new_evidence"),
        evaluated_at=bindparam("new_evaluated_at"),
        policy_version=bindparam("new_policy_version"),
        cause=bindparam("new_cause"),
        told=bindparam("new_told"),
    )
)


@dataclass(frozen=True, slots=True)
class Opening:
    """A finding to be opened, and the signal that its rule asks about."""

    finding: Finding
    signal: str


@dataclass(frozen=True, slots=True)
class Past:
    """One interval of a rule's history; `closed_at` is None for the open one."""

    finding: Finding
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Moves:
    """What judging changes: rules to close, intervals to open, words to refresh in place.

    `turned`: rules of `opened` that went to or from a pass after a while.
    """

    closed: Sequence[tuple[str, datetime]] = ()
    opened: Sequence[Opening] = ()
    refreshed: Sequence[Finding] = ()
    turned: Sequence[str] = ()


def open_of(connection: Connection, device_id: str) -> list[Finding]:
    """The device's state now, by rule id."""
    rows = OPEN_OF.rows(connection, of_device=device_id)
    return [_finding(row, row.looked_at_again, row.judged_by) for row in rows]


def all_open_of(connection: Connection, device_ids: Collection[str]) -> dict[str, list[Finding]]:
    """As `open_of`, by device, in one query, each one's in no order that can be relied on."""
    if len(device_ids) == 1:
        return {device_id: open_of(connection, device_id) for device_id in device_ids}
    found: dict[str, list[Finding]] = {device_id: [] for device_id in device_ids}
    for row in OPEN_OF_MANY.rows(connection, ids=chosen(device_ids)):
        found[row.device_id].append(_finding(row, row.looked_at_again, row.judged_by))
    return found


def open_of_many(
    connection: Connection, device_ids: Collection[str], statuses: Collection[Status]
) -> dict[str, list[Finding]]:
    """By device, what is open now in these states: one query for a page of devices."""
    query = (
        select(finding, *LOOKED_AT)
        .join(device, device.c.device_id == finding.c.device_id)
        .where(finding.c.device_id.in_(device_ids), OPEN)
        .where(finding.c.status.in_([status.value for status in statuses]))
        .order_by(finding.c.device_id, finding.c.rule_id)
    )
    found: dict[str, list[Finding]] = {}
    for row in connection.execute(query):
        known = _finding(row, row.looked_at_again, row.judged_by)
        found.setdefault(row.device_id, []).append(known)
    return found


def history(connection: Connection, device_id: str, limit: int = 200) -> list[Past]:
    """Every interval of the device, newest first."""
    rows = connection.execute(HISTORY, {"of_device": device_id, "most": limit})
    return [Past(_finding(row), row.closed_at) for row in rows]


def taken_until(connection: Connection, device_id: str) -> dict[str, datetime]:
    """From when each rule's next interval may be recorded: none begins inside an older one."""
    taken: dict[str, datetime] = {}
    for rule_id, recorded_at, closed_at in TAKEN.rows(connection, of_device=device_id):
        free_at = closed_at or recorded_at + MILLISECOND
        taken[rule_id] = max(free_at, taken.get(rule_id, free_at))
    return taken


def of_rule(connection: Connection, device_id: str, rule_id: str, most: int) -> list[Finding]:
    """The newest intervals of one rule, newest first, the open one among them."""
    rows = OF_RULE.rows(connection, of_device=device_id, of_rule=rule_id, most=most)
    return [_finding(row) for row in rows]


def move(connection: Connection, device_id: str, moves: Moves) -> None:
    """Close, open and refresh. A rule whose status changed is in both `closed` and `opened`."""
    move_all(connection, {device_id: moves})


def move_all(connection: Connection, moves: Mapping[str, Moves]) -> None:
    """As `move`, of many devices, by their ids."""
    closing = [
        {"of_device": device_id, "of_rule": rule, "closing_at": at}
        for device_id, each in moves.items()
        for rule, at in each.closed
    ]
    if closing:
        CLOSE.run(connection, *closing)
    opening = [_row(opening) for each in moves.values() for opening in each.opened]
    if opening:
        INSERT.run(connection, *opening)
    changes = [_words(new) for each in moves.values() for new in each.refreshed]
    if changes:
        past.keep_words(connection, changes)
        REFRESH.run(connection, *changes)


def as_of(connection: Connection, at: datetime) -> Iterator[tuple[Device, Finding | None]]:
    """What the collector knew at that moment, by host name, device and rule, in a stream.

    The device is described as it is now; devices enrolled later or retired by then are left out.
    A device that nothing was known of stands there once, with None.
    """
    then = and_(
        finding.c.device_id == device.c.device_id,
        finding.c.recorded_at <= at,
        or_(finding.c.closed_at.is_(None), finding.c.closed_at > at),
    )
    query = (
        select(
            finding,
            device.c.evaluated_at.label("looked_at"),
            *(device.c[name].label(f"device_{name}") for name in SHOWN),
        )
        .select_from(device.outerjoin(finding, then))
        .where(
            device.c.enrolled_at <= at,
            or_(device.c.retired_at.is_(None), device.c.retired_at > at),
        )
        .order_by(device.c.hostname, device.c.device_id, finding.c.rule_id)
    )
    for row in connection.execution_options(yield_per=500).execute(query):
        still_so = row.closed_at is None and row.looked_at is not None and row.looked_at <= at
        known = None if row.rule_id is None else _finding(row, row.looked_at if still_so else None)
        yield device_of(row, "device_"), known


def _row(opening: Opening) -> dict[str, object]:
    new = opening.finding
    return {
        "device_id": new.device_id,
        "rule_id": new.rule_id,
        "recorded_at": new.recorded_at,
        "closed_at": None,
        "signal": opening.signal,
        "status": new.status.value,
        "because": new.because,
        "evidence": _written(new.evidence),
        "since": new.since,
        "evaluated_at": new.evaluated_at,
        "policy_version": new.policy_version,
        "cause": str(new.cause),
        "failing_from": new.failing_from,
        "told": new.told,
    }


def _words(new: Finding) -> dict[str, Any]:
    return {
        "of_device": new.device_id,
        "of_rule": new.rule_id,
        "new_because": new.because,
        "new_evidence": _written(new.evidence),
        "new_evaluated_at": new.evaluated_at,
        "new_policy_version": new.policy_version,
        "new_cause": str(new.cause),
        "new_told": new.told,
    }


def _finding(
    row: Row[Any], looked_at_again: datetime | None = None, judged_by: int | None = None
) -> Finding:
    return Finding(
        device_id=row.device_id,
        rule_id=row.rule_id,
        status=Status(row.status),
        because=row.because,
        evidence=_read(row.evidence),
        since=row.since,
        recorded_at=row.recorded_at,
        evaluated_at=max(row.evaluated_at, looked_at_again or row.evaluated_at),
        policy_version=row.policy_version if judged_by is None else judged_by,
        cause=row.cause,
        failing_from=row.failing_from,
        told=row.told,
    )


@lru_cache(maxsize=4096)
def _read(evidence: str) -> tuple[EvidenceLine, ...]:
    """Remembered: several rules show the same lines, and many devices say the same."""
    return tuple(EvidenceLine(*line) for line in json.loads(evidence))


@lru_cache(maxsize=4096)
def _written(evidence: tuple[EvidenceLine, ...]) -> str:
    return json.dumps([[line.source, line.said] for line in evidence], ensure_ascii=False)
