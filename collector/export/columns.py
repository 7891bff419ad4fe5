"""What the tables of a pack hold: a row type a table, every column with its meaning.

To add a column, add a field with its meaning and fill it in `telling.py`; the writers, the README
and the workbook take it as it comes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

MEANS = "means"
"""Under this name each column carries the words that README.txt has for it."""


def column(means: str) -> Any:
    return field(metadata={MEANS: means})


@dataclass(slots=True)
class DeviceRow:
    device_id: str = column("The device's id at the collector; it never changes.")
    hostname: str = column("What the device calls itself; two may have the same name.")
    owner: str = column("Whose it is: an e-mail address, or a pseudonym; empty: nobody's.")
    groups: str = column("The groups it is in, separated by a comma and a blank.")
    platform: str = column("linux, macos or windows; empty before the first report.")
    os: str = column("The operating system, as it names itself.")
    form_factor: str = column(
        "laptop, desktop, tablet, server, virtual_machine, container or unknown."
    )
    manufacturer: str = column("Who made the device, as its firmware says.")
    model: str = column("Its model, as its firmware says.")
    serial: str = column("Its serial number, as its firmware says.")
    agent_version: str = column("The version of the agent that sent its last report.")
    compliance: str = column("The device's state; see below.")
    failing: int = column("How many rules fail, whether or not they count yet.")
    unknown: int = column("How many rules could not be judged.")
    waived: int = column("How many of those two a waiver covers.")
    quarantine: str = column("Why the device is set apart; empty when it is not.")
    enrolled_at: datetime = column("When it was enrolled.")
    silent_since: datetime | None = column(
        "Its last check-in, when that was a day or more before; empty: it checked in since."
    )
    reported: bool = column("Whether it had sent a report at all.")


@dataclass(slots=True)
class FindingRow:
    device_id: str = column("The device's id at the collector.")
    hostname: str = column("What the device calls itself.")
    owner: str = column("Whose it is, as in the table of devices.")
    platform: str = column("linux, macos or windows.")
    rule_id: str = column("The rule, under the name that it has in policy.toml.")
    title: str = column("What the rule asks, in words.")
    severity: str = column("low, medium, high or critical, by the policy.")
    status: str = column("What the rule says of the device; see below.")
    counts: bool = column("Whether it is a failure that counts: past its grace, without a waiver.")
    because: str = column("The reason for the status.")
    since: datetime | None = column("Since when the status has been so.")
    known_since: datetime | None = column("Since when the collector knows; empty: not judged yet.")
    grace_ends_at: datetime | None = column(
        "A failure does not count before this time; empty: no grace."
    )
    waived_until: datetime | None = column("The end of the waiver in force; empty: none.")
    waiver_reason: str = column("Why it was granted.")
    evidence: str = column("What was asked on the device and what it said.")


@dataclass(slots=True)
class WaiverRow:
    device_id: str = column("The device it is for; empty: a group.")
    hostname: str = column("What the device calls itself.")
    group: str = column("The group it is for; empty: one device.")
    rule_id: str = column("The rule.")
    title: str = column("What the rule asks, in words.")
    reason: str = column("Why it was granted.")
    requested_by: str = column("Who asked for it.")
    approved_by: str = column("Who approved it.")
    created_at: datetime = column("From when on it holds.")
    ends_at: datetime = column("When it ends by itself, or was ended.")


@dataclass(slots=True)
class ChangeRow:
    device_id: str = column("The device's id at the collector.")
    hostname: str = column("What the device calls itself.")
    owner: str = column("Whose it is, as in the table of devices.")
    change: str = column("What happened since the pack before; see below.")
    rule_id: str = column("The rule, where the change is one of a rule.")
    title: str = column("What the rule asks, in words.")
    at: datetime | None = column("When the collector came to know; of a silence, its beginning.")
    because: str = column("The reason, where there is one.")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the pack; `values` takes a row to the values of its columns, in order."""

    name: str
    row: type[Any]
    means: str

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(each.name for each in fields(self.row))

    @property
    def meanings(self) -> dict[str, str]:
        return {each.name: each.metadata[MEANS] for each in fields(self.row)}

    def reader(self) -> Callable[[Any], tuple[Any, ...]]:
        return attrgetter(*self.columns)


DEVICES = Table("devices", DeviceRow, "every device in service, one row each")
FINDINGS = Table("findings", FindingRow, "every device with every rule that the policy asks")
WAIVERS = Table("waivers", WaiverRow, "exceptions in force, or ended since the pack before")
CHANGES = Table("changes", ChangeRow, "what is otherwise than in the pack before")
TABLES = (DEVICES, FINDINGS, WAIVERS, CHANGES)
