"""A policy that has been read and found sound, and what is said of one that is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from collector.model import FormFactor, Language, Platform, Severity
from collector.policy.keeping_in_touch import ContactSettings


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """How one rule is applied. `limits` holds every limit of the rule, by name."""

    enabled: bool
    severity: Severity
    grace_days: int
    platforms: frozenset[Platform]
    form_factors: frozenset[FormFactor]
    limits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the policy. `rules` holds settings for every rule, enabled or not.

    `version` is the store's number for it; 0 means that it is not in the store. `language` is that
    of the words in the agent's answer. `password_days` is by role: after so many days a new
    password must be chosen; 0: never.
    """

    version: int
    name: str
    language: Language
    stale_after_days: int
    check_in_minutes: int
    password_days: Mapping[str, int]
    rules: Mapping[str, RuleSettings]
    contact: ContactSettings = field(default_factory=ContactSettings)


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
