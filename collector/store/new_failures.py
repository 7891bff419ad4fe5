"""What newly fails, in the order in which it was found: read once, by who tells people.

How far it was read is kept in the transaction that puts the messages out, so that a crash neither
loses a failure nor tells it twice. Rows that were read are dropped later, a few at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select

from collector.model import Platform, Status, System
from collector.store import incidents
from collector.store.incidents import Place
from collector.store.schema import device, finding, new_failure

READER = "new failures"
CHUNK = 500
MOST_DROPPED = 2_000


@dataclass(frozen=True, slots=True)
class NewFailure:
    """One that still stands, on a device in service."""

    device_id: str
    hostname: str
    owner: str
    system: System
    rule_id: str
    cause: str


def waiting(connection: Connection) -> tuple[int, int]:
    """Behind which number the unread ones begin, and the last of them; equal: there is none."""
    read = incidents.place_of(connection, READER).size
    newest = connection.execute(select(func.max(new_failure.c.number))).scalar() or 0
    return read, max(read, newest)


def standing(connection: Connection, after: int, until: int) -> Iterator[list[NewFailure]]:
    """Those of them that fail still, in chunks."""
    while after < until:
        numbers = (
            select(new_failure.c.number)
            .where(new_failure.c.number > after, new_failure.c.number <= until)
            .order_by(new_failure.c.number)
            .limit(CHUNK)
        )
        found = list(connection.execute(numbers).scalars())
        if not found:
            return
        yield [_failure(row) for row in connection.execute(_still(after, found[-1]))]
        after = found[-1]


def keep_read(connection: Connection, until: int) -> None:
    """Everything up to this number was told, or need not be."""
    incidents.keep_place(connection, READER, Place(0, until))


def drop_read(connection: Connection) -> int:
    """How many rows were dropped."""
    read = incidents.place_of(connection, READER).size
    old = (
        select(new_failure.c.number)
        .where(new_failure.c.number <= read)
        .order_by(new_failure.c.number)
        .limit(MOST_DROPPED)
    )
    return connection.execute(delete(new_failure).where(new_failure.c.number.in_(old))).rowcount


def _still(after: int, until: int) -> Any:
    same = (
        (finding.c.device_id == new_failure.c.device_id)
        & (finding.c.rule_id == new_failure.c.rule_id)
        & (finding.c.recorded_at == new_failure.c.recorded_at)
    )
    return (
        select(
            new_failure.c.device_id,
            new_failure.c.rule_id,
            finding.c.cause,
            device.c.hostname,
            device.c.owner,
            device.c.platform,
            device.c.os_id,
        )
        .join(finding, same)
        .join(device, device.c.device_id == new_failure.c.device_id)
        .where(
            new_failure.c.number > after,
            new_failure.c.number <= until,
            finding.c.closed_at.is_(None),
            finding.c.status == Status.FAIL.value,
            device.c.retired_at.is_(None),
        )
        .order_by(new_failure.c.number)
    )


def _failure(row: Row[Any]) -> NewFailure:
    system = System(Platform(row.platform) if row.platform else None, row.os_id)
    return NewFailure(row.device_id, row.hostname, row.owner, system, row.rule_id, row.cause)
