"""A text is a policy as a whole or not at all, and what is wrong with it is said to the line."""

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from collector.model import FormFactor, Language, Platform, Rule, Severity
from collector.policy import values
from collector.policy.keeping_in_touch import ContactMode, ContactSettings
from collector.policy.lines import lines_of
from collector.policy.reading_calendar import calendar
from collector.policy.reading_clauses import clauses
from collector.policy.reading_notices import disputes, notices
from collector.policy.rules import RULES
from collector.policy.settings import Policy, PolicyError, Problem, RuleSettings
from collector.policy.sheet import Sheet, not_known

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
LONGEST_WAIVER_DAYS = (90, 1, 366)
NEW_DEVICE_GRACE_DAYS = (0, 0, 90)
FLAP_HOURS = (24, 0, 720)
KEYS = (
    "name", "language", "stale_after_days", "check_in_minutes", "longest_waiver_days",
    "new_device_grace_days", "flap_hours", "time_zone", "weekend", "holidays",
    "password_days", "contact", "notifications", "disputes", "rules", "clauses",
)  # fmt: skip
PASSWORD = ("password_days",)
CONTACT = ("contact",)
MOST_GROUPS = 200
RULE_KEYS = ("enabled", "severity", "grace_days", "grace_counts", "platforms", "form_factors")


class GraceUnit(StrEnum):
    """What the days of a grace are."""

    DAYS = "days"
    WORKING_DAYS = "working_days"


def default_text() -> str:
    """The policy that is shipped with the collector."""
    return files("collector.policy").joinpath("policy.toml").read_text(encoding="utf-8")


def load(text: str, name: str, version: int = 0) -> Policy:
    """Read a policy. `name` is what problems call the text; what it leaves out keeps its default.

    Raises PolicyError with every problem found.
    """
    document = _document(text, name)
    page = Sheet(lines_of(text))
    page.unknown_keys(document, (), KEYS)
    policy = Policy(
        version=version,
        name=page.take(document, ("name",), values.words, name),
        language=page.take(document, ("language",), values.one_of(Language), Language.EN),
        stale_after_days=page.number(document, "stale_after_days", STALE_AFTER_DAYS),
        check_in_minutes=page.number(document, "check_in_minutes", CHECK_IN_MINUTES),
        password_days=_password_days(page, page.take(document, PASSWORD, values.table, {})),
        contact=_contact(page, page.take(document, CONTACT, values.table, {})),
        rules=_rules(page, page.take(document, ("rules",), values.table, {})),
        longest_waiver_days=page.number(document, "longest_waiver_days", LONGEST_WAIVER_DAYS),
        new_device_grace_days=page.number(document, "new_device_grace_days", NEW_DEVICE_GRACE_DAYS),
        flap_hours=page.number(document, "flap_hours", FLAP_HOURS),
        calendar=calendar(page, document),
        notices=notices(page, document),
        disputes=disputes(page, document),
        clauses=clauses(page, document if "clauses" in document else _shipped()),
    )
    if page.problems:
        raise PolicyError(name, sorted(page.problems, key=lambda problem: problem.line))
    return policy


@cache
def _shipped() -> Mapping[str, Any]:
    """The clauses of the policy that the collector comes with, for one that has none."""
    return {"clauses": tomllib.loads(default_text())["clauses"]}


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


def _password_days(page: Sheet, table: Mapping[str, Any]) -> dict[str, int]:
    page.unknown_keys(table, PASSWORD, tuple(PASSWORD_DAYS))
    return {
        role: page.number(table, role, bounds, PASSWORD) for role, bounds in PASSWORD_DAYS.items()
    }


def _contact(page: Sheet, table: Mapping[str, Any]) -> ContactSettings:
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


def _rules(page: Sheet, tables: Mapping[str, Any]) -> dict[str, RuleSettings]:
    if len(tables) > MOST_RULES:
        page.refuse(("rules",), f"{len(tables)} rules are named; there are {len(RULES)}")
        return {}
    known = tuple(rule.id for rule in RULES)
    for rule_id in tables:
        if rule_id not in known:
            page.refuse(("rules", rule_id), not_known("rule", rule_id, known))
    return {
        rule.id: _settings(page, rule, page.take(tables, ("rules", rule.id), values.table, {}))
        for rule in RULES
    }


def _settings(page: Sheet, rule: Rule, table: Mapping[str, Any]) -> RuleSettings:
    path = ("rules", rule.id)
    limits = {limit.name: (limit.default, limit.least, limit.most) for limit in rule.limits}
    page.unknown_keys(table, path, (*RULE_KEYS, *limits))
    return RuleSettings(
        enabled=page.take(table, (*path, "enabled"), values.truth, True),
        severity=page.take(table, (*path, "severity"), values.one_of(Severity), rule.severity),
        grace_days=page.number(table, "grace_days", (0, 0, MOST_GRACE_DAYS), path),
        platforms=page.take(table, (*path, "platforms"), values.some_of(Platform), rule.platforms),
        form_factors=page.take(
            table, (*path, "form_factors"), values.some_of(FormFactor), frozenset(FormFactor)
        ),
        limits={name: page.number(table, name, bounds, path) for name, bounds in limits.items()},
        in_working_days=page.take(
            table, (*path, "grace_counts"), values.one_of(GraceUnit), GraceUnit.DAYS
        )
        is GraceUnit.WORKING_DAYS,
    )
