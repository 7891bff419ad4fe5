"""What happened to one device, newest first: a page is bounded however long it has been here.

Each source gives no more than the page holds; they are merged by time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from collector.model import Status
from collector.store import waivers
from collector.store.schema import absence, device, event, finding, ownership, waiver


@dataclass(frozen=True, slots=True)
class Judged:
    """From here on the rule says this of the device."""

    at: datetime
    rule_id: str
    status: Status
    because: str
    told: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """From here on it is this person's; empty: nobody's, or of somebody who is forgotten."""

    at: datetime
    email: str
    by: str


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that was noted about it; `kind` as in `collector.store.events`."""

    at: datetime
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A waiver ended by itself on its last day; `group` is empty for one of the device alone."""

    at: datetime
    rule_id: str
    number: int
    group: str


@dataclass(frozen=True, slots=True)
class Silent:
    """It was not heard of for longer than it may be, from `at` on."""

    at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Enrolled:
    at: datetime


Moment = Judged | Given | Happened | Lapsed | Silent | Enrolled


@dataclass(frozen=True, slots=True)
class Page:
    """`next_before` is where the next page goes on; None on the last one."""

    moments: tuple[Moment, ...]
    next_before: datetime | None


def page(connection: Connection, device_id: str, before: datetime, limit: int) -> Page:
    """The newest moments before that time. Those of one millisecond are never torn apart, so a
    page may hold a few more than `limit`.
    """
    every: list[Moment] = [
        *_judged(connection, device_id, before, limit),
        *_given(connection, device_id, before, limit),
        *_happened(connection, device_id, before, limit),
        *_lapsed(connection, device_id, before, limit),
        *_silent(connection, device_id, before, limit),
        *_enrolled(connection, device_id, before),
    ]
    every.sort(key=lambda each: each.at, reverse=True)
    if len(every) <= limit:
        return Page(tuple(every), None)
    ends_at = every[limit - 1].at
    shown = tuple(each for each in every if each.at >= ends_at)
    return Page(shown, ends_at if len(shown) < len(every) else None)


def _judged(
    connection: Connection, device_id: str, before: datetime, limit: int
) -> Iterable[Moment]:
    columns = finding.c
    query = (
        select(columns.recorded_at, columns.rule_id, columns.status, columns.because, columns.told)
        .where(columns.device_id == device_id, columns.recorded_at < before)
        .order_by(columns.recorded_at.desc(), columns.rule_id)
        .limit(limit + MOST_AT_ONCE)
    )
    for at, rule_id, status, because, told in connection.execute(query):
        yield Judged(at, rule_id, Status(status), because, told)


MOST_AT_ONCE = 50
"""So many rules may be judged at one moment: a page never ends among them."""


def _given(
    connection: Connection, device_id: str, before: datetime, limit: int
) -> Iterable[Moment]:
    query = (
        select(ownership.c.since_at, ownership.c.email, ownership.c.set_by)
        .where(ownership.c.device_id == device_id, ownership.c.since_at < before)
        .order_by(ownership.c.since_at.desc())
        .limit(limit + 1)
    )
    return [Given(*row) for row in connection.execute(query)]


def _happened(
    connection: Connection, device_id: str, before: datetime, limit: int
) -> Iterable[Moment]:
    query = (
        select(event.c.at, event.c.kind, event.c.detail)
        .where(event.c.device_id == device_id, event.c.at < before)
        .where(event.c.kind != "enrolled")
        .order_by(event.c.at.desc(), event.c.event_id.desc())
        .limit(limit + 1)
    )
    return [Happened(*row) for row in connection.execute(query)]


def _lapsed(
    connection: Connection, device_id: str, before: datetime, limit: int
) -> Iterable[Moment]:
    """Those that were in force until the end. A group's: while the device is in it."""
    over = (waiver.c.ends_at < before, *waivers.STANDS)
    for ended in (waivers.OWN, waivers.SHARED):
        covers = ended.selected_columns.covers
        query = ended.where(covers == device_id, *over)
        newest = query.order_by(waiver.c.ends_at.desc()).limit(limit + 1)
        for row in connection.execute(newest):
            yield Lapsed(row.ends_at, row.rule_id, row.number, row.group_name)


def _silent(
    connection: Connection, device_id: str, before: datetime, limit: int
) -> Iterable[Moment]:
    query = (
        select(absence.c.from_at, absence.c.until_at)
        .where(absence.c.device_id == device_id, absence.c.from_at < before)
        .order_by(absence.c.from_at.desc())
        .limit(limit + 1)
    )
    return [Silent(*row) for row in connection.execute(query)]


def _enrolled(connection: Connection, device_id: str, before: datetime) -> Iterable[Moment]:
    query = select(device.c.enrolled_at).where(
        device.c.device_id == device_id, device.c.enrolled_at < before
    )
    return [Enrolled(at) for at in connection.execute(query).scalars()]
