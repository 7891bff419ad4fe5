"""What two policies ask differently, key by key: values count, not how a text is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any

from collector.policy.reading_calendar import DAYS
from collector.policy.settings import Clause, Policy

BESIDE = ("version",)
"""Numbers of the store, which no text holds."""
FLAT = {"calendar", "limits"}
"""Whose keys stand in the table around them."""
NAMES = {"calendar.zone": "time_zone"}


@dataclass(frozen=True, slots=True)
class Difference:
    """`before` and `after` as text; empty where the key was or is not there."""

    key: str
    before: str
    after: str


def differences(before: Policy, after: Policy) -> list[Difference]:
    """In the order of the keys as the policy has them.

    >>> from collector.policy import load
    >>> differences(load("", "a"), load("stale_after_days = 9", "a"))
    [Difference(key='stale_after_days', before='7', after='9')]
    """
    old, new = settings_of(before), settings_of(after)
    return [
        Difference(key, old.get(key, ""), new.get(key, ""))
        for key in {**old, **new}
        if old.get(key, "") != new.get(key, "")
    ]


def settings_of(policy: Policy) -> dict[str, str]:
    """Every value by its key, as in "rules.disk_encrypted.grace_days"."""
    found: dict[str, str] = {}
    for each in fields(policy):
        if each.name not in BESIDE:
            found.update(_flat(each.name, getattr(policy, each.name)))
    return found


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, tuple) and all(isinstance(each, Clause) for each in value):
        for clause in value:
            yield from _flat(f"{path}.{clause.id}", _of_clause(clause))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{path}.{key}", inner)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _flat(_key(path, each.name), getattr(value, each.name))
    else:
        yield path, _text(path, value)


def _of_clause(clause: Clause) -> Mapping[str, object]:
    said = {"title": clause.title, "text": clause.text, "rules": list(clause.rules)}
    french = {"title_fr": clause.title_fr, "text_fr": clause.text_fr}
    return said | {key: words for key, words in french.items() if words}


def _key(path: str, name: str) -> str:
    if path in FLAT or name in FLAT:
        return NAMES.get(f"{path}.{name}", name if path in FLAT else path)
    return f"{path}.{'grace_counts' if name == 'in_working_days' else name}"


def _text(path: str, value: Any) -> str:
    if path.endswith(".grace_counts"):
        return "working_days" if value else "days"
    if path == "weekend":
        return ", ".join(DAYS[day] for day in sorted(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, frozenset | list):
        return ", ".join(sorted(_text("", each) for each in value))
    return value.isoformat() if isinstance(value, date) else str(value)
