"""What happened that a person may want to know of, newest first."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from collector.store.columns import EPOCH, MILLISECOND
from collector.store.schema import event


@dataclass(frozen=True, slots=True)
class Event:
    """`device_id` is empty when it concerns none."""

    at: datetime
    kind: str
    device_id: str
    detail: str


def add(connection: Connection, at: datetime, kind: str, device_id: str, detail: str) -> None:
    event_id = f"{(at - EPOCH) // MILLISECOND:012x}-{secrets.token_hex(10)}"
    row = {"event_id": event_id, "at": at, "kind": kind, "device_id": device_id, "detail": detail}
    connection.execute(insert(event).values(row))


def add_once(connection: Connection, at: datetime, kind: str, device_id: str, detail: str) -> bool:
    """As `add`, unless the same was said before: a peer that repeats itself fills no disk."""
    same = select(event.c.event_id).where(
        event.c.device_id == device_id, event.c.kind == kind, event.c.detail == detail
    )
    if connection.execute(same.limit(1)).first() is not None:
        return False
    add(connection, at, kind, device_id, detail)
    return True


def recent(connection: Connection, limit: int, device_id: str = "") -> list[Event]:
    """The newest, of one device when it is named."""
    query = select(event.c.at, event.c.kind, event.c.device_id, event.c.detail)
    if device_id:
        query = query.where(event.c.device_id == device_id)
    newest = query.order_by(event.c.at.desc(), event.c.event_id.desc()).limit(limit)
    return [Event(**row._mapping) for row in connection.execute(newest)]
