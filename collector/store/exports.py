"""Packs as files: what was asked for, how far it is, and whether the file is still there.

One for each variant and moment. `asked_by` is empty for those of the schedule, which are tried
again until they are there; what a person asked for is tried once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from collector.store.schema import export_run

MOST_SHOWN = 200


class Phase(StrEnum):
    """`DROPPED`: it was done, and its file was kept for as long as it is kept."""

    WAITING = "waiting"
    DEVICES = "devices"
    FILES = "files"
    SUMMARY = "summary"
    SEALING = "sealing"
    ENCRYPTING = "encrypting"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    DROPPED = "dropped"


OVER = frozenset({Phase.DONE, Phase.FAILED, Phase.STOPPED, Phase.DROPPED})


@dataclass(frozen=True, slots=True)
class Run:
    """`told`: how many devices so far. `name` is that of the plain pack, `size` of what is kept."""

    number: int
    variant: str
    as_of: datetime
    asked_by: str
    asked_at: datetime
    phase: Phase
    told: int
    stopped: bool
    attempts: int
    next_at: datetime | None
    finished_at: datetime | None
    name: str
    size: int
    manifest_sha256: str
    trouble: str

    @property
    def is_over(self) -> bool:
        return self.phase in OVER

    @property
    def is_there(self) -> bool:
        return self.phase is Phase.DONE


def ask(
    connection: Connection, variant: str, as_of: datetime, asked_by: str, now: datetime
) -> tuple[int, bool]:
    """The number of the run for this variant and moment, and whether it is to be made now."""
    there = of_moment(connection, variant, as_of)
    if there is not None and (there.is_there or not there.is_over):
        return there.number, False
    fresh = {"asked_by": asked_by, "asked_at": now, "next_at": now} | _ANEW
    if there is not None:
        _set(connection, there.number, fresh)
        return there.number, True
    highest = connection.execute(select(func.max(export_run.c.number))).scalar() or 0
    number = highest + 1
    row = {"number": number, "variant": variant, "as_of": as_of, **fresh}
    connection.execute(insert(export_run).values(row))
    return number, True


def claim(connection: Connection, number: int, now: datetime) -> None:
    """The schedule wants what a person had asked for: it is made again, and sealed."""
    _set(connection, number, {"asked_by": "", "asked_at": now, "next_at": now} | _ANEW)


def get(connection: Connection, number: int) -> Run | None:
    row = connection.execute(select(export_run).where(export_run.c.number == number)).first()
    return None if row is None else _run(row)


def of_moment(connection: Connection, variant: str, as_of: datetime) -> Run | None:
    query = select(export_run).where(export_run.c.variant == variant, export_run.c.as_of == as_of)
    row = connection.execute(query).first()
    return None if row is None else _run(row)


def due(connection: Connection, now: datetime) -> Run | None:
    """The one to be made next: the oldest moment of those whose time has come."""
    query = (
        select(export_run)
        .where(export_run.c.next_at <= now)
        .order_by(export_run.c.next_at, export_run.c.as_of, export_run.c.number)
    )
    row = connection.execute(query.limit(1)).first()
    return None if row is None else _run(row)


def newest(
    connection: Connection,
    *,
    before: int | None = None,
    only: str = "",
    limit: int = 50,
) -> list[Run]:
    """By number, the newest first. `only`: how the variants end that are wanted."""
    query = select(export_run).order_by(export_run.c.number.desc())
    if before is not None:
        query = query.where(export_run.c.number < before)
    if only:
        query = query.where(export_run.c.variant.endswith(only, autoescape=True))
    rows = connection.execute(query.limit(min(limit, MOST_SHOWN)))
    return [_run(row) for row in rows]


def of_name(connection: Connection, name: str, most: int = 1_000) -> Run | None:
    """Among the newest."""
    query = select(export_run).order_by(export_run.c.number.desc()).limit(most).subquery()
    row = connection.execute(select(query).where(query.c.name == name)).first()
    return None if row is None else _run(row)


def unfinished(connection: Connection) -> list[Run]:
    """What was begun and is not over."""
    query = select(export_run).where(export_run.c.next_at.is_not(None))
    return [_run(row) for row in connection.execute(query)]


def advance(connection: Connection, number: int, phase: Phase, told: int) -> bool:
    """How far it is; True: somebody wants it stopped."""
    _set(connection, number, {"phase": phase, "told": told})
    found = get(connection, number)
    return found is None or found.stopped


def done(
    connection: Connection, number: int, name: str, size: int, digest: str, now: datetime
) -> None:
    values = {"name": name, "size": size, "manifest_sha256": digest, "trouble": ""}
    _set(connection, number, {"phase": Phase.DONE, "finished_at": now, "next_at": None} | values)


def failed(
    connection: Connection, number: int, trouble: str, now: datetime, next_at: datetime | None
) -> None:
    """`next_at` None: it is not tried again."""
    over = {"phase": Phase.FAILED if next_at is None else Phase.WAITING}
    values = {"trouble": trouble, "next_at": next_at, "finished_at": None if next_at else now}
    _set(connection, number, {**over, **values, "attempts": export_run.c.attempts + 1, "told": 0})


def again(connection: Connection, number: int) -> None:
    """It was cut short: from the beginning."""
    _set(connection, number, {"phase": Phase.WAITING, "told": 0})


def want_stopped(connection: Connection, number: int) -> bool:
    """False: it is not under way, or it is the schedule's."""
    found = get(connection, number)
    if found is None or found.is_over or not found.asked_by:
        return False
    _set(connection, number, {"stopped": 1})
    return True


def stopped(connection: Connection, number: int, now: datetime) -> None:
    _set(connection, number, {"phase": Phase.STOPPED, "finished_at": now, "next_at": None})


def older(connection: Connection, before: datetime, limit: int = 100) -> list[Run]:
    """Whose file is there, and whose moment is older."""
    query = (
        select(export_run)
        .where(export_run.c.phase == Phase.DONE, export_run.c.as_of < before)
        .order_by(export_run.c.as_of)
        .limit(limit)
    )
    return [_run(row) for row in connection.execute(query)]


def dropped(connection: Connection, numbers: Iterable[int]) -> None:
    for number in numbers:
        _set(connection, number, {"phase": Phase.DROPPED, "size": 0})


_ANEW = {
    "phase": Phase.WAITING,
    "told": 0,
    "stopped": 0,
    "attempts": 0,
    "finished_at": None,
    "name": "",
    "size": 0,
    "manifest_sha256": "",
    "trouble": "",
}


def _set(connection: Connection, number: int, values: dict[str, Any]) -> None:
    connection.execute(update(export_run).where(export_run.c.number == number).values(**values))


def _run(row: Row[Any]) -> Run:
    known = dict(row._mapping)
    known["phase"], known["stopped"] = Phase(known["phase"]), bool(known["stopped"])
    return Run(**known)
