"""The people whose devices these are, and nothing of them that is not needed to reach them.

A person is known by the e-mail address in small letters. `devices` is kept by
`collector.store.ownership` with every change of an owner, so that no question counts.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
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
MOST_COUNTED = 9_999
MOST_WORDS = 12
LONGEST_WORD = 64


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


@dataclass(frozen=True, slots=True)
class PersonFilter:
    """Which people. `only` is "", "without_device" or "left_reporting": those who have left and
    have a device that was heard since. `after` is `PersonPage.next_after`.
    """

    text: str = ""
    only: str = ""
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class PersonPage:
    """People by e-mail address; `next_after` is empty on the last page."""

    persons: tuple[Person, ...]
    next_after: str


@dataclass(frozen=True, slots=True)
class Gaps:
    """What does not fit together. A number above MOST_COUNTED only says that there are more."""

    devices_without_owner: int
    people_without_device: int
    leavers_reporting: int


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


def find(connection: Connection, wanted: PersonFilter, now: datetime) -> PersonPage:
    """One page. Each word of the text begins an address, or a word of a name or department."""
    query = select(person).where(*_begun(wanted.text))
    if wanted.only == "without_device":
        query = query.where(person.c.devices == 0)
    if wanted.only == "left_reporting":
        query = query.where(*_left_and_heard(now))
    if wanted.after:
        query = query.where(person.c.email > wanted.after)
    query = query.order_by(person.c.email).limit(wanted.limit + 1)
    found = tuple(_person(row) for row in connection.execute(query))
    page = found[: wanted.limit]
    return PersonPage(page, page[-1].email if len(found) > wanted.limit else "")


def count_gaps(connection: Connection, now: datetime) -> Gaps:
    """As far as MOST_COUNTED, by the indices that the lists go by."""
    unowned = (device.c.owner == "", device.c.retired_at.is_(None))
    return Gaps(
        _counted(connection, select(device.c.device_id).where(*unowned)),
        _counted(connection, select(person.c.email).where(person.c.devices == 0)),
        _counted(connection, select(person.c.email).where(*_left_and_heard(now))),
    )


def devices_of(connection: Connection, email: str, limit: int = 100) -> list[Device]:
    """A person's devices in service, by host name."""
    query = (
        select(*(device.c[name] for name in SHOWN))
        .where(device.c.owner == folded(email), device.c.retired_at.is_(None))
        .order_by(device.c.hostname, device.c.device_id)
        .limit(limit)
    )
    return [device_of(row) for row in connection.execute(query)]


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


def _counted(connection: Connection, query: Select[Any]) -> int:
    some = query.limit(MOST_COUNTED + 1).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def _begun(text: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for word in _words(text)[:MOST_WORDS]:
        end = word[:-1] + chr(ord(word[-1]) + 1)
        named: Select[Any] = select(person_word.c.email).where(
            person_word.c.word >= word, person_word.c.word < end
        )
        conditions.append(person.c.email.in_(named))
    return conditions


def _left_and_heard(now: datetime) -> list[ColumnElement[bool]]:
    heard = exists().where(
        device.c.owner == person.c.email,
        device.c.retired_at.is_(None),
        device.c.last_seen_at > person.c.left_at,
    )
    left = person.c.left_at.is_not(None)
    return [left, person.c.left_at <= now, person.c.devices > 0, heard]


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
    words = _words(f"{row['email']} {row['name']} {row['department']}")
    return sorted({row["email"][:LONGEST_WORD], *words})


def _words(text: str) -> list[str]:
    """Small letters without accents, cut where no letter or digit is.

    >>> _words("Élodie O'Neil")
    ['elodie', 'o', 'neil']
    """
    parts = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(each for each in parts if not unicodedata.combining(each))
    return [word[:LONGEST_WORD] for word in re.findall(r"\w+", plain)]


def _person(row: Row[Any]) -> Person:
    return Person(**row._mapping)
