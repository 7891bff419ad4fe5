"""A policy that has been read and found sound, and what is said of one that is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from collector.model import FormFactor, Language, Platform, Severity
from collector.policy.keeping_in_touch import ContactSettings

UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """How one rule is applied. `limits` holds every limit of the rule, by name.

    `in_working_days`: what `grace_days` counts.
    """

    enabled: bool
    severity: Severity
    grace_days: int
    platforms: frozenset[Platform]
    form_factors: frozenset[FormFactor]
    limits: Mapping[str, int]
    in_working_days: bool = False


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days work is done on, and where a day begins and ends. Monday is 0."""

    zone: ZoneInfo = UTC
    weekend: frozenset[int] = frozenset({5, 6})
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Clause:
    """One requirement of the written policy; without `rules`, nothing here measures it.

    In French only where the policy says it in French.
    """

    id: str
    title: str
    text: str
    rules: tuple[str, ...] = ()
    title_fr: str = ""
    text_fr: str = ""

    def said_in(self, language: Language) -> tuple[str, str]:
        """Title and text."""
        if language is Language.FR:
            return self.title_fr or self.title, self.text_fr or self.text
        return self.title, self.text


class Owners(StrEnum):
    """When the person whose device it is hears of it by mail."""

    NEVER = "never"
    DAILY = "daily"
    AT_ONCE = "at_once"


@dataclass(frozen=True, slots=True)
class Notices:
    """When people are told, in hours of the policy's time zone. The quiet ones are none when they
    begin as they end. `on_device`: the agent shows a notice when something new fails.
    """

    owners: Owners = Owners.NEVER
    digest_hour: int = 8
    quiet_from: int = 20
    quiet_until: int = 7
    waiver_days: int = 7
    on_device: bool = True


@dataclass(frozen=True, slots=True)
class Disputes:
    """From when on it is the check that is doubted, and not the devices: so many of one build of
    an operating system or one version of the agent turn within a day.
    """

    enabled: bool = True
    share_percent: int = 25
    least_devices: int = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the policy. `rules` holds settings for every rule, enabled or not.

    `version` is the store's number for it; 0 means that it is not in the store. `language` is that
    of the words in the agent's answer. `password_days` is by role: after so many days a new
    password must be chosen; 0: never. Failures of a device that was enrolled less than
    `new_device_grace_days` ago do not count. A pass of less than `flap_hours` between two failures
    does not begin the grace anew.
    """

    version: int
    name: str
    language: Language
    stale_after_days: int
    check_in_minutes: int
    password_days: Mapping[str, int]
    rules: Mapping[str, RuleSettings]
    contact: ContactSettings = field(default_factory=ContactSettings)
    longest_waiver_days: int = 90
    new_device_grace_days: int = 0
    flap_hours: int = 24
    calendar: Calendar = field(default_factory=Calendar)
    clauses: tuple[Clause, ...] = ()
    notices: Notices = Notices()
    disputes: Disputes = Disputes()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a policy's text. `line` counts from 1; 0: the whole text."""

    line: int
    key: str
    message: str


class PolicyError(Exception):
    """The text is no policy. `problems` holds all that is wrong, in the order of the lines."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.name = name
        self.problems = list(problems)
        super().__init__(_line(name, self.problems))


def _line(name: str, problems: Sequence[Problem]) -> str:
    """The first problem in one line, and how many more there are.

    >>> _line("p.toml", [Problem(3, "name", "must be text"), Problem(9, "x", "is not known")])
    'p.toml:3: name: must be text (and 1 more problem)'
    """
    first = problems[0]
    place = f"{name}:{first.line}" if first.line else name
    key = f"{first.key}: " if first.key else ""
    more = len(problems) - 1
    rest = f" (and {more} more problem{'s' if more > 1 else ''})" if more else ""
    return f"{place}: {key}{first.message}{rest}"
