"""What passes beside the posture at a check-in: commands to the device and what became of them.

A command is handed out once; when an answer is lost on the way, so is the command, and a person
asks again. The other way about it could be done twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from collector.policy import Policy
from collector.policy.keeping_in_touch import ContactMode
from collector.store import commands, events, groups, tallies
from collector.store.commands import Command, CommandAction, CommandOutcome, Told
from collector.store.standing import Standing

MOST_PER_SECOND = 300
"""Check-ins that one collector plans for; a larger fleet is asked for longer intervals."""


SIZE_LASTS = timedelta(minutes=1)


@dataclass(slots=True)
class FleetSize:
    """How many devices are in service, read anew once a minute."""

    _size: int = 0
    _read_at: datetime | None = None

    def size(self, c: Connection, now: datetime) -> int:
        if self._read_at is None or not timedelta(0) <= now - self._read_at < SIZE_LASTS:
            self._size, self._read_at = tallies.in_service(c), now
        return self._size


@dataclass(frozen=True, slots=True)
class Contact:
    """One device in touch: what it told of commands, and whether one waits for it."""

    standing: Standing
    told: Sequence[Told]
    is_asked: bool


def mode(c: Connection, policy: Policy, device_id: str) -> ContactMode:
    """How the device is to keep in touch; its groups are looked up only if one may differ."""
    names = groups.groups_of(c, device_id) if policy.contact.groups else ()
    return policy.contact.mode_of(names)


def interval_seconds(check_in_minutes: int, devices: int) -> int:
    """The policy's interval, or a longer one when the fleet is too large for it.

    >>> interval_seconds(60, 1_000_000)
    3600
    >>> interval_seconds(15, 1_000_000)
    3334
    """
    return max(check_in_minutes * 60, -(-devices // MOST_PER_SECOND))


def keep(c: Connection, contact: Contact, now: datetime) -> list[Command]:
    """Settle and hand out, in the check-in's transaction."""
    device_id = contact.standing.device_id
    for told in contact.told:
        if commands.settle(c, device_id, told, now):
            _note(c, device_id, told, now)
    if contact.standing.quarantined_because or not contact.is_asked:
        return []
    return commands.take(c, device_id, now)


def _note(c: Connection, device_id: str, told: Told, now: datetime) -> None:
    """What became of a lock is kept with the device's own history."""
    done = next(
        (one for one in commands.of_device(c, device_id) if one.command_id == told.command_id),
        None,
    )
    if done is not None and done.action is CommandAction.LOCK_SCREEN:
        what = "screen locked" if told.outcome is CommandOutcome.DONE else "screen not locked"
        events.add(c, now, what, device_id, f"asked for by {done.asked_by}: {told.because}")
