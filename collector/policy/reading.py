"""A text is a policy as a whole or not at all, and what is wrong with it is said to the line."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from typing import Any, TypeVar

from collector.model import FormFactor, Language, Platform, Rule, Severity
from collector.policy import values
from collector.policy.keeping_in_touch import ContactMode, ContactSettings
from collector.policy.lines import Path, line_of, lines_of
from collector.policy.rules import RULES
from collector.policy.settings import Policy, PolicyError, Problem, RuleSettings

T = TypeVar("T")

MOST_CHARACTERS = 65_536
MOST_ON_A_LINE = 1_000
"""tomllib takes quadratic time for one key of very many parts; no policy needs such a line."""
MOST_RULES = 200

STALE_AFTER_DAYS = (7, 1, 120)
CHECK_IN_MINUTES = (60, 5, 1440)
MOST_GRACE_DAYS = 365
PASSWORD_DAYS = {
    "viewer": (0, 0, 1095),
    "helpdesk": (365, 0, 1095),
    "admin": (365, 0, 1095),
    "owner": (365, 0, 1095),
}
KEYS = (
    "name",
    "language",
    "stale_after_days",
    "check_in_minutes",
    "password_days",
    "contact",
    "rules",
)
PASSWORD = ("password_days",)
CONTACT = ("contact",)
MOST_GROUPS = 200
RULE_KEYS = ("enabled", "severity", "grace_days", "platforms", "form_factors")


@dataclass(slots=True)
class _Text:
    """What is known of the text while it is read."""

    lines: dict[Path, int]
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, path: Path, message: str) -> None:
        self.problems.append(Problem(line_of(self.lines, path), ".".join(path), message))

    def take(
        self, table: Mapping[str, Any], path: Path, read: Callable[[object], T], default: T
    ) -> T:
        """The value of the last key of `path` in `table`, or the default when it has none."""
        if path[-1] not in table:
            return default
        try:
            return read(table[path[-1]])
        except values.Refused as why:
            self.refuse(path, str(why))
            return default

    def unknown_keys(self, table: Mapping[str, Any], path: Path, known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                self.refuse((*path, key), _not_known("key", key, known))


def default_text() -> str:
    """The policy that is shipped with the collector."""
    return files("collector.policy").joinpath("policy.toml").read_text(encoding="utf-8")


def load(text: str, name: str, version: int = 0) -> Policy:
    """Read a policy. `name` is what problems call the text; what it leaves out keeps its default.

    Raises PolicyError with every problem found.
    """
    document = _document(text, name)
    page = _Text(lines_of(text))
    page.unknown_keys(document, (), KEYS)
    policy = Policy(
        version=version,
        name=page.take(document, ("name",), values.words, name),
        language=page.take(document, ("language",), values.one_of(Language), Language.EN),
        stale_after_days=_number(page, document, "stale_after_days", STALE_AFTER_DAYS),
        check_in_minutes=_number(page, document, "check_in_minutes", CHECK_IN_MINUTES),
        password_days=_password_days(page, page.take(document, PASSWORD, values.table, {})),
        contact=_contact(page, page.take(document, CONTACT, values.table, {})),
        rules=_rules(page, page.take(document, ("rules",), values.table, {})),
    )
    if page.problems:
        raise PolicyError(name, sorted(page.problems, key=lambda problem: problem.line))
    return policy


def _document(text: str, name: str) -> dict[str, Any]:
    if len(text) > MOST_CHARACTERS:
        message = f"the policy has {len(text)} characters; at most {MOST_CHARACTERS} are read"
        raise PolicyError(name, [Problem(0, "", message)])
    for number, row in enumerate(text.split("\n"), start=1):
        if len(row) > MOST_ON_A_LINE:
            message = f"the line has {len(row)} characters; at most {MOST_ON_A_LINE} are read"
            raise PolicyError(name, [Problem(number, "", message)])
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise PolicyError(name, [Problem(0, "", "lists or tables are nested too deep")]) from None
    except ValueError as trouble:  # TOMLDecodeError, and int() for numbers of 4,300 digits
        raise PolicyError(name, [_not_toml(str(trouble), text)]) from None


def _not_toml(said: str, text: str) -> Problem:
    """
    >>> _not_toml("Invalid value (at line 3, column 9)", "").line
    3
    """
    place = re.search(r" \(at line (\d+), column \d+\)$", said)
    line = int(place[1]) if place else text.rstrip().count("\n") + 1
    words = re.sub(r" \(at .*\)$", "", said)
    return Problem(line, "", f"this is not TOML: {words[:1].lower()}{words[1:]}")


def _password_days(page: _Text, table: Mapping[str, Any]) -> dict[str, int]:
    page.unknown_keys(table, PASSWORD, tuple(PASSWORD_DAYS))
    return {
        role: _number(page, table, role, bounds, PASSWORD) for role, bounds in PASSWORD_DAYS.items()
    }


def _contact(page: _Text, table: Mapping[str, Any]) -> ContactSettings:
    """Groups are not looked up: a policy may name one that is made later."""
    page.unknown_keys(table, CONTACT, ("mode", "groups"))
    groups: Mapping[str, Any] = page.take(table, (*CONTACT, "groups"), values.table, {})
    if len(groups) > MOST_GROUPS:
        page.refuse((*CONTACT, "groups"), f"{len(groups)} groups; at most {MOST_GROUPS} are read")
        return ContactSettings()
    read, usual = values.one_of(ContactMode), ContactMode.SCHEDULED
    return ContactSettings(
        mode=page.take(table, (*CONTACT, "mode"), read, usual),
        groups={
            name: page.take(groups, (*CONTACT, "groups", name), read, usual) for name in groups
        },
    )


def _rules(page: _Text, tables: Mapping[str, Any]) -> dict[str, RuleSettings]:
    if len(tables) > MOST_RULES:
        page.refuse(("rules",), f"{len(tables)} rules are named; there are {len(RULES)}")
        return {}
    known = tuple(rule.id for rule in RULES)
    for rule_id in tables:
        if rule_id not in known:
            page.refuse(("rules", rule_id), _not_known("rule", rule_id, known))
    return {
        rule.id: _settings(page, rule, page.take(tables, ("rules", rule.id), values.table, {}))
        for rule in RULES
    }


def _settings(page: _Text, rule: Rule, table: Mapping[str, Any]) -> RuleSettings:
    path = ("rules", rule.id)
    limits = {limit.name: (limit.default, limit.least, limit.most) for limit in rule.limits}
    page.unknown_keys(table, path, (*RULE_KEYS, *limits))
    return RuleSettings(
        enabled=page.take(table, (*path, "enabled"), values.truth, True),
        severity=page.take(table, (*path, "severity"), values.one_of(Severity), rule.severity),
        grace_days=_number(page, table, "grace_days", (0, 0, MOST_GRACE_DAYS), path),
        platforms=page.take(table, (*path, "platforms"), values.some_of(Platform), rule.platforms),
        form_factors=page.take(
            table, (*path, "form_factors"), values.some_of(FormFactor), frozenset(FormFactor)
        ),
        limits={name: _number(page, table, name, bounds, path) for name, bounds in limits.items()},
    )


def _number(
    page: _Text, table: Mapping[str, Any], key: str, bounds: tuple[int, int, int], path: Path = ()
) -> int:
    """`bounds`: default, least, most."""
    default, least, most = bounds
    return page.take(table, (*path, key), values.whole_number(least, most), default)


def _not_known(kind: str, word: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(word[:100], known, n=1)
    if near:
        return f"there is no such {kind}; did you mean {near[0]}?"
    return f"there is no such {kind}; known are {', '.join(known)}"
