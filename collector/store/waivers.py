"""Justified exceptions, from the request on. Two people make one, and each ends by itself.

Whoever asked for a waiver cannot approve it: `approve` refuses, and so does the database. One
for a group covers the devices that were in it when it was approved: who puts a device into a
group afterwards excuses nothing with it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    insert,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from collector.model import Waiver
from collector.store.columns import CHOSEN, chosen, whole
from collector.store.prepared import Prepared
from collector.store.schema import device, membership, numbering, waiver

AT_ONCE = 100
APPROVED, REFUSED, WITHDRAWN = "approved", "refused", "withdrawn"
STANDS = (waiver.c.decision == APPROVED, waiver.c.ended_at.is_(None))
IN_FORCE = (
    waiver.c.decided_at <= bindparam("now"),
    waiver.c.ends_at > bindparam("now"),
    *STANDS,
)
OWN = select(waiver, waiver.c.device_id.label("covers")).where(waiver.c.device_id != "")
WITHIN = and_(
    membership.c.group_name == waiver.c.group_name,
    membership.c.joined_at <= waiver.c.decided_at,
)
SHARED = select(waiver, membership.c.device_id.label("covers")).join(membership, WITHIN)
MINE = select(waiver.c.number).where(waiver.c.device_id == bindparam("of_device"), *IN_FORCE)
OURS = (
    select(waiver.c.number)
    .join(membership, WITHIN)
    .where(membership.c.device_id == bindparam("of_device"), *IN_FORCE)
)
ACTIVE = Prepared(
    select(waiver)
    .where(waiver.c.number.in_(union_all(MINE, OURS)))
    .order_by(waiver.c.ends_at, waiver.c.number)
)
# They are sorted afterwards: SQLite would rather walk all that is in force in its order than sort
# a few.
OWN_OF_MANY = Prepared(OWN.where(waiver.c.device_id.in_(CHOSEN), *IN_FORCE))
SHARED_OF_MANY = Prepared(SHARED.where(membership.c.device_id.in_(CHOSEN), *IN_FORCE))


class WaiverState(StrEnum):
    WAITING = "waiting"
    IN_FORCE = "in_force"
    ENDED = "ended"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ByOnePerson(ValueError):
    """Whoever asked for the waiver is about to approve it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. It names a device or a group, never both."""

    rule_id: str
    reason: str
    requested_by: str
    ends_at: datetime
    device_id: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One waiver in the register, whatever became of it."""

    number: int
    asked: Asked
    requested_at: datetime
    decision: str
    decided_by: str
    decided_at: datetime | None
    remark: str
    ended_by: str
    ended_at: datetime | None

    def state(self, now: datetime) -> WaiverState:
        """A request that nobody decided before its last day is over, too."""
        if self.decision in (REFUSED, WITHDRAWN):
            return WaiverState(self.decision)
        if self.ended_at is not None or self.asked.ends_at <= now:
            return WaiverState.ENDED
        return WaiverState.IN_FORCE if self.decision == APPROVED else WaiverState.WAITING


def same_person(one: str, other: str) -> bool:
    """Whether two names stand for one person, also behind sudo and in another case.

    >>> same_person("alice (as root)", "Alice"), same_person("alice", "bob")
    (True, False)
    """
    return _person(one) == _person(other)


def _person(name: str) -> str:
    return name.split(" (as ", maxsplit=1)[0].casefold()


def request(connection: Connection, asked: Asked, at: datetime) -> int:
    """Write the request down; its number. It must end after now."""
    if asked.ends_at <= at:
        raise ValueError("a waiver ends after it begins")
    number = _next_number(connection)
    values = {
        "number": number,
        "device_id": asked.device_id,
        "group_name": asked.group,
        "rule_id": asked.rule_id,
        "reason": asked.reason,
        "requested_by": asked.requested_by,
        "requested_at": at,
        "ends_at": asked.ends_at,
        "decision": "",
        "decided_by": "",
        "remark": "",
        "ended_by": "",
    }
    connection.execute(insert(waiver).values(values))
    return number


def _next_number(connection: Connection) -> int:
    """No number is given twice, also after what had it was erased."""
    given = upsert(numbering).values(name="waiver", newest=1)
    counted = given.on_conflict_do_update(
        index_elements=["name"], set_={"newest": numbering.c.newest + 1}
    )
    return int(connection.execute(counted.returning(numbering.c.newest)).scalar_one())


def approve(connection: Connection, number: int, by: str, at: datetime) -> bool:
    """Put it in force, in place of what is in force for the same device or group and rule.

    False when it does not wait for a decision. Raises ByOnePerson.
    """
    entry = get(connection, number)
    if entry is None or entry.state(at) is not WaiverState.WAITING:
        return False
    if same_person(by, entry.asked.requested_by):
        raise ByOnePerson
    for older in in_force_for(connection, entry.asked, at):
        _end(connection, older, by, at)
    _decide(connection, number, APPROVED, by, at)
    judge_covered(connection, entry.asked, at)
    return True


def refuse(connection: Connection, number: int, by: str, at: datetime, remark: str = "") -> bool:
    """Say no; whoever asked takes it back so. False when it does not wait for a decision."""
    entry = get(connection, number)
    if entry is None or entry.state(at) is not WaiverState.WAITING:
        return False
    own = same_person(by, entry.asked.requested_by)
    _decide(connection, number, WITHDRAWN if own else REFUSED, by, at, remark)
    return True


def end(connection: Connection, number: int, by: str, at: datetime) -> bool:
    """End what is in force, now; False when it is not."""
    entry = get(connection, number)
    if entry is None or entry.state(at) is not WaiverState.IN_FORCE:
        return False
    _end(connection, entry, by, at)
    judge_covered(connection, entry.asked, at)
    return True


def bring_over(
    connection: Connection, held: Waiver, device_id: str, at: datetime, remark: str
) -> int:
    """What holds for one device holds for another too from now on, as the same two people said."""
    asked = Asked(held.rule_id, held.reason, held.requested_by, held.ends_at, device_id)
    number = request(connection, asked, at)
    for older in in_force_for(connection, asked, at):
        _end(connection, older, held.approved_by, at)
    _decide(connection, number, APPROVED, held.approved_by, at, remark)
    return number


def judge_covered(connection: Connection, asked: Asked, at: datetime) -> None:
    """Have the device, or every member of the group, judged again by the upkeep after `at`."""
    members = select(membership.c.device_id).where(membership.c.group_name == asked.group)
    which = (
        device.c.device_id.in_(members) if asked.group else device.c.device_id == asked.device_id
    )
    connection.execute(update(device).where(which).values(next_evaluation_at=whole(at)))


def get(connection: Connection, number: int) -> Entry | None:
    row = connection.execute(select(waiver).where(waiver.c.number == number)).first()
    return None if row is None else _entry(row)


def active_for(connection: Connection, device_id: str, now: datetime) -> list[Waiver]:
    """What is in force on the device now, its groups' too; the last to end comes last."""
    rows = ACTIVE.rows(connection, of_device=device_id, now=now)
    return [_waiver(row, device_id) for row in rows]


def active_for_many(
    connection: Connection, device_ids: Collection[str], now: datetime
) -> dict[str, list[Waiver]]:
    """As `active_for`, by device, in two queries for a page of devices."""
    if not device_ids:
        return {}
    if len(device_ids) == 1:
        return {device_id: active_for(connection, device_id, now) for device_id in device_ids}
    given = {"ids": chosen(device_ids), "now": now}
    rows = [*OWN_OF_MANY.rows(connection, **given), *SHARED_OF_MANY.rows(connection, **given)]
    rows.sort(key=lambda row: (row.ends_at, row.number))
    found: dict[str, list[Waiver]] = {}
    for row in rows:
        found.setdefault(row.covers, []).append(_waiver(row, row.covers))
    return found


def approved_between(connection: Connection, after: datetime, until: datetime) -> Iterator[Entry]:
    """Approved by the later moment and still in force after the earlier one, by number: in the
    order of the key, so that nothing is held to be sorted.
    """
    query = select(waiver).where(
        waiver.c.decision == APPROVED,
        waiver.c.decided_at <= until,
        waiver.c.ends_at > after,
        or_(waiver.c.ended_at.is_(None), waiver.c.ended_at > after),
    )
    rows = connection.execution_options(yield_per=AT_ONCE).execute(query.order_by(waiver.c.number))
    return map(_entry, rows)


def in_force_at(
    connection: Connection, device_ids: Collection[str], names: Collection[str], at: datetime
) -> list[Entry]:
    """What was in force at a moment for these devices themselves, and for these groups."""
    own = waiver.c.device_id.in_(device_ids)
    held = (
        waiver.c.decision == APPROVED,
        waiver.c.decided_at <= at,
        waiver.c.ends_at > at,
        or_(waiver.c.ended_at.is_(None), waiver.c.ended_at > at),
    )
    found = _entries(connection, select(waiver).where(own, *held)) if device_ids else []
    if names:
        found += _entries(connection, select(waiver).where(waiver.c.group_name.in_(names), *held))
    return found


def in_force_for(connection: Connection, asked: Asked, now: datetime) -> list[Entry]:
    """What the request would extend: of the same device or group, for the same rule."""
    query = select(waiver).where(*_same(asked), *IN_FORCE).order_by(waiver.c.ends_at)
    return [_entry(row) for row in connection.execute(query, {"now": now})]


def waiting_for(connection: Connection, asked: Asked, now: datetime) -> list[Entry]:
    """Requests that are the same but for reason and end, and still wait."""
    waits = (waiver.c.decision == "", waiver.c.ends_at > now)
    query = select(waiver).where(*_same(asked), *waits)
    return [_entry(row) for row in connection.execute(query)]


def waiting(connection: Connection, now: datetime, after: int, limit: int) -> list[Entry]:
    """What waits for a decision, oldest first, from number `after` on."""
    query = select(waiver).where(
        waiver.c.decision == "", waiver.c.number > after, waiver.c.ends_at > now
    )
    return _entries(connection, query.order_by(waiver.c.number).limit(limit))


def in_force(
    connection: Connection,
    now: datetime,
    until: datetime | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[Entry]:
    """The first to end first; only those that end by `until`. `after`: end and number."""
    query = select(waiver).where(*STANDS, waiver.c.ends_at > now, waiver.c.decided_at <= now)
    if until is not None:
        query = query.where(waiver.c.ends_at <= until)
    if after is not None:
        at, number = after
        later = and_(waiver.c.ends_at == at, waiver.c.number > number)
        query = query.where(waiver.c.ends_at >= at, or_(waiver.c.ends_at > at, later))
    return _entries(connection, query.order_by(waiver.c.ends_at, waiver.c.number).limit(limit))


def over(connection: Connection, now: datetime, before: int, limit: int) -> list[Entry]:
    """Ended, refused and withdrawn, newest first, below number `before`."""
    is_over = or_(
        waiver.c.ends_at <= now,
        waiver.c.ended_at.is_not(None),
        waiver.c.decision.in_((REFUSED, WITHDRAWN)),
    )
    query = select(waiver).where(is_over, waiver.c.number < before)
    return _entries(connection, query.order_by(waiver.c.number.desc()).limit(limit))


def every(connection: Connection, before: int, limit: int) -> list[Entry]:
    """The whole register, newest first, below number `before`."""
    query = select(waiver).where(waiver.c.number < before)
    return _entries(connection, query.order_by(waiver.c.number.desc()).limit(limit))


def of_target(connection: Connection, device_id: str, group: str, limit: int) -> list[Entry]:
    """Those of one device or one group, newest first."""
    which = waiver.c.group_name == group if group else waiver.c.device_id == device_id
    query = select(waiver).where(which).order_by(waiver.c.number.desc()).limit(limit)
    return _entries(connection, query)


def _same(asked: Asked) -> tuple[ColumnElement[bool], ...]:
    return (
        waiver.c.device_id == asked.device_id,
        waiver.c.group_name == asked.group,
        waiver.c.rule_id == asked.rule_id,
    )


def _decide(
    connection: Connection, number: int, decision: str, by: str, at: datetime, remark: str = ""
) -> None:
    values = {"decision": decision, "decided_by": by, "decided_at": at, "remark": remark}
    connection.execute(update(waiver).where(waiver.c.number == number).values(values))


def _end(connection: Connection, entry: Entry, by: str, at: datetime) -> None:
    values = {"ended_by": by, "ended_at": at}
    connection.execute(update(waiver).where(waiver.c.number == entry.number).values(values))


def _entries(connection: Connection, query: Select[Any]) -> list[Entry]:
    return [_entry(row) for row in connection.execute(query)]


def _entry(row: Row[Any]) -> Entry:
    asked = Asked(
        row.rule_id, row.reason, row.requested_by, row.ends_at, row.device_id, row.group_name
    )
    return Entry(
        row.number,
        asked,
        row.requested_at,
        row.decision,
        row.decided_by,
        row.decided_at,
        row.remark,
        row.ended_by,
        row.ended_at,
    )


def _waiver(row: Any, device_id: str) -> Waiver:
    """As it lies over a device, which a group's waiver does not name itself."""
    return Waiver(
        device_id=device_id,
        rule_id=row.rule_id,
        reason=row.reason,
        requested_by=row.requested_by,
        created_at=row.decided_at,
        ends_at=row.ends_at,
        approved_by=row.decided_by,
        group=row.group_name,
        number=row.number,
    )
