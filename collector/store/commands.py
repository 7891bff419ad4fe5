"""What a device is asked to do is handed out once, and never after it has expired."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from collector.store.columns import whole
from collector.store.prepared import Prepared
from collector.store.schema import command

LASTS = timedelta(hours=24)
LOST_AFTER = timedelta(minutes=10)
"""A device tells what became of a command within its visit; after that its answer, or ours, was
lost on the way, and the same may be asked for again.
"""
MOST_AT_ONCE = 10


class CommandAction(StrEnum):
    """The whole set of things that a device can be asked for."""

    CHECK_NOW = "check_now"
    LOCK_SCREEN = "lock_screen"


class CommandOutcome(StrEnum):
    """What the device says became of it; NONE: it has said nothing."""

    NONE = ""
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    NOT_POSSIBLE = "not_possible"


@dataclass(frozen=True, slots=True)
class Command:
    """`because` is the device's own account of the outcome."""

    command_id: str
    device_id: str
    action: CommandAction
    asked_by: str
    reason: str
    asked_at: datetime
    expires_at: datetime
    delivered_at: datetime | None = None
    done_at: datetime | None = None
    outcome: CommandOutcome = CommandOutcome.NONE
    because: str = ""

    def is_pending(self, now: datetime) -> bool:
        """Whether it may still be done."""
        return self.done_at is None and now < self.expires_at and not self.is_lost(now)

    def is_lost(self, now: datetime) -> bool:
        """Whether it was handed out, and nothing has come back for too long."""
        if self.done_at is not None or self.delivered_at is None:
            return False
        return self.delivered_at <= now - LOST_AFTER


@dataclass(frozen=True, slots=True)
class Wish:
    """Who asks one device for what, and why."""

    device_id: str
    action: CommandAction
    asked_by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a device says of one command."""

    command_id: str
    outcome: CommandOutcome
    because: str


PENDING = (
    command.c.done_at.is_(None),
    command.c.expires_at > bindparam("now"),
    or_(command.c.delivered_at.is_(None), command.c.delivered_at > bindparam("lost_before")),
)
WAITING = Prepared(
    select(command)
    .where(
        command.c.device_id == bindparam("of_device"),
        command.c.delivered_at.is_(None),
        command.c.expires_at > bindparam("now"),
    )
    .order_by(command.c.asked_at, command.c.command_id)
    .limit(MOST_AT_ONCE)
)
DELIVER = Prepared(
    update(command)
    .where(command.c.command_id == bindparam("of_command"))
    .values(delivered_at=bindparam("at"))
)


def is_asked(device_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a command waits at "now" for the device of the row, to be asked beside it."""
    return exists().where(
        command.c.device_id == device_id,
        command.c.delivered_at.is_(None),
        command.c.expires_at > bindparam("now"),
    )


def ask(connection: Connection, wish: Wish, now: datetime) -> tuple[Command, bool]:
    """The command, and whether it is new: what is pending already is not asked for twice."""
    now = whole(now)
    same = (command.c.device_id == wish.device_id, command.c.action == wish.action)
    times = {"now": now, "lost_before": now - LOST_AFTER}
    found = connection.execute(select(command).where(*same, *PENDING), times).first()
    if found is not None:
        return _command(found), False
    asked = Command(
        secrets.token_hex(16),
        wish.device_id,
        wish.action,
        wish.asked_by,
        wish.reason,
        now,
        now + LASTS,
    )
    values = {name: getattr(asked, name) for name in Command.__dataclass_fields__}
    connection.execute(insert(command).values(**values))
    return asked, True


def take(connection: Connection, device_id: str, now: datetime) -> list[Command]:
    """What waits for the device, the oldest first; nobody gets it a second time."""
    waiting = [_command(row) for row in WAITING.rows(connection, of_device=device_id, now=now)]
    if waiting:
        DELIVER.run(connection, *({"of_command": one.command_id, "at": now} for one in waiting))
    return waiting


def settle(connection: Connection, device_id: str, told: Told, now: datetime) -> bool:
    """Keep what this device says of a command that it was given; False: there is none such."""
    mine = (
        command.c.command_id == told.command_id,
        command.c.device_id == device_id,
        command.c.delivered_at.is_not(None),
        command.c.done_at.is_(None),
    )
    said = {"done_at": now, "outcome": told.outcome, "because": told.because}
    return connection.execute(update(command).where(*mine).values(**said)).rowcount > 0


def of_device(connection: Connection, device_id: str, limit: int = 10) -> list[Command]:
    """The newest first."""
    newest = command.c.asked_at.desc()
    query = select(command).where(command.c.device_id == device_id).order_by(newest).limit(limit)
    return [_command(row) for row in connection.execute(query)]


def count_asked(
    connection: Connection, asked_by: str, action: CommandAction, since: datetime
) -> int:
    """How often somebody has asked for this since then."""
    query = select(func.count()).where(
        command.c.asked_at >= since, command.c.asked_by == asked_by, command.c.action == action
    )
    return int(connection.execute(query).scalar_one())


def waiting_since(connection: Connection, since: datetime) -> dict[str, str]:
    """Commands asked for since then that nobody has come for: the device, by the command's id."""
    query = select(command.c.command_id, command.c.device_id).where(
        command.c.asked_at >= since, command.c.delivered_at.is_(None)
    )
    return {row.command_id: row.device_id for row in connection.execute(query)}


def is_waiting(connection: Connection, device_id: str, now: datetime) -> bool:
    return WAITING.first(connection, of_device=device_id, now=now) is not None


def _command(row: Any) -> Command:
    known = {name: getattr(row, name) for name in Command.__dataclass_fields__}
    known["action"] = CommandAction(known["action"])
    known["outcome"] = CommandOutcome(known["outcome"])
    return Command(**known)
