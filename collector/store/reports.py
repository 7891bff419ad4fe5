"""A device's postures, one row for each that differed from the one before."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from collector.store.columns import CHOSEN, chosen
from collector.store.prepared import Prepared
from collector.store.schema import report, set_aside

MOST_SET_ASIDE = 8


@dataclass(frozen=True, slots=True)
class StoredReport:
    """`posture` holds the bytes as they came; `digest` is their SHA-256."""

    sequence: int
    digest: bytes
    posture: bytes
    observed_at: datetime
    received_at: datetime


INSERT = Prepared(insert(report))
KEPT = tuple(report.c[name] for name in StoredReport.__dataclass_fields__)
OF_DEVICE = (
    select(*KEPT)
    .where(report.c.device_id == bindparam("of_device"))
    .order_by(report.c.sequence.desc())
)
NEWEST_FIRST = Prepared(OF_DEVICE.limit(bindparam("most")))
NEWEST = Prepared(OF_DEVICE.limit(1))
_OTHER = report.alias()
_LAST = select(func.max(_OTHER.c.sequence)).where(_OTHER.c.device_id == report.c.device_id)
NEWEST_OF_MANY = Prepared(
    select(report.c.device_id, *KEPT).where(
        report.c.device_id.in_(CHOSEN), report.c.sequence == _LAST.scalar_subquery()
    )
)


def current(connection: Connection, device_id: str) -> StoredReport | None:
    """The posture that the device is judged by."""
    row = NEWEST.first(connection, of_device=device_id)
    return None if row is None else StoredReport(*row)


def current_of_many(connection: Connection, device_ids: Collection[str]) -> dict[str, StoredReport]:
    """As `current`, by device; one that never reported is left out."""
    rows = NEWEST_OF_MANY.rows(connection, ids=chosen(device_ids))
    return {row[0]: StoredReport(*row[1:]) for row in rows}


def history(connection: Connection, device_id: str, limit: int = 100) -> list[StoredReport]:
    """Newest first."""
    rows = NEWEST_FIRST.rows(connection, of_device=device_id, most=limit)
    return [StoredReport(*row) for row in rows]


def add(connection: Connection, device_id: str, received: StoredReport) -> None:
    INSERT.run(connection, {"device_id": device_id, **_kept(received)})


def keep_aside(connection: Connection, device_id: str, received: StoredReport) -> bool:
    """Keep what a device in quarantine sent, for a person to compare.

    False: it is there already, or as many as are kept of one device.
    """
    held = select(func.count()).where(set_aside.c.device_id == device_id)
    if connection.execute(held).scalar_one() >= MOST_SET_ASIDE:
        return False
    kept = _kept(received)
    del kept["observed_at"]
    statement = upsert(set_aside).values(device_id=device_id, **kept).on_conflict_do_nothing()
    return connection.execute(statement).rowcount == 1


def _kept(received: StoredReport) -> dict[str, object]:
    return {column.name: getattr(received, column.name) for column in KEPT}
