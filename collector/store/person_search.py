"""Finding people by the beginnings of words, and what does not fit together of people and devices.

A page costs the same whatever there is: it walks an index and goes on where the last one ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    bindparam,
    exists,
    func,
    select,
    tuple_,
)

from collector.store.persons import Person, words_in
from collector.store.prepared import Prepared
from collector.store.schema import device, person, person_word

MOST_COUNTED = 9_999
MOST_LEAVERS = 199
"""Each of these is looked up; the others are counted in an index."""
MOST_WORDS = 12
MOST_WEIGHED = 20_000
"""So far it is counted which of several words finds the fewest people."""


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
    """By e-mail address, or by the word that was found; `next_after` is empty on the last page."""

    persons: tuple[Person, ...]
    next_after: str


@dataclass(frozen=True, slots=True)
class Gaps:
    """What does not fit together. A number above MOST_COUNTED (for leavers MOST_LEAVERS) only says
    that there are more.
    """

    devices_without_owner: int
    people_without_device: int
    leavers_reporting: int


def find(connection: Connection, wanted: PersonFilter, now: datetime) -> PersonPage:
    """One page. Each word of the text begins a part of an address, of a name or of a department.

    Of a text alone people come by the word that it begins, and by address within one word.
    """
    words = words_in(wanted.text)[:MOST_WORDS]
    if words and not wanted.only:
        return _by_word(connection, words, wanted)
    query = select(person).where(*(_has(word) for word in words))
    if wanted.only == "without_device":
        query = query.where(person.c.devices == 0)
    if wanted.only == "left_reporting":
        query = query.where(*LEFT_AND_HEARD)
    if wanted.after:
        query = query.where(person.c.email > wanted.after)
    query = query.order_by(person.c.email).limit(wanted.limit + 1)
    found = tuple(Person(**row._mapping) for row in connection.execute(query, {"now": now}))
    page = found[: wanted.limit]
    return PersonPage(page, page[-1].email if len(found) > wanted.limit else "")


def count_gaps(connection: Connection, now: datetime) -> Gaps:
    """As far as MOST_COUNTED, by the indices that the lists go by."""
    return Gaps(
        UNOWNED.rows(connection)[0].counted,
        WITHOUT_DEVICE.rows(connection)[0].counted,
        LEAVERS.rows(connection, now=now)[0].counted,
    )


def _up_to(most: int, query: Select[Any]) -> Select[Any]:
    return select(func.count().label("counted")).select_from(query.limit(most + 1).subquery())


LEFT_AND_HEARD = (
    person.c.left_at.is_not(None),
    person.c.left_at <= bindparam("now"),
    person.c.devices > 0,
    exists().where(
        device.c.owner == person.c.email,
        device.c.retired_at.is_(None),
        device.c.last_seen_at > person.c.left_at,
    ),
)
NOBODYS = select(device.c.device_id).where(device.c.owner == "", device.c.retired_at.is_(None))
UNOWNED = Prepared(_up_to(MOST_COUNTED, NOBODYS))
WITHOUT_DEVICE = Prepared(_up_to(MOST_COUNTED, select(person.c.email).where(person.c.devices == 0)))
LEAVERS = Prepared(
    _up_to(MOST_LEAVERS, select(person.c.email).where(*LEFT_AND_HEARD).order_by(person.c.email))
)


def _by_word(connection: Connection, words: Sequence[str], wanted: PersonFilter) -> PersonPage:
    """By way of the word that finds the fewest; each person at the first word that fits."""
    leading, place = _leading(connection, words, wanted.after)
    others = [_has(word) for word in words if word != leading]
    earlier = person_word.alias("earlier")
    met_before = exists().where(
        earlier.c.email == person_word.c.email,
        earlier.c.word >= leading,
        earlier.c.word < person_word.c.word,
    )
    query = (
        select(person, person_word.c.word)
        .join(person_word, person_word.c.email == person.c.email)
        .where(*_begins(leading, person_word), ~met_before, *others)
        .order_by(person_word.c.word, person_word.c.email)
        .limit(wanted.limit + 1)
    )
    if place is not None:
        query = query.where(tuple_(person_word.c.word, person_word.c.email) > tuple_(*place))
    rows = list(connection.execute(query))
    page = tuple(Person(**_known(row)) for row in rows[: wanted.limit])
    last = rows[wanted.limit - 1] if len(rows) > wanted.limit else None
    return PersonPage(page, f"{last.word} {last.email}" if last else "")


def _known(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name != "word"}


def _leading(
    connection: Connection, words: Sequence[str], after: str
) -> tuple[str, tuple[str, str] | None]:
    """Which word is walked, and from where. A later page goes on with the word of the first."""
    at, _, email = after.partition(" ")
    for word in words:
        if email and at.startswith(word):
            return word, (at, email)
    if len(words) == 1:
        return words[0], None

    def matches(word: str) -> tuple[int, int]:
        found = select(person_word.c.email).where(*_begins(word, person_word))
        counted = connection.execute(_up_to(MOST_WEIGHED, found)).scalar_one()
        return int(counted), -len(word)

    return min(words, key=matches), None


def _begins(word: str, words: FromClause) -> tuple[ColumnElement[bool], ...]:
    end = word[:-1] + chr(ord(word[-1]) + 1)
    return words.c.word >= word, words.c.word < end


def _has(word: str) -> ColumnElement[bool]:
    other = person_word.alias()
    return exists().where(other.c.email == person.c.email, *_begins(word, other))
