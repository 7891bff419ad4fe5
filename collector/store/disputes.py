"""Checks that are doubted: where, since when, on what grounds, and what a person decided."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from collector.store.columns import EPOCH, whole
from collector.store.prepared import Prepared
from collector.store.schema import device, dispute, turned

SYSTEM, AGENT = "system", "agent"
OPEN, RIGHT, WRONG = "open", "right", "wrong"
HOUR, DAY_HOURS = timedelta(hours=1), 24
COLUMNS = {SYSTEM: device.c.os_build, AGENT: device.c.agent_version}
STANDING = Prepared(select(dispute).where(dispute.c.state != RIGHT).order_by(dispute.c.number))


@dataclass(frozen=True, slots=True)
class Place:
    """`scope` is SYSTEM or AGENT; `value` the platform and, after a space, the build or version."""

    scope: str
    value: str

    @property
    def version(self) -> str:
        return self.value.partition(" ")[2]


@dataclass(frozen=True, slots=True)
class Turned:
    """On so many devices of that place this rule turned within a day, to or from a pass."""

    rule_id: str
    place: Place
    devices: int


@dataclass(frozen=True, slots=True)
class Dispute:
    """`state` is OPEN, RIGHT (the verdicts were) or WRONG (the check is, until `until_version` of
    the agent). `turned` of `population` devices made people doubt.
    """

    number: int
    rule_id: str
    place: Place
    opened_at: datetime
    turned: int
    population: int
    state: str
    resolved_at: datetime | None = None
    resolved_by: str = ""
    until_version: str = ""
    reason: str = ""
    marked_after: str | None = None

    @property
    def version(self) -> str:
        """Another one as soon as somebody has decided."""
        return " ".join((self.state, self.until_version, str(self.resolved_at or ""))).strip()

    def covers(self, places: Collection[Place], agent_version: str) -> bool:
        """Whether a device of these places is doubted."""
        if self.state == RIGHT or self.place not in places:
            return False
        return self.state == OPEN or not _at_least(agent_version, self.until_version)


def places_of(platform: str, os_build: str, agent_version: str) -> tuple[Place, ...]:
    """Of one device; none where it does not say."""
    said = ((SYSTEM, os_build), (AGENT, agent_version))
    return tuple(Place(scope, f"{platform} {version}") for scope, version in said if version)


def count_turned(
    connection: Connection, rule_ids: Collection[str], places: Collection[Place], at: datetime
) -> None:
    """One device more that turned, in the transaction in which it did."""
    rows = [
        {"rule_id": rule_id, "scope": place.scope, "value": place.value, "hour": _hour(at)}
        for rule_id in rule_ids
        for place in places
    ]
    statement = upsert(turned).values(devices=1)
    more = statement.on_conflict_do_update(
        index_elements=["rule_id", "scope", "value", "hour"],
        set_={"devices": turned.c.devices + 1},
    )
    for row in rows:
        connection.execute(more, row)


def suspects(connection: Connection, least: int, now: datetime) -> list[Turned]:
    """Where at least so many devices turned within a day. Counters only: nothing is scanned."""
    total = func.sum(turned.c.devices)
    query = (
        select(turned.c.rule_id, turned.c.scope, turned.c.value, total.label("devices"))
        .where(turned.c.hour > _hour(now) - DAY_HOURS)
        .group_by(turned.c.rule_id, turned.c.scope, turned.c.value)
        .having(total >= least)
        .order_by(turned.c.rule_id, turned.c.scope, turned.c.value)
    )
    return [
        Turned(row.rule_id, Place(row.scope, row.value), row.devices)
        for row in connection.execute(query)
    ]


def population(connection: Connection, place: Place) -> int:
    """How many devices in service are of that place; by an index."""
    return connection.execute(select(func.count()).where(*_there(place))).scalar_one()


def open_one(
    connection: Connection, found: Turned, devices_there: int, at: datetime
) -> Dispute | None:
    """None: that place is doubted for this rule already."""
    same = (dispute.c.rule_id == found.rule_id, dispute.c.state != RIGHT)
    where = (dispute.c.scope == found.place.scope, dispute.c.value == found.place.value)
    if connection.execute(select(dispute.c.number).where(*same, *where)).first() is not None:
        return None
    highest = connection.execute(select(func.max(dispute.c.number))).scalar() or 0
    values = {
        "number": highest + 1,
        "rule_id": found.rule_id,
        "scope": found.place.scope,
        "value": found.place.value,
        "opened_at": whole(at),
        "turned": found.devices,
        "population": devices_there,
        "state": OPEN,
        "resolved_by": "",
        "until_version": "",
        "reason": "",
        "marked_after": "",
    }
    connection.execute(insert(dispute).values(values))
    return get(connection, highest + 1)


def standing(connection: Connection) -> list[Dispute]:
    """What is doubted now: open ones, and checks that are wrong until a version of the agent."""
    return [_dispute(row) for row in STANDING.rows(connection)]


def get(connection: Connection, number: int) -> Dispute | None:
    row = connection.execute(select(dispute).where(dispute.c.number == number)).first()
    return None if row is None else _dispute(row)


def newest(connection: Connection, limit: int = 100) -> list[Dispute]:
    query = select(dispute).order_by(dispute.c.number.desc()).limit(limit)
    return [_dispute(row) for row in connection.execute(query)]


def resolve(connection: Connection, resolved: Dispute) -> None:
    """Keep what a person decided. The devices there are judged anew, and nothing that was counted
    for this rule on this platform is held against it again.
    """
    values = {
        "state": resolved.state,
        "resolved_at": resolved.resolved_at,
        "resolved_by": resolved.resolved_by,
        "until_version": resolved.until_version,
        "reason": resolved.reason,
        "marked_after": "",
    }
    _set(connection, resolved.number, values)
    platform = resolved.place.value.partition(" ")[0]
    connection.execute(
        delete(turned).where(
            turned.c.rule_id == resolved.rule_id, turned.c.value.startswith(f"{platform} ")
        )
    )


def unmarked(connection: Connection) -> Dispute | None:
    """One whose devices are still to be judged anew."""
    query = select(dispute).where(dispute.c.marked_after.is_not(None)).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _dispute(row)


def mark_some(connection: Connection, found: Dispute, at: datetime, most: int) -> None:
    """Have some more of its devices judged anew; after a crash it goes on where it stood."""
    query = (
        select(device.c.device_id)
        .where(*_there(found.place), device.c.device_id > (found.marked_after or ""))
        .order_by(device.c.device_id)
        .limit(most)
    )
    ids = list(connection.execute(query).scalars())
    judged = update(device).where(device.c.device_id.in_(ids))
    connection.execute(judged.values(next_evaluation_at=whole(at)))
    _set(connection, found.number, {"marked_after": ids[-1] if len(ids) == most else None})


def forget_counts(connection: Connection, now: datetime) -> None:
    """Counts of more than a day ago say nothing any more."""
    connection.execute(delete(turned).where(turned.c.hour <= _hour(now) - 2 * DAY_HOURS))


def _there(place: Place) -> tuple[ColumnElement[bool], ...]:
    platform, _, version = place.value.partition(" ")
    return (
        device.c.platform == platform,
        COLUMNS[place.scope] == version,
        device.c.retired_at.is_(None),
    )


def _set(connection: Connection, number: int, values: dict[str, Any]) -> None:
    connection.execute(update(dispute).where(dispute.c.number == number).values(**values))


def _hour(at: datetime) -> int:
    return (at - EPOCH) // HOUR


def _at_least(version: str, wanted: str) -> bool:
    """A version that is no row of numbers is older than any.

    >>> _at_least("0.10.0", "0.9"), _at_least("0.9", "0.9.1"), _at_least("next", "0.1")
    (True, False, False)
    """
    if not re.fullmatch(r"\d+(\.\d+)*", version):
        return False
    parts = [[int(part) for part in each.split(".")] for each in (version, wanted)]
    longest = max(len(each) for each in parts)
    ours, theirs = ([*each, *[0] * (longest - len(each))] for each in parts)
    return ours >= theirs


def _dispute(row: Any) -> Dispute:
    known = row._asdict()
    place = Place(known.pop("scope"), known.pop("value"))
    return Dispute(place=place, **known)
