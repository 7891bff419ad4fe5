"""Security events that people answer for: one row while one is open, however often it happens."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, Update, func, insert, select, update

from collector.store.columns import EPOCH, MILLISECOND
from collector.store.schema import followed, incident, incident_note


@dataclass(frozen=True, slots=True)
class Alarm:
    """What opens an incident. `kind` and `subject` together are what it is about."""

    kind: str
    subject: str
    severity: str
    detail: str


@dataclass(frozen=True, slots=True)
class Incident:
    """`times`: how often it was seen while open. `told_at`: when the channel had taken it."""

    number: int
    kind: str
    subject: str
    severity: str
    detail: str
    opened_at: datetime
    last_at: datetime
    times: int
    told_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    cause: str = ""
    consequence: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    at: datetime
    written_by: str
    words: str


@dataclass(frozen=True, slots=True)
class Closing:
    """Why it happened, and what follows from it; neither is empty."""

    closed_by: str
    cause: str
    consequence: str


@dataclass(frozen=True, slots=True)
class Place:
    """So many bytes of this segment of the log were read."""

    segment: int = 0
    size: int = 0


def open_or_count(connection: Connection, alarm: Alarm, at: datetime) -> Incident | None:
    """The incident that this opens; None: one of this kind and subject is open, and counts it."""
    same = (incident.c.kind == alarm.kind, incident.c.subject == alarm.subject)
    again = (
        update(incident)
        .where(*same, incident.c.closed_at.is_(None))
        .values(times=incident.c.times + 1, last_at=at)
    )
    if connection.execute(again).rowcount:
        return None
    highest = connection.execute(select(func.max(incident.c.number))).scalar() or 0
    opened = Incident(
        highest + 1, alarm.kind, alarm.subject, alarm.severity, alarm.detail, at, at, times=1
    )
    row = {name: getattr(opened, name) for name in incident.c.keys()}  # noqa: SIM118
    connection.execute(insert(incident).values(row))
    return opened


def get(connection: Connection, number: int) -> Incident | None:
    row = connection.execute(select(incident).where(incident.c.number == number)).first()
    return None if row is None else _incident(row)


def open_about(connection: Connection, kind: str, subject: str) -> Incident | None:
    """There is at most one of a kind and subject that is open."""
    same = (incident.c.kind == kind, incident.c.subject == subject)
    query = select(incident).where(*same, incident.c.closed_at.is_(None))
    row = connection.execute(query).first()
    return None if row is None else _incident(row)


def list_all(connection: Connection, *, open_only: bool, limit: int = 500) -> list[Incident]:
    """The newest first."""
    query = select(incident).order_by(incident.c.number.desc()).limit(limit)
    if open_only:
        query = query.where(incident.c.closed_at.is_(None))
    return [_incident(row) for row in connection.execute(query)]


def untold(connection: Connection) -> list[Incident]:
    """Open ones that the channel has not taken yet, the oldest first."""
    query = select(incident).where(incident.c.told_at.is_(None), incident.c.closed_at.is_(None))
    return [_incident(row) for row in connection.execute(query.order_by(incident.c.number))]


def told(connection: Connection, number: int, at: datetime) -> None:
    connection.execute(_of(number).values(told_at=at))


def close(connection: Connection, number: int, closing: Closing, at: datetime) -> bool:
    """False: there is none such, or it was closed before."""
    values = {
        "closed_at": at,
        "closed_by": closing.closed_by,
        "cause": closing.cause,
        "consequence": closing.consequence,
    }
    return (
        connection.execute(_of(number, incident.c.closed_at.is_(None)).values(values)).rowcount > 0
    )


def add_note(connection: Connection, number: int, note: Note) -> None:
    there = select(func.count()).where(incident_note.c.number == number)
    place = connection.execute(there).scalar_one()  # two notes of one moment keep their order
    at = (note.at - EPOCH) // MILLISECOND
    note_id = f"{at:012x}-{place:06x}-{secrets.token_hex(4)}"
    values = {
        "number": number,
        "note_id": note_id,
        "at": note.at,
        "written_by": note.written_by,
        "words": note.words,
    }
    connection.execute(insert(incident_note).values(values))


def notes(connection: Connection, number: int) -> list[Note]:
    """The oldest first."""
    query = (
        select(incident_note.c.at, incident_note.c.written_by, incident_note.c.words)
        .where(incident_note.c.number == number)
        .order_by(incident_note.c.note_id)
    )
    return [Note(**row._mapping) for row in connection.execute(query)]


def place_of(connection: Connection, reader: str) -> Place:
    row = connection.execute(select(followed).where(followed.c.reader == reader)).first()
    return Place() if row is None else Place(row.segment, row.size)


def keep_place(connection: Connection, reader: str, place: Place) -> None:
    values = {"segment": place.segment, "size": place.size}
    moved = update(followed).where(followed.c.reader == reader).values(values)
    if not connection.execute(moved).rowcount:
        connection.execute(insert(followed).values(reader=reader, **values))


def _of(number: int, *more: ColumnElement[bool]) -> Update:
    return update(incident).where(incident.c.number == number, *more)


def _incident(row: Row[tuple[object, ...]]) -> Incident:
    return Incident(**row._mapping)
