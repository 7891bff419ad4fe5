"""What the collector asks for is done at most once, in time, and only from a closed list. Pure."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from protos.posture.v1.posture_service_pb2 import ACTION_CHECK_NOW, Action, Command

DOES: frozenset[int] = frozenset({ACTION_CHECK_NOW})
"""Every action this version carries out."""


def due(commands: Iterable[Command], done: Collection[str], now: datetime) -> list[Command]:
    """Commands not yet done and not expired by the device's clock.

    One without an id or without an expiry is never due: it could be done twice, or late.
    """
    return [
        command
        for command in commands
        if command.id
        and command.id not in done
        and command.HasField("expires_at")
        and command.expires_at.ToDatetime(tzinfo=UTC) > now
    ]


def word(command: Command) -> str:
    """The action's name; a newer collector may send one that has none here.

    >>> word(Command(action=ACTION_CHECK_NOW))
    'check_now'
    """
    if command.action not in Action.values():
        return f"action {command.action}"
    return Action.Name(command.action).removeprefix("ACTION_").lower()
