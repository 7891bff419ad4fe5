"""Waivers that end soon, by an index and not by looking at all of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select

from collector.store.schema import device, waiver
from collector.store.waivers import STANDS


@dataclass(frozen=True, slots=True)
class Ending:
    """For one device or, with an empty `device_id`, for a group."""

    device_id: str
    hostname: str
    group: str
    rule_id: str
    ends_at: datetime


def ending(connection: Connection, now: datetime, until: datetime, most: int) -> list[Ending]:
    """In force now and no more by `until`, the first to end first."""
    of_device = and_(device.c.device_id == waiver.c.device_id, device.c.retired_at.is_(None))
    query = (
        select(waiver, device.c.hostname)
        .outerjoin(device, of_device)
        .where(*STANDS, waiver.c.decided_at <= now)
        .where(waiver.c.ends_at > now, waiver.c.ends_at <= until)
        .order_by(waiver.c.ends_at, waiver.c.number)
        .limit(most)
    )
    return [
        Ending(row.device_id, row.hostname or "", row.group_name, row.rule_id, row.ends_at)
        for row in connection.execute(query)
    ]
