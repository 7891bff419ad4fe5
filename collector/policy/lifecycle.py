"""Until when a release of an operating system is supported, as lifecycle.toml holds it."""

import tomllib
from collections.abc import Collection, Mapping
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
    title: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """`extended`: extended support reaches everybody without a contract.

    `editions`: by the name that `by_edition` uses, the editions it holds for. `by_edition` has what
    `releases` says of a version for each such group.
    """

    title: str
    source: str
    rolling: bool = False
    extended: bool = False
    releases: Mapping[str, Release] = field(default_factory=dict)
    editions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_edition: Mapping[str, Mapping[str, Release]] = field(default_factory=dict)


@cache
def families() -> Mapping[str, Family]:
    """Every family by the id that os-release or the agent gives it ("debian", "windows")."""
    text = files("collector.policy").joinpath("lifecycle.toml").read_text(encoding="utf-8")
    return {name: _family(table) for name, table in tomllib.loads(text)["families"].items()}


def release_of(family: Family, version: str, edition: str = "") -> Release | None:
    """The release with the longest matching version, as it ends for this edition.

    For an edition that no group names, the first and the last end of all of them.

    >>> release_of(families()["debian"], "12.5").ends_on
    datetime.date(2026, 7, 11)
    >>> release_of(families()["ubuntu"], "2")
    >>> release_of(families()["windows"], "10.0.19044.5", "EnterpriseS").ends_on
    datetime.date(2027, 1, 12)
    """
    parts = version.split(".")
    for length in range(len(parts), 0, -1):
        found = ".".join(parts[:length])
        if found in family.releases:
            group = _group_of(family, edition)
            return family.by_edition.get(found, {}).get(group, family.releases[found])
    return None


def _group_of(family: Family, edition: str) -> str:
    named = edition.casefold()
    held = (name for name, ids in family.editions.items() if named in (i.casefold() for i in ids))
    return next(held, "")


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
    releases, by_edition = {}, {}
    held = parts.pop("releases", {})
    assert isinstance(held, dict)
    for version, days in held.items():
        if "ends_on" in days:
            releases[version] = Release(**days)
        else:
            by_edition[version] = {group: Release(**each) for group, each in days.items()}
            releases[version] = _of_any(by_edition[version].values())
    return Family(releases=releases, by_edition=by_edition, **parts)  # type: ignore[arg-type]


def _of_any(groups: Collection[Release]) -> Release:
    """What holds where the edition is not known: support ends between the first and the last."""
    first = min(one.ends_on for one in groups)
    last = max(one.extended_ends_on or one.ends_on for one in groups)
    return Release(first, editions_end_on=last if last > first else None)
