"""The nouns of the collector. Plain data: this module imports nothing but the standard library.

All times are aware and UTC. Three clocks are kept apart: `observed_at` is the device's,
`received_at` is ours when a report came, `evaluated_at` is ours when a rule was applied.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What a rule says of a device. Grace and waivers lie over it and never replace it."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class Compliance(StrEnum):
    """The state of a device: the worst of its findings, unless it has been silent too long."""

    COMPLIANT = "compliant"
    NON_COMPLIANT = "non_compliant"
    UNKNOWN = "unknown"
    STALE = "stale"


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Platform(StrEnum):
    LINUX = "linux"
    MACOS = "macos"
    WINDOWS = "windows"


class Language(StrEnum):
    """What people read: a rule's words are held in each of these."""

    EN = "en"
    FR = "fr"


class FormFactor(StrEnum):
    LAPTOP = "laptop"
    DESKTOP = "desktop"
    TABLET = "tablet"
    SERVER = "server"
    VIRTUAL_MACHINE = "virtual_machine"
    CONTAINER = "container"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One source on the device and what it said."""

    source: str
    said: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's answer now.

    `holds_until` is the moment from which the same facts would be judged otherwise (definitions
    grow old, a delay runs out); None: time alone changes nothing. `cause` is for machines: it
    chooses the words of what to do. Of an unknown it says why (`policy.causes`), of a failing
    screen lock on which desktop; empty: nothing hangs on it.
    """

    status: Status
    because: str
    holds_until: datetime | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a rule may know besides the facts: the time, and since when tracked things are so."""

    now: datetime
    first_seen: Mapping[str, datetime] = field(default_factory=dict)
    platform: Platform | None = None
    os_id: str = ""
    os_version: str = ""
    os_edition: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """A number in the policy that a rule is judged by, with its unit in the name."""

    name: str
    default: int
    least: int
    most: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement: what it needs to see, and one pure function. Its words for people are in
    `collector/policy/words`.

    `judge(message, limits, circumstances)` gets the signal's protobuf message with every field in
    `needs` set; the engine has answered for the rest. `tracks(message)` names what the collector
    should remember the first sight of (a pending update); `circumstances.first_seen` holds it.

    `whole_to_pass` and `whole_to_fail` name the fields and lists of which nothing may be hidden
    when the rule passes (it judges every volume) or fails (it looks for one antivirus): the
    engine turns such a verdict into unknown where the device reports a gap.

    `platforms` are those that can be asked at all, unless a policy names others.
    """

    id: str
    signal: str
    severity: Severity
    judge: Callable[[Any, Mapping[str, int], Circumstances], Verdict]
    needs: tuple[str, ...] = ()
    whole_to_pass: tuple[str, ...] = ()
    whole_to_fail: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    tracks: Callable[[Any], Collection[str]] | None = None
    platforms: frozenset[Platform] = frozenset(Platform)


@dataclass(frozen=True, slots=True)
class Finding:
    """The dated state of one rule on one device.

    `since` is when the state began on the device (its own clock, bounded by ours);
    `recorded_at` is when the collector came to know it. A finding is replaced, never edited,
    when its status changes; `because`, `cause` and `evidence` follow the latest report.

    `failing_from` is set where the clock of a failure runs on from an earlier one. `told` is what
    `because` was put together from (`collector.translation.sentences`), to be said in another
    language; empty where an older collector judged.
    """

    device_id: str
    rule_id: str
    status: Status
    because: str
    evidence: tuple[EvidenceLine, ...]
    since: datetime
    recorded_at: datetime
    evaluated_at: datetime
    policy_version: int
    cause: str = ""
    failing_from: datetime | None = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class System:
    """Which operating system advice is for; `os_id` is ID of os-release ("linuxmint")."""

    platform: Platform | None
    os_id: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A rule's words for one finding, in one language. `remediation`: empty when all is well."""

    title: str
    why: str
    remediation: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """A justified exception for one rule on one device, in force from `created_at`. It always ends.

    `group`: the group whose waiver it is; empty where it was given to the device itself.
    """

    device_id: str
    rule_id: str
    reason: str
    requested_by: str
    created_at: datetime
    ends_at: datetime
    approved_by: str = ""
    group: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A finding as people see it: with the rule's words, its grace and its waiver."""

    finding: Finding
    title: str
    why: str
    severity: Severity
    remediation: str
    grace_ends_at: datetime | None = None
    waiver: Waiver | None = None

    def counts(self, now: datetime) -> bool:
        """Whether a failure counts against the device at this moment."""
        waived = self.waiver is not None and now < self.waiver.ends_at
        if self.finding.status is not Status.FAIL or waived:
            return False
        return self.grace_ends_at is None or now >= self.grace_ends_at


@dataclass(frozen=True, slots=True)
class Device:
    """One enrolled machine as the inventory holds it.

    `compliance` is the judged state without regard to silence; `compliance_at(now)` in
    `collector.compliance` adds it. Strings are empty when the device did not say. `owner` is the
    e-mail address of the person whose device it is, as somebody set it; empty: nobody has.
    `severity` is that of the worst failure that counts, from -4 (critical) to 0 (none).
    """

    device_id: str
    hostname: str
    platform: Platform | None
    os_id: str
    os_name: str
    os_version: str
    form_factor: FormFactor
    manufacturer: str
    model: str
    serial: str
    agent_version: str
    enrolled_at: datetime
    last_seen_at: datetime | None
    last_report_at: datetime | None
    last_sequence: int
    compliance: Compliance
    compliance_since: datetime | None
    quarantined_because: str = ""
    retired_at: datetime | None = None
    owner: str = ""
    severity: int = 0
    next_contact_at: datetime | None = None

    @property
    def system(self) -> System:
        return System(self.platform, self.os_id)
