"""Which rules began to fail on which devices, and which were fixed, by the day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, literal, select, tuple_

from collector.store.columns import EPOCH, MILLISECOND, Moment
from collector.store.schema import device, turn
from collector.store.snapshots import TURNS_DAYS as KEPT_DAYS

__all__ = ["KEPT_DAYS", "Turn", "TurnFilter", "after", "find"]


@dataclass(frozen=True, slots=True)
class Turn:
    device_id: str
    hostname: str
    rule_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TurnFilter:
    """`kind` is "failing" or "fixed"; `after` is of `after()`, where the page before ended."""

    kind: str
    day: date
    rule_id: str = ""
    after: tuple[int, str, str] | None = None
    limit: int = 100


def find(connection: Connection, wanted: TurnFilter) -> list[Turn]:
    """The newest first, one more than the limit when there are more."""
    first = datetime(wanted.day.year, wanted.day.month, wanted.day.day, tzinfo=UTC)
    key = (turn.c.at, turn.c.rule_id, turn.c.device_id)
    query = (
        select(turn.c.device_id, turn.c.rule_id, turn.c.at, device.c.hostname)
        .join(device, device.c.device_id == turn.c.device_id)
        .where(turn.c.kind == wanted.kind, turn.c.at >= first)
        .where(turn.c.at <= first + timedelta(days=1) - MILLISECOND)
        .order_by(*(column.desc() for column in key))
        .limit(wanted.limit + 1)
    )
    if wanted.rule_id:
        query = query.where(turn.c.rule_id == wanted.rule_id)
    if wanted.after is not None:
        at, rule_id, device_id = wanted.after
        moment = literal(EPOCH + at * MILLISECOND, Moment)
        query = query.where(tuple_(*key) < tuple_(moment, rule_id, device_id))
    return [
        Turn(row.device_id, row.hostname, row.rule_id, row.at) for row in connection.execute(query)
    ]


def after(last: Turn) -> tuple[int, str, str]:
    """What names the place behind this one in the list."""
    return (last.at - EPOCH) // MILLISECOND, last.rule_id, last.device_id
