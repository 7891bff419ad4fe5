"""The people whose devices these are, and nothing of them that is not needed to reach them.

A person is known by the e-mail address in small letters. `devices` is kept by
`collector.store.ownership` with every change of an owner, so that no question counts.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from collector.model import Compliance, Device
from collector.store.device_rows import SHOWN, device_of
from collector.store.prepared import Prepared
from collector.store.schema import device, person, person_word

CHUNK = 500
LONGEST_WORD = 64
_NAMED = func.json_each(bindparam("emails")).table_valued("value", name="named")
_MINE = device.alias("mine")
DEVICES_OF_MANY = Prepared(
    select(*(device.c[name] for name in SHOWN))
    .select_from(_NAMED)
    .join(
        device,
        device.c.device_id.in_(
            select(_MINE.c.device_id)
            .where(_MINE.c.owner == _NAMED.c.value, _MINE.c.retired_at.is_(None))
            .order_by(_MINE.c.hostname, _MINE.c.device_id)
            .limit(bindparam("most"))
            .correlate(_NAMED)
        ),
    )
    .order_by(device.c.hostname, device.c.device_id)
)
"""The inner question is asked for each person: nobody's long list is read to its end."""


@dataclass(frozen=True, slots=True)
class Person:
    """`language` is "en", "fr" or "" (not known); `devices` counts those in service."""

    email: str
    name: str = ""
    department: str = ""
    language: str = ""
    left_at: datetime | None = None
    imported_at: datetime | None = None
    source: str = ""
    devices: int = 0


def folded(email: str) -> str:
    """The address as the store knows it.

    >>> folded(" Alice@Example.ORG ")
    'alice@example.org'
    """
    return email.strip().casefold()


def put(connection: Connection, one: Person, at: datetime) -> None:
    """Add or replace what is known of a person; the devices stay theirs."""
    put_many(connection, [one], at)


def put_many(connection: Connection, people: Iterable[Person], at: datetime) -> None:
    """As `put`, of any number at once."""
    rows = [_row(one, at) for one in people]
    if not rows:
        return
    statement = upsert(person)
    kept = {name: statement.excluded[name] for name in rows[0] if name not in ("email", "devices")}
    statement = statement.on_conflict_do_update(index_elements=["email"], set_=kept)
    Prepared(statement).run(connection, *rows)
    gone = delete(person_word).where(person_word.c.email == bindparam("of_email"))
    Prepared(gone).run(connection, *({"of_email": row["email"]} for row in rows))
    words = [{"word": word, "email": row["email"]} for row in rows for word in _words_of(row)]
    Prepared(insert(person_word)).run(connection, *words)


def get(connection: Connection, email: str) -> Person | None:
    row = connection.execute(select(person).where(person.c.email == folded(email))).first()
    return None if row is None else _person(row)


def get_many(connection: Connection, emails: Iterable[str]) -> dict[str, Person]:
    """By address, those that are known."""
    wanted = sorted({folded(email) for email in emails} - {""})
    found: dict[str, Person] = {}
    for start in range(0, len(wanted), CHUNK):
        query = select(person).where(person.c.email.in_(wanted[start : start + CHUNK]))
        found.update((row.email, _person(row)) for row in connection.execute(query))
    return found


def devices_of(connection: Connection, email: str, limit: int = 100) -> list[Device]:
    """A person's devices in service, by host name."""
    rows = DEVICES_OF_MANY.rows(connection, emails=json.dumps([folded(email)]), most=limit)
    return [device_of(row) for row in rows]


def devices_of_many(
    connection: Connection, emails: Iterable[str], limit: int
) -> dict[str, list[Device]]:
    """As `devices_of`, by person, in one query for a page of people."""
    wanted = json.dumps([folded(email) for email in emails])
    found: dict[str, list[Device]] = {}
    for row in DEVICES_OF_MANY.rows(connection, emails=wanted, most=limit):
        found.setdefault(row.owner, []).append(device_of(row))
    return found


def with_failing(connection: Connection, after: str, limit: int) -> list[Person]:
    """People behind that address with a device in service that is not compliant, by address."""
    short = exists().where(
        device.c.owner == person.c.email,
        device.c.retired_at.is_(None),
        device.c.compliance == Compliance.NON_COMPLIANT.value,
    )
    query = (
        select(person)
        .where(person.c.email > after, person.c.devices > 0, short)
        .order_by(person.c.email)
        .limit(limit)
    )
    return [_person(row) for row in connection.execute(query)]


def matching_device(connection: Connection, words: str) -> list[str]:
    """The ids of devices in service with exactly this id, serial number or host name."""
    for column in (device.c.device_id, device.c.serial, device.c.hostname):
        meant = (column == words) & device.c.retired_at.is_(None)
        found = connection.execute(select(device.c.device_id).where(meant).limit(3)).scalars()
        if ids := list(found):
            return ids
    return []


def _row(one: Person, at: datetime) -> dict[str, Any]:
    return {
        "email": folded(one.email),
        "name": one.name,
        "department": one.department,
        "language": one.language,
        "left_at": one.left_at,
        "imported_at": one.imported_at or at,
        "source": one.source,
        "devices": 0,
    }


def _words_of(row: Mapping[str, Any]) -> list[str]:
    words = words_in(f"{row['email']} {row['name']} {row['department']}")
    return sorted({row["email"][:LONGEST_WORD], *words})


def words_in(text: str) -> list[str]:
    """Small letters without accents, cut where no letter or digit is.

    >>> words_in("Élodie O'Neil")
    ['elodie', 'o', 'neil']
    """
    parts = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(each for each in parts if not unicodedata.combining(each))
    return [word[:LONGEST_WORD] for word in re.findall(r"\w+", plain)]


def _person(row: Row[Any]) -> Person:
    return Person(**row._mapping)
