"""Where what is asked leaves few devices, they are named at once, and the answer is complete."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from collector.model import Compliance
from collector.store import letters, schema
from collector.store.device_filter import DEVICE, FINDING, MEMBER, DeviceFilter, of_finding
from collector.store.tallies import in_service

LEAST_FEW, MOST_FEW, SHARE = 1_500, 4_000, 300
"""So many are sorted at once: more of a large fleet, where a walk meets them later."""
MOST_READ = 100_000
"""Of so many findings of a rule, those with one cause are picked out."""
FEW_ENOUGH = 50
IN_SERVICE = DEVICE.c.retired_at.is_(None)


def few(
    connection: Connection, wanted: DeviceFilter, heard_since: datetime
) -> tuple[str, ...] | None:
    """Ids of devices among which is each that is wanted.

    None: there are more, or so few devices in all that a walk meets every one.
    """
    fleet = in_service(connection)
    if fleet <= wanted.looked_at:
        return None
    most = min(max(LEAST_FEW, fleet // SHARE), MOST_FEW)
    left: set[str] | None = None
    for found in _found(connection, wanted, heard_since, most):
        left = set(found) if left is None else left.intersection(found)
        if len(left) <= FEW_ENOUGH:
            break
    return None if left is None else tuple(sorted(left))


def _found(
    connection: Connection, wanted: DeviceFilter, heard_since: datetime, most: int
) -> Iterator[list[str]]:
    """What each part of the question leaves, where that is not more than `most`."""
    if wanted.text:
        text, of_owner = wanted.text, wanted.text_of_owner
        ids = letters.ids_with(connection, text, of_owner=of_owner, most=most)
        if ids is not None:
            yield ids
    for query in _beginnings(connection, wanted, heard_since, most):
        counted = select(func.count()).select_from(query.limit(most + 1).subquery())
        if connection.execute(counted).scalar_one() <= most:
            yield list(connection.execute(query).scalars())


def _beginnings(
    connection: Connection, wanted: DeviceFilter, heard_since: datetime, most: int
) -> Iterator[Select[Any]]:
    """Each holds every device that is wanted, read from an index alone; the fewest first."""
    ids = select(DEVICE.c.device_id)
    if wanted.owner is not None:
        yield ids.where(DEVICE.c.owner == wanted.owner)
    if wanted.group:
        yield select(MEMBER.c.device_id).where(MEMBER.c.group_name == wanted.group)
    if wanted.rule_id and _are_few(connection, wanted, most):
        yield select(FINDING.c.device_id).where(*of_finding(wanted))
    yield from _by_device(wanted, heard_since)


def _by_device(wanted: DeviceFilter, heard_since: datetime) -> Iterator[Select[Any]]:
    """What many devices have alike; sometimes they are few."""
    ids = select(DEVICE.c.device_id)
    if wanted.seen_before is not None:
        yield _heard(DEVICE.c.last_seen_at < wanted.seen_before)
    if wanted.seen_since is not None:
        yield _heard(DEVICE.c.last_seen_at >= wanted.seen_since)
    if wanted.platform is not None:
        yield ids.where(IN_SERVICE, DEVICE.c.platform == wanted.platform.value)
    if wanted.state is not None and _is_narrowed(wanted):
        yield _in_state(wanted.state, heard_since)


def _heard(condition: Any) -> Select[Any]:
    """By the index that begins with `silent`, whatever it says."""
    either = DEVICE.c.silent.in_((0, 1))
    return select(DEVICE.c.device_id).where(IN_SERVICE, either, condition)


def _in_state(state: Compliance, heard_since: datetime) -> Select[Any]:
    if state is Compliance.STALE:
        return _heard(DEVICE.c.last_seen_at < heard_since)
    alike = DEVICE.c.compliance == state.value
    return select(DEVICE.c.device_id).where(IN_SERVICE, alike, DEVICE.c.silent.in_((0, 1)))


def _is_narrowed(wanted: DeviceFilter) -> bool:
    """A state alone is walked in its order."""
    asked = (wanted.text, wanted.rule_id, wanted.signal, wanted.group, wanted.platform)
    times = (wanted.seen_before, wanted.seen_since, wanted.owner)
    return any(asked) or any(each is not None for each in times)


def _are_few(connection: Connection, wanted: DeviceFilter, most: int) -> bool:
    """The counters know, without looking at a device."""
    tally = schema.finding_tally.c
    having = select(func.coalesce(func.sum(tally.findings), 0)).where(
        tally.rule_id == wanted.rule_id, tally.status.in_(wanted.statuses)
    )
    every = int(connection.execute(having).scalar_one())
    if wanted.cause is None or every > MOST_READ:
        return every <= most
    of_cause = having.where(tally.cause == wanted.cause)
    return int(connection.execute(of_cause).scalar_one()) <= most
