"""What the collector asks for is done at most once, in time, and only from a closed list. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

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


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a command; `because` is for people, "" when there is nothing to add."""

    outcome: wire.CommandOutcome.ValueType
    because: str = ""


def new(commands: Iterable[Command], known: Collection[str]) -> list[Command]:
    """Those that were not begun yet.

    One without an id or without an expiry is never among them: it could be done twice, or late.
    """
    found: dict[str, Command] = {}
    for command in commands:
        usable = 0 < len(command.id) <= LONGEST_ID and command.HasField("expires_at")
        if usable and command.id not in known:
            found.setdefault(command.id, command)
    return list(found.values())


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
