"""The waivers of a past moment, over devices and over their groups as they were then.

As of the present, so of the past: who came into a group afterwards is not covered by its waivers.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from collector.model import Waiver
from collector.store import Connection, waivers
from collector.store.as_of import Then, hostnames_as_of
from collector.store.belonging import Since, belonging_as_of
from collector.store.waivers import AT_ONCE, Entry

Register = Iterator[tuple[Entry, str]]
"""Waivers, each with the name of its device or ""."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What was in force at a moment over some devices and the groups that they were in."""

    _of_devices: Mapping[str, tuple[Entry, ...]]
    _of_groups: Mapping[str, tuple[Entry, ...]]

    @classmethod
    def at(cls, connection: Connection, some: Sequence[Then], at: datetime) -> "Granted":
        ids = [then.device.device_id for then in some]
        names = sorted({name for then in some for name in then.groups})
        in_force = waivers.in_force_at(connection, ids, names, at)
        return cls(
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


def register(
    connection: Connection, at: datetime, since: datetime | None, group: str = ""
) -> Register:
    """In force at the moment, or ended since the pack before; by number.

    Of a `group`: its own, and those of the devices that were in it at the moment.
    """
    every = waivers.approved_between(connection, since or at, at)
    while some := list(islice(every, AT_ONCE)):
        ids = sorted({entry.asked.device_id for entry in some} - {""})
        names = hostnames_as_of(connection, ids, at)
        within = belonging_as_of(connection, ids, at) if group else {}
        for entry in some:
            asked = entry.asked
            if group in ("", asked.group) or group in within.get(asked.device_id, ()):
                yield entry, names.get(asked.device_id, "")


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
