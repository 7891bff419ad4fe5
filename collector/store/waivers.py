"""Justified exceptions. Each ends by itself, or earlier when a person ends it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from collector.model import Waiver
from collector.store import devices
from collector.store.prepared import Prepared
from collector.store.schema import waiver

IN_FORCE = (
    waiver.c.created_at <= bindparam("now"),
    waiver.c.ends_at > bindparam("now"),
    waiver.c.ended_at.is_(None),
)
ACTIVE = Prepared(
    select(waiver)
    .where(waiver.c.device_id == bindparam("of_device"), *IN_FORCE)
    .order_by(waiver.c.ends_at)
)


def add(connection: Connection, granted: Waiver) -> None:
    """Grant it; the device is judged again at once. It must end after it begins."""
    if granted.ends_at <= granted.created_at:
        raise ValueError("a waiver ends after it begins")
    connection.execute(
        insert(waiver).values(
            device_id=granted.device_id,
            rule_id=granted.rule_id,
            created_at=granted.created_at,
            reason=granted.reason,
            requested_by=granted.requested_by,
            ends_at=granted.ends_at,
        )
    )
    devices.judge_again(connection, granted.device_id, granted.created_at)


def end(connection: Connection, device_id: str, rule_id: str, at: datetime) -> bool:
    """End what is in force for this rule now; False when nothing was."""
    statement = update(waiver).where(
        waiver.c.device_id == device_id, waiver.c.rule_id == rule_id, *IN_FORCE
    )
    ended = connection.execute(statement.values(ended_at=at), {"now": at}).rowcount
    if ended:
        devices.judge_again(connection, device_id, at)
    return ended > 0


def active_for(connection: Connection, device_id: str, now: datetime) -> list[Waiver]:
    """What is in force on the device now; of several for one rule, the last to end comes last."""
    rows = ACTIVE.rows(connection, of_device=device_id, now=now)
    return [_waiver(row) for row in rows]


def active_for_many(
    connection: Connection, device_ids: Collection[str], now: datetime
) -> dict[str, list[Waiver]]:
    """As `active_for`, by device, in one query for a page of devices."""
    query = select(waiver).where(waiver.c.device_id.in_(device_ids), *IN_FORCE)
    found: dict[str, list[Waiver]] = {}
    for row in connection.execute(query.order_by(waiver.c.ends_at), {"now": now}):
        found.setdefault(row.device_id, []).append(_waiver(row))
    return found


def list_all(connection: Connection) -> list[Waiver]:
    """Every waiver, past ones too, newest first; one that was ended says when."""
    query = select(waiver).order_by(waiver.c.created_at.desc(), waiver.c.device_id)
    return [_waiver(row) for row in connection.execute(query)]


def _waiver(row: Row[Any]) -> Waiver:
    return Waiver(
        device_id=row.device_id,
        rule_id=row.rule_id,
        reason=row.reason,
        requested_by=row.requested_by,
        created_at=row.created_at,
        ends_at=row.ended_at or row.ends_at,
    )
