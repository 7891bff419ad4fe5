"""What the collector asks for is done at most once, in time, and only from a closed list. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.posture_service_pb2 import (
    ACTION_CHECK_NOW,
    ACTION_LOCK_SCREEN,
    Action,
    Command,
)

DOES: frozenset[int] = frozenset({ACTION_CHECK_NOW, ACTION_LOCK_SCREEN})
"""Every action this version carries out."""

LONGEST_ID = 100
LONGEST = timedelta(days=30)
"""Each command in force is remembered; one that never ends would be for ever."""
MOST_LOCKS = 10
"""Within an hour, whatever the collector asks: nobody is to be kept from working by it."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a command; `because` is for people, "" when there is nothing to add."""

    outcome: wire.CommandOutcome.ValueType
    because: str = ""


def new(commands: Iterable[Command], known: Collection[str], now: datetime) -> list[Command]:
    """Those that were not begun yet.

    One without an id, or without an expiry in sight, is never among them: it could be done twice,
    or late.
    """
    found: dict[str, Command] = {}
    for command in commands:
        usable = 0 < len(command.id) <= LONGEST_ID and _ends(command, now)
        if usable and command.id not in known:
            found.setdefault(command.id, command)
    return list(found.values())


def _ends(command: Command, now: datetime) -> bool:
    if not command.HasField("expires_at"):
        return False
    return command.expires_at.ToDatetime(tzinfo=UTC) - now <= LONGEST


def is_late(command: Command, now: datetime) -> bool:
    """By the device's own clock."""
    return command.expires_at.ToDatetime(tzinfo=UTC) <= now


def word(command: Command) -> str:
    """The action's name; a newer collector may send one that has none here.

    >>> word(Command(action=ACTION_CHECK_NOW))
    'check_now'
    """
    if command.action not in Action.values():
        return f"action {command.action}"
    return Action.Name(command.action).removeprefix("ACTION_").lower()
