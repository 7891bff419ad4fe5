"""Until when a release of an operating system is supported, as lifecycle.toml holds it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Release:
    """The last days of support; see the head of lifecycle.toml."""

    ends_on: date
    extended_ends_on: date | None = None
    editions_end_on: date | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """`extended`: extended support reaches everybody without a contract."""

    title: str
    source: str
    rolling: bool = False
    extended: bool = False
    releases: Mapping[str, Release] = field(default_factory=dict)


@cache
def families() -> Mapping[str, Family]:
    """Every family by the id that os-release or the agent gives it ("debian", "windows")."""
    text = files("collector.policy").joinpath("lifecycle.toml").read_text(encoding="utf-8")
    return {name: _family(table) for name, table in tomllib.loads(text)["families"].items()}


def release_of(family: Family, version: str) -> Release | None:
    """The release with the longest matching version.

    >>> release_of(families()["debian"], "12.5").ends_on
    datetime.date(2026, 7, 11)
    >>> release_of(families()["ubuntu"], "2")
    """
    parts = version.split(".")
    for length in range(len(parts), 0, -1):
        found = family.releases.get(".".join(parts[:length]))
        if found is not None:
            return found
    return None


def end_of(last_day: date) -> datetime:
    """The first moment after a day, in UTC."""
    return datetime.combine(last_day, time(), UTC) + timedelta(days=1)


def day_from(words: str) -> date | None:
    """The day that a device writes as "YYYY-MM-DD", or None.

    >>> day_from("2028-06-30"), day_from("20280630"), day_from("soon")
    (datetime.date(2028, 6, 30), None, None)
    """
    try:
        found = date.fromisoformat(words)
    except ValueError:
        return None
    return found if found.isoformat() == words and found.year < date.max.year else None


def _family(table: Mapping[str, object]) -> Family:
    parts = dict(table)
    releases = parts.pop("releases", {})
    assert isinstance(releases, dict)
    return Family(releases={v: Release(**days) for v, days in releases.items()}, **parts)  # type: ignore[arg-type]
