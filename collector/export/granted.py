"""The waivers of a past moment, over devices and over their groups as they were then.

As of the present, so of the past: who came into a group afterwards is not covered by its waivers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from collector.model import Waiver
from collector.store import Connection, devices, waivers
from collector.store.belonging import Since
from collector.store.waivers import Entry


@dataclass(frozen=True, slots=True)
class Granted:
    """`register`: in force at the moment, or ended since the pack before; by their end."""

    moment: datetime
    register: tuple[Entry, ...]
    _of_devices: Mapping[str, tuple[Entry, ...]]
    _of_groups: Mapping[str, tuple[Entry, ...]]

    @classmethod
    def at(cls, connection: Connection, at: datetime, since: datetime | None) -> "Granted":
        register = waivers.approved_between(connection, since or at, at)
        in_force = [entry for entry in register if ends_at(entry, at) > at]
        return cls(
            at,
            tuple(register),
            _by((entry.asked.device_id, entry) for entry in in_force),
            _by((entry.asked.group, entry) for entry in in_force),
        )

    def over(self, device_id: str, groups: Since) -> dict[str, Waiver]:
        """By rule, what lies over a device; of several the last to end.

        A group's covers those that were in it when it was approved.
        """
        mine = list(self._of_devices.get(device_id, ()))
        for group, joined_at in groups.items():
            mine.extend(
                entry
                for entry in self._of_groups.get(group, ())
                if entry.decided_at is not None and joined_at <= entry.decided_at
            )
        mine.sort(key=lambda entry: (entry.asked.ends_at, entry.number))
        return {entry.asked.rule_id: _waiver(entry, device_id) for entry in mine}

    @staticmethod
    def hostname(connection: Connection, entry: Entry) -> str:
        device = devices.get(connection, entry.asked.device_id) if entry.asked.device_id else None
        return device.hostname if device else ""


def ends_at(entry: Entry, at: datetime) -> datetime:
    """Its end as one knew it at the moment: that somebody would end it earlier was not known."""
    if entry.ended_at is not None and entry.ended_at <= at:
        return min(entry.ended_at, entry.asked.ends_at)
    return entry.asked.ends_at


def _by(pairs: Iterable[tuple[str, Entry]]) -> dict[str, tuple[Entry, ...]]:
    found: dict[str, tuple[Entry, ...]] = {}
    for key, entry in pairs:
        if key:
            found[key] = (*found.get(key, ()), entry)
    return found


def _waiver(entry: Entry, device_id: str) -> Waiver:
    asked = entry.asked
    return Waiver(
        device_id=device_id,
        rule_id=asked.rule_id,
        reason=asked.reason,
        requested_by=asked.requested_by,
        created_at=entry.decided_at or entry.requested_at,
        ends_at=asked.ends_at,
        approved_by=entry.decided_by,
        group=asked.group,
        number=entry.number,
    )
