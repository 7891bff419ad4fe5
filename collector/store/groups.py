"""Groups of devices: who is in which, and how many, without counting at every look.

A device whose groups change is judged again: waivers and contact may hang on a group.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from collector.store import past
from collector.store.schema import device, fleet_group, membership, waiver

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Group:
    """`contact` is an e-mail address, or empty; `devices` counts the members."""

    name: str
    description: str
    contact: str
    created_at: datetime
    devices: int = 0


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Groups by name; `next_after` is empty on the last page."""

    groups: tuple[Group, ...]
    next_after: str


def add(connection: Connection, group: Group) -> bool:
    """False: there is one of that name, and it stays as it is."""
    if get(connection, group.name) is not None:
        return False
    connection.execute(
        insert(fleet_group).values(
            name=group.name,
            description=group.description,
            contact=group.contact,
            created_at=group.created_at,
            devices=0,
        )
    )
    return True


def describe(connection: Connection, name: str, description: str, contact: str) -> bool:
    """False: there is no such group."""
    statement = update(fleet_group).where(fleet_group.c.name == name)
    changed = connection.execute(statement.values(description=description, contact=contact))
    return changed.rowcount > 0


def get(connection: Connection, name: str) -> Group | None:
    row = connection.execute(select(fleet_group).where(fleet_group.c.name == name)).first()
    return None if row is None else _group(row)


def remove(connection: Connection, name: str, at: datetime) -> bool:
    """Take the group and its memberships away; False: there is no such group."""
    for ids in _chunks(members(connection, name)):
        past.keep_groups(connection, _before(connection, ids), at)
        _judge_again(connection, ids, at)
    connection.execute(delete(membership).where(membership.c.group_name == name))
    of_group = (waiver.c.group_name == name, waiver.c.ended_at.is_(None))
    connection.execute(update(waiver).where(*of_group).values(ended_at=at))
    return connection.execute(delete(fleet_group).where(fleet_group.c.name == name)).rowcount > 0


def find(connection: Connection, begins: str = "", after: str = "", limit: int = 50) -> GroupPage:
    """One page, by name; `begins` is the beginning of names."""
    query = select(fleet_group).where(fleet_group.c.name > after)
    if begins:
        query = query.where(fleet_group.c.name.startswith(begins, autoescape=True))
    query = query.order_by(fleet_group.c.name).limit(limit + 1)
    found = tuple(_group(row) for row in connection.execute(query))
    page = found[:limit]
    return GroupPage(page, page[-1].name if len(found) > limit else "")


def add_members(
    connection: Connection, name: str, device_ids: Collection[str], at: datetime
) -> int:
    """How many came in anew; devices that are not there or retired stay out."""
    added = 0
    for ids in _chunks(device_ids):
        within = select(membership.c.device_id).where(
            membership.c.group_name == name, membership.c.device_id.in_(ids)
        )
        known = select(device.c.device_id).where(
            device.c.device_id.in_(ids),
            device.c.retired_at.is_(None),
            device.c.device_id.not_in(within),
        )
        new = list(connection.execute(known).scalars())
        if new:
            past.keep_groups(connection, _before(connection, new), at)
            rows = [{"group_name": name, "device_id": each, "joined_at": at} for each in new]
            connection.execute(insert(membership), rows)
            _judge_again(connection, new, at)
        added += len(new)
    _change_count(connection, name, added)
    return added


def remove_members(
    connection: Connection, name: str, device_ids: Collection[str], at: datetime
) -> int:
    """How many went out."""
    removed = 0
    for ids in _chunks(device_ids):
        past.keep_groups(connection, _before(connection, ids), at)
        gone = delete(membership).where(
            membership.c.group_name == name, membership.c.device_id.in_(ids)
        )
        removed += connection.execute(gone).rowcount
        _judge_again(connection, ids, at)
    _change_count(connection, name, -removed)
    return removed


def set_groups(
    connection: Connection, device_id: str, names: Collection[str], at: datetime
) -> None:
    """Have the device in these groups and in no other."""
    before = set(groups_of(connection, device_id))
    for name in sorted(before - set(names)):
        remove_members(connection, name, [device_id], at)
    for name in sorted(set(names) - before):
        add_members(connection, name, [device_id], at)


def leave_all(connection: Connection, device_id: str, at: datetime) -> None:
    """The device is out of every group: it is retired or forgotten."""
    set_groups(connection, device_id, (), at)


def groups_of(connection: Connection, device_id: str) -> list[str]:
    """Names, in order."""
    return groups_of_many(connection, [device_id]).get(device_id, [])


def groups_of_many(connection: Connection, device_ids: Collection[str]) -> dict[str, list[str]]:
    """Names by device, in order, in one query for a page of devices."""
    query = (
        select(membership.c.device_id, membership.c.group_name)
        .where(membership.c.device_id.in_(device_ids))
        .order_by(membership.c.group_name)
    )
    found: dict[str, list[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.device_id, []).append(row.group_name)
    return found


def members(connection: Connection, name: str, after: str = "", limit: int = -1) -> list[str]:
    """Device ids in their order, from `after` on; without `limit`, all."""
    query = (
        select(membership.c.device_id)
        .where(membership.c.group_name == name, membership.c.device_id > after)
        .order_by(membership.c.device_id)
    )
    return list(connection.execute(query if limit < 0 else query.limit(limit)).scalars())


def _before(connection: Connection, device_ids: Collection[str]) -> dict[str, list[str]]:
    known = groups_of_many(connection, device_ids)
    return {each: known.get(each, []) for each in device_ids}


def _change_count(connection: Connection, name: str, by: int) -> None:
    if by:
        counted = {"devices": fleet_group.c.devices + by}
        connection.execute(update(fleet_group).where(fleet_group.c.name == name).values(counted))


def _judge_again(connection: Connection, device_ids: Collection[str], at: datetime) -> None:
    again = update(device).where(device.c.device_id.in_(device_ids), device.c.digest.is_not(None))
    connection.execute(again.values(next_evaluation_at=at))


def _chunks(ids: Collection[str]) -> Iterable[list[str]]:
    ordered = sorted(set(ids))
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))


def _group(row: Row[Any]) -> Group:
    return Group(**row._mapping)
