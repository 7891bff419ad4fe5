"""Whose a device is, and whose it was: each change leaves a line; a person can be forgotten."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from collector.store.persons import CHUNK, Person, folded, get_many, put_many
from collector.store.prepared import Prepared
from collector.store.schema import device, ownership, person, person_word

BY_HAND = "set by hand"
SET = Prepared(
    update(device)
    .where(device.c.device_id == bindparam("of_device"))
    .values(owner=bindparam("new_owner"))
)
_KEEP = upsert(ownership)
KEEP = Prepared(
    _KEEP.on_conflict_do_update(
        index_elements=["device_id", "since_at"],
        set_={"email": _KEEP.excluded.email, "set_by": _KEEP.excluded.set_by},
    )
)
MINE = (device.c.owner == bindparam("of_email"), device.c.retired_at.is_(None))
RECOUNT = Prepared(
    update(person)
    .where(person.c.email == bindparam("of_email"))
    .values(devices=select(func.count()).where(*MINE).scalar_subquery())
)


@dataclass(frozen=True, slots=True)
class Owned:
    """From `since_at` on it was this person's; `email` is empty for nobody, or whoever is
    forgotten. `set_by` is who said so.
    """

    since_at: datetime
    email: str
    set_by: str


def set_owners(
    connection: Connection, owners: Mapping[str, str], at: datetime, by: str
) -> dict[str, str]:
    """Give each device to the person of this address, or to nobody with "".

    Gives the devices that changed hands, with whose they were. Whoever is not known yet is known
    by the address alone; a device that is not there is left out.
    """
    wanted = {each: folded(email) for each, email in owners.items()}
    before = owners_of(connection, wanted)
    moved = {each: was for each, was in before.items() if was != wanted[each]}
    to = {wanted[each] for each in moved} - {""}
    unknown = to - get_many(connection, to).keys()
    put_many(connection, [Person(email, source=BY_HAND) for email in sorted(unknown)], at)
    SET.run(connection, *({"of_device": each, "new_owner": wanted[each]} for each in moved))
    lines = [
        {"device_id": each, "since_at": at, "email": wanted[each], "set_by": by} for each in moved
    ]
    KEEP.run(connection, *lines)
    recount(connection, {*to, *moved.values()})
    return moved


def recount(connection: Connection, emails: Collection[str]) -> None:
    """Bring the numbers of devices up to date: an owner changed, or a device went."""
    RECOUNT.run(connection, *({"of_email": email} for email in sorted(emails) if email))


def history(connection: Connection, device_id: str, limit: int = 100) -> list[Owned]:
    """Newest first."""
    query = select(ownership.c.since_at, ownership.c.email, ownership.c.set_by)
    mine = query.where(ownership.c.device_id == device_id)
    rows = connection.execute(mine.order_by(ownership.c.since_at.desc()).limit(limit))
    return [Owned(*row) for row in rows]


def forget_person(connection: Connection, email: str) -> bool:
    """Take the person away from everywhere; the devices are nobody's. False: none was there."""
    known = folded(email)
    connection.execute(update(device).where(device.c.owner == known).values(owner=""))
    connection.execute(update(ownership).where(ownership.c.email == known).values(email=""))
    connection.execute(delete(person_word).where(person_word.c.email == known))
    return connection.execute(delete(person).where(person.c.email == known)).rowcount > 0


def owners_of(connection: Connection, device_ids: Iterable[str]) -> dict[str, str]:
    """By device, of those that there are; "" is nobody."""
    ordered = sorted(device_ids)
    found: dict[str, str] = {}
    for start in range(0, len(ordered), CHUNK):
        chosen = device.c.device_id.in_(ordered[start : start + CHUNK])
        rows = connection.execute(select(device.c.device_id, device.c.owner).where(chosen))
        found.update((row.device_id, row.owner) for row in rows)
    return found
