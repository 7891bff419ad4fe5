"""The outbox: what is to be told lies here from the change that caused it until it was taken.

A key is told once, however often it is added. What a message says is dropped once it was taken;
that it was sent, to whom and about what, stays for the delivery log.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from collector.store import incidents
from collector.store.incidents import Place
from collector.store.schema import notification

MOST_SHOWN = 200
DAILY = "daily messages"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of several that a message tells: a heading and lines below it."""

    title: str
    lines: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What is told, before it has the form of a mail or a chat. `data`: for programs."""

    subject: str
    lead: str = ""
    items: tuple[Item, ...] = ()
    closing: str = ""
    link: str = ""
    link_words: str = ""
    language: str = "en"
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class New:
    """`target`: by whose way it goes. `address`: empty where the way is the address.

    `about`: what it is about as "kind:id". `urgent`: sent first, and tried for longer.
    """

    key: str
    topic: str
    target: str
    message: Message
    address: str = ""
    about: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Notification:
    """`next_at` is None when it is not tried any more: it was taken, or given up."""

    number: int
    dedup_key: str
    topic: str
    target: str
    address: str
    about: str
    subject: str
    message: Message | None
    urgent: bool
    created_at: datetime
    next_at: datetime | None
    attempts: int
    sent_at: datetime | None
    failed_at: datetime | None
    trouble: str

    @property
    def state(self) -> str:
        """sent, failed (given up) or waiting."""
        if self.sent_at is not None:
            return "sent"
        return "failed" if self.failed_at is not None else "waiting"


def add(connection: Connection, new: Iterable[New], at: datetime, next_at: datetime) -> int:
    """How many of them are new."""
    highest = connection.execute(select(func.max(notification.c.number))).scalar() or 0
    added = 0
    for each in new:
        same = select(notification.c.number).where(notification.c.dedup_key == each.key)
        if connection.execute(same).first() is not None:
            continue
        added += 1
        connection.execute(insert(notification).values(_row(each, highest + added, at, next_at)))
    return added


def due(connection: Connection, now: datetime, limit: int) -> list[Notification]:
    """What is to be tried now: the urgent first, then what waited longest."""
    query = (
        select(notification)
        .where(notification.c.next_at <= now)
        .order_by(notification.c.urgent.desc(), notification.c.next_at, notification.c.number)
    )
    return [_notification(row) for row in connection.execute(query.limit(limit))]


def get(connection: Connection, number: int) -> Notification | None:
    query = select(notification).where(notification.c.number == number)
    row = connection.execute(query).first()
    return None if row is None else _notification(row)


def newest(
    connection: Connection, *, failed_only: bool = False, before: int | None = None, limit: int = 50
) -> list[Notification]:
    """The newest first, from below the number `before`."""
    query = select(notification).order_by(notification.c.number.desc())
    if failed_only:
        query = query.where(notification.c.failed_at.is_not(None))
    if before is not None:
        query = query.where(notification.c.number < before)
    rows = connection.execute(query.limit(min(limit, MOST_SHOWN)))
    return [_notification(row) for row in rows]


def taken(connection: Connection, number: int, at: datetime) -> None:
    """It was sent; what it said is not kept."""
    values = {
        "sent_at": at,
        "next_at": None,
        "failed_at": None,
        "trouble": "",
        "content": "",
        "attempts": notification.c.attempts + 1,
    }
    _set(connection, number, values)


def refused(
    connection: Connection, number: int, at: datetime, trouble: str, next_at: datetime | None
) -> None:
    """It was not taken. `next_at` None: it is given up, and a person may try it again."""
    values = {
        "trouble": trouble,
        "next_at": next_at,
        "failed_at": at if next_at is None else None,
        "attempts": notification.c.attempts + 1,
    }
    _set(connection, number, values)


def retry(connection: Connection, number: int, at: datetime) -> bool:
    """Try it anew, as if it were new; False: there is none such, or it was sent."""
    found = get(connection, number)
    if found is None or found.sent_at is not None:
        return False
    _set(connection, number, {"next_at": at, "failed_at": None, "attempts": 0})
    return True


def forget(connection: Connection, created_before: datetime, most: int = 2_000) -> int:
    """Drop what is older, some at a time; how many were dropped."""
    old = (
        select(notification.c.number)
        .where(notification.c.created_at < created_before)
        .order_by(notification.c.number)
        .limit(most)
    )
    statement = delete(notification).where(notification.c.number.in_(old))
    return connection.execute(statement).rowcount


def last_day(connection: Connection) -> date | None:
    """Whose daily messages were put out last."""
    number = incidents.place_of(connection, DAILY).size
    return date.fromordinal(number) if number else None


def keep_day(connection: Connection, day: date) -> None:
    incidents.keep_place(connection, DAILY, Place(0, day.toordinal()))


def _set(connection: Connection, number: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(notification).where(notification.c.number == number).values(**values))


def _row(new: New, number: int, at: datetime, next_at: datetime) -> dict[str, object]:
    return {
        "number": number,
        "dedup_key": new.key,
        "topic": new.topic,
        "target": new.target,
        "address": new.address,
        "about": new.about,
        "subject": new.message.subject,
        "content": json.dumps(asdict(new.message), ensure_ascii=False),
        "urgent": int(new.urgent),
        "created_at": at,
        "next_at": next_at,
        "attempts": 0,
        "trouble": "",
    }


def _notification(row: Row[Any]) -> Notification:
    known = dict(row._mapping)
    content = known.pop("content")
    known["urgent"] = bool(known["urgent"])
    return Notification(message=_message(content) if content else None, **known)


def _message(content: str) -> Message:
    table = json.loads(content)
    items = tuple(Item(i["title"], tuple(i["lines"]), i["link"]) for i in table.pop("items"))
    return Message(items=items, **table)
