"""Which groups a device was in at a past moment, and since when: a waiver hangs on both.

Told from what was kept of each change, and from the present for what has not changed since.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from collector.store.columns import EPOCH
from collector.store.past import SEPARATOR
from collector.store.schema import groups_past, membership

Since = Mapping[str, datetime]
"""By the name of a group, in order: when the device came into it."""


def belonging_as_of(
    connection: Connection, device_ids: Sequence[str], at: datetime
) -> dict[str, Since]:
    """By device, without those that were in no group.

    1970: it was in the group before anything was kept.
    """
    now = _now(connection, device_ids)
    kept = _kept(connection, device_ids)
    found = {}
    for device_id in {*now, *kept}:
        since = _since(kept.get(device_id, ()), now.get(device_id, {}), at)
        if since:
            found[device_id] = since
    return found


def was_a_group(connection: Connection, name: str) -> bool:
    """Whether a device is or was in a group of this name, as far as changes are kept.

    Of a name that never was, all of them are read.
    """
    now = select(membership.c.device_id).where(membership.c.group_name == name).limit(1)
    within = SEPARATOR + groups_past.c.names + SEPARATOR
    then = (
        select(groups_past.c.device_id)
        .where(func.instr(within, f"{SEPARATOR}{name}{SEPARATOR}") > 0)
        .limit(1)
    )
    return any(connection.execute(query).first() is not None for query in (now, then))


def _since(kept: Sequence[tuple[datetime, frozenset[str]]], now: Since, at: datetime) -> Since:
    """`kept`: what each time gave way to other groups, in order of the times."""
    then = next((names for until_at, names in kept if until_at > at), frozenset(now))
    since = {}
    for name in sorted(then):
        came = [until_at for until_at, names in kept if until_at <= at and name not in names]
        if name in now and now[name] <= at:
            came.append(now[name])
        since[name] = max(came, default=EPOCH)
    return since


def _now(connection: Connection, device_ids: Sequence[str]) -> dict[str, dict[str, datetime]]:
    query = select(membership).where(membership.c.device_id.in_(device_ids))
    found: dict[str, dict[str, datetime]] = {}
    for row in connection.execute(query):
        found.setdefault(row.device_id, {})[row.group_name] = row.joined_at
    return found


def _kept(
    connection: Connection, device_ids: Sequence[str]
) -> dict[str, list[tuple[datetime, frozenset[str]]]]:
    query = select(groups_past).where(groups_past.c.device_id.in_(device_ids))
    found: dict[str, list[tuple[datetime, frozenset[str]]]] = {}
    for row in connection.execute(query.order_by(groups_past.c.until_at)):
        names = frozenset(row.names.split(SEPARATOR)) if row.names else frozenset()
        found.setdefault(row.device_id, []).append((row.until_at, names))
    return found
