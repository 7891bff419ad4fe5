"""Where packs are taken, each place once a pack: what waits, what was taken and what was given up.

The rows stay: they are the delivery log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from collector.store.schema import delivery


@dataclass(frozen=True, slots=True)
class Delivery:
    """`next_at` is None when it is not tried any more: it was taken, or given up."""

    number: int
    run: int
    target: str
    created_at: datetime
    attempts: int
    next_at: datetime | None
    sent_at: datetime | None
    failed_at: datetime | None
    trouble: str

    @property
    def state(self) -> str:
        """sent, failed (given up) or waiting."""
        if self.sent_at is not None:
            return "sent"
        return "failed" if self.failed_at is not None else "waiting"


def put(connection: Connection, run: int, targets: Iterable[str], now: datetime) -> None:
    """To be taken to these, now; what was sent before is sent again."""
    highest = connection.execute(select(func.max(delivery.c.number))).scalar() or 0
    fresh = {"next_at": now, "sent_at": None, "failed_at": None, "trouble": "", "attempts": 0}
    known = {each.target: each.number for each in of_run(connection, run)}
    for target in targets:
        if target in known:
            _set(connection, known[target], fresh)
            continue
        highest += 1
        row = {"number": highest, "run": run, "target": target, "created_at": now, **fresh}
        connection.execute(insert(delivery).values(row))


def get(connection: Connection, number: int) -> Delivery | None:
    row = connection.execute(select(delivery).where(delivery.c.number == number)).first()
    return None if row is None else _delivery(row)


def due(connection: Connection, now: datetime, limit: int = 50) -> list[Delivery]:
    query = select(delivery).where(delivery.c.next_at <= now)
    rows = connection.execute(query.order_by(delivery.c.next_at, delivery.c.number).limit(limit))
    return [_delivery(row) for row in rows]


def of_run(connection: Connection, run: int) -> list[Delivery]:
    query = select(delivery).where(delivery.c.run == run).order_by(delivery.c.target)
    return [_delivery(row) for row in connection.execute(query)]


def newest(connection: Connection, *, before: int | None = None, limit: int = 50) -> list[Delivery]:
    query = select(delivery).order_by(delivery.c.number.desc())
    if before is not None:
        query = query.where(delivery.c.number < before)
    return [_delivery(row) for row in connection.execute(query.limit(min(limit, 200)))]


def taken(connection: Connection, number: int, at: datetime) -> None:
    values = {"sent_at": at, "next_at": None, "failed_at": None, "trouble": ""}
    _set(connection, number, {**values, "attempts": delivery.c.attempts + 1})


def refused(
    connection: Connection, number: int, at: datetime, trouble: str, next_at: datetime | None
) -> None:
    """`next_at` None: it is given up, and a person may try it again."""
    values = {"trouble": trouble, "next_at": next_at, "failed_at": None if next_at else at}
    _set(connection, number, {**values, "attempts": delivery.c.attempts + 1})


def _set(connection: Connection, number: int, values: dict[str, Any]) -> None:
    connection.execute(update(delivery).where(delivery.c.number == number).values(**values))


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**row._mapping)
