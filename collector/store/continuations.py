"""Which device is the same laptop, installed anew: found at enrollment, said so by a person.

Neither row of the inventory is rewritten: what was told of a past week is told again, and what
each installation showed stays its own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Index, delete, or_, select, text, update
from sqlalchemy.dialects.sqlite import insert as upsert

from collector.store.columns import Moment
from collector.store.tables import index, key, maybe, moment, table, words

# `earlier` is the device that `device_id` may continue; decided: that it does.
continuation = table(
    "continuation",
    key("device_id"),
    key("earlier"),
    moment("found_at"),
    maybe("decided_at", Moment),
    words("decided_by"),
)
DECIDED = "decided_at IS NOT NULL"
index("continuation_by_earlier", continuation.c.earlier, continuation.c.device_id)
index("continuation_waiting", continuation.c.found_at, where="decided_at IS NULL")
for _name, _column in (("once", "device_id"), ("of_one", "earlier")):
    Index(
        f"continuation_{_name}",
        continuation.c[_column],
        unique=True,
        sqlite_where=text(DECIDED),
        postgresql_where=text(DECIDED),
    )


@dataclass(frozen=True, slots=True)
class Continuation:
    """`decided_at` is None while nobody has said that the two are one laptop."""

    device_id: str
    earlier: str
    found_at: datetime
    decided_at: datetime | None
    decided_by: str


def find(connection: Connection, device_id: str, earlier: Collection[str], at: datetime) -> None:
    """Note which devices this one may be, for a person to decide."""
    for each in earlier:
        row = {"device_id": device_id, "earlier": each, "found_at": at, "decided_by": ""}
        connection.execute(upsert(continuation).values(row).on_conflict_do_nothing())


def decide(connection: Connection, device_id: str, earlier: str, at: datetime, by: str) -> None:
    """The two are one laptop: the database holds that each has one successor at most."""
    find(connection, device_id, [earlier], at)
    columns = continuation.c
    these = (columns.device_id == device_id, columns.earlier == earlier)
    decided = {"decided_at": at, "decided_by": by}
    connection.execute(update(continuation).where(*these).values(decided))


def earlier_of(connection: Connection, device_id: str) -> Continuation | None:
    """What this device continues."""
    columns = continuation.c
    query = select(continuation).where(
        columns.device_id == device_id, columns.decided_at.is_not(None)
    )
    row = connection.execute(query).first()
    return None if row is None else Continuation(**row._mapping)


def later_of(connection: Connection, device_id: str) -> Continuation | None:
    """What continues this device."""
    columns = continuation.c
    query = select(continuation).where(
        columns.earlier == device_id, columns.decided_at.is_not(None)
    )
    row = connection.execute(query).first()
    return None if row is None else Continuation(**row._mapping)


def possible(connection: Connection, device_id: str, limit: int) -> list[Continuation]:
    """What was found for this device and is not decided, the newest first."""
    columns = continuation.c
    query = select(continuation).where(columns.device_id == device_id, columns.decided_at.is_(None))
    newest = query.order_by(columns.found_at.desc(), columns.earlier).limit(limit)
    return [Continuation(**row._mapping) for row in connection.execute(newest)]


def waiting(connection: Connection, limit: int) -> list[Continuation]:
    """What was found for any device and is not decided, the newest first."""
    query = select(continuation).where(continuation.c.decided_at.is_(None))
    newest = query.order_by(continuation.c.found_at.desc()).limit(limit)
    return [Continuation(**row._mapping) for row in connection.execute(newest)]


def forget(connection: Connection, device_id: str) -> None:
    """Take away that others continue it or are continued by it."""
    columns = continuation.c
    mine = or_(columns.device_id == device_id, columns.earlier == device_id)
    connection.execute(delete(continuation).where(mine))
