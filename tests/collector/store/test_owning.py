"""Whose a device is, which groups it is in, and numbers that are kept instead of counted."""

from datetime import timedelta

import pytest

from collector.model import FormFactor, Platform
from collector.store import Connection, Store, devices, groups, ownership, person_search, persons
from collector.store.devices import InventoryRow
from collector.store.groups import Group
from collector.store.person_search import PersonFilter
from collector.store.persons import Person
from tests.fakes import FixedClock


@pytest.fixture
def fleet(store: Store, clock: FixedClock) -> Store:
    def build(c: Connection) -> None:
        for number in range(1, 4):
            row = InventoryRow(
                f"lap-{number}", Platform.LINUX, FormFactor.LAPTOP, serial=f"S{number}"
            )
            devices.add(c, f"d{number}", row, clock())
        persons.put(c, Person("Alice@Example.org", "Élodie Martin", "Sales", "fr"), clock())
        groups.add(c, Group("sales", "", "", clock()))

    store.write(build)
    return store


def found(store: Store, clock: FixedClock, **wanted: str) -> list[str]:
    page = store.read(lambda c: person_search.find(c, PersonFilter(**wanted), clock()))  # type: ignore[arg-type]
    return [each.email for each in page.persons]


def test_an_address_is_one_person_however_it_is_written(fleet: Store, clock: FixedClock) -> None:
    fleet.write(lambda c: persons.put(c, Person("ALICE@example.org", "Alice"), clock()))
    known = fleet.read(lambda c: persons.get(c, " alice@Example.org"))
    assert known is not None
    assert (known.email, known.name, known.department) == ("alice@example.org", "Alice", "")
    assert found(fleet, clock) == ["alice@example.org"]


@pytest.mark.parametrize("text", ["ali", "elodie", "ÉLO mart", "sales", "example", "alice@exa"])
def test_a_person_is_found_by_beginnings_of_words(
    fleet: Store, clock: FixedClock, text: str
) -> None:
    assert found(fleet, clock, text=text) == ["alice@example.org"]


@pytest.mark.parametrize("text", ["lodie", "alice nobody", "%"])
def test_what_begins_no_word_finds_nobody(fleet: Store, clock: FixedClock, text: str) -> None:
    expected = ["alice@example.org"] if text == "%" else []  # a sign alone asks for nothing
    assert found(fleet, clock, text=text) == expected


def test_the_number_of_devices_follows_owners_and_retirement(
    fleet: Store, clock: FixedClock
) -> None:
    def set_owner(ids: list[str], who: str) -> int:
        wanted = dict.fromkeys(ids, who)
        return len(fleet.write(lambda c: ownership.set_owners(c, wanted, clock(), "carol")))

    def numbers() -> dict[str, int]:
        page = fleet.read(lambda c: person_search.find(c, PersonFilter(), clock()))
        return {each.email: each.devices for each in page.persons}

    assert set_owner(["d1", "d2", "nowhere"], "alice@example.org") == 2
    assert numbers() == {"alice@example.org": 2}
    assert set_owner(["d2"], "bob@example.org") == 1
    assert numbers() == {"alice@example.org": 1, "bob@example.org": 1}
    fleet.write(lambda c: devices.retire(c, "d1", clock()))
    assert numbers() == {"alice@example.org": 0, "bob@example.org": 1}
    assert found(fleet, clock, only="without_device") == ["alice@example.org"]
    assert fleet.write(lambda c: ownership.forget_person(c, "bob@example.org"))
    held = fleet.read(lambda c: devices.get(c, "d2"))
    assert held is not None
    assert held.owner == ""
    past = fleet.read(lambda c: ownership.history(c, "d2"))
    assert [(each.email, each.set_by) for each in past] == [("", "carol")]


def test_whoever_left_is_named_while_the_device_still_reports(
    fleet: Store, clock: FixedClock
) -> None:
    left = clock() - timedelta(days=1)
    fleet.write(lambda c: ownership.set_owners(c, {"d1": "alice@example.org"}, clock(), "me"))
    assert found(fleet, clock, only="left_reporting") == []
    fleet.write(lambda c: persons.put(c, Person("alice@example.org", left_at=left), clock()))
    assert found(fleet, clock, only="left_reporting") == ["alice@example.org"]
    later = clock() + timedelta(days=30)
    fleet.write(lambda c: persons.put(c, Person("alice@example.org", left_at=later), clock()))
    assert found(fleet, clock, only="left_reporting") == []


def test_each_person_that_words_find_comes_once_page_by_page(
    fleet: Store, clock: FixedClock
) -> None:
    names = ("Ann Martin", "Martin Marty", "Bob Stone", "Zoe Marlow", "Marc Stone")
    for number, name in enumerate(names):
        known = Person(f"m{number}@example.org", name, "Sales")
        fleet.write(lambda c, k=known: persons.put(c, k, clock()))

    def walked(text: str, size: int) -> list[str]:
        emails: list[str] = []
        after: str | None = ""
        while after is not None:
            wanted = PersonFilter(text, after=after, limit=size)
            page = fleet.read(lambda c, w=wanted: person_search.find(c, w, clock()))
            emails += [each.email[:2] for each in page.persons]
            after = page.next_after or None
        return emails

    for size in (1, 2, 50):
        assert walked("mar", size) == ["m4", "m3", "al", "m0", "m1"]
        assert sorted(walked("sales mar", size)) == ["al", "m0", "m1", "m3", "m4"]
        assert walked("stone mar", size) == ["m4"]
        assert walked("m sales z", size) == ["m3"]
        assert walked("mar nobody", size) == []


def test_people_come_page_by_page(fleet: Store, clock: FixedClock) -> None:
    for name in ("bob", "carol"):
        fleet.write(lambda c, n=name: persons.put(c, Person(f"{n}@example.org"), clock()))
    first = fleet.read(lambda c: person_search.find(c, PersonFilter(limit=2), clock()))
    rest = fleet.read(
        lambda c: person_search.find(c, PersonFilter(after=first.next_after, limit=2), clock())
    )
    pages = [[each.email[0] for each in page.persons] for page in (first, rest)]
    assert (pages, rest.next_after) == ([["a", "b"], ["c"]], "")


def test_a_device_is_meant_by_id_serial_or_host_name(fleet: Store) -> None:
    for words in ("d1", "S1", "lap-1"):
        assert fleet.read(lambda c, w=words: persons.matching_device(c, w)) == ["d1"]
    assert fleet.read(lambda c: persons.matching_device(c, "lap")) == []


def test_members_are_added_once_and_counted(fleet: Store, clock: FixedClock) -> None:
    add = lambda *ids: fleet.write(lambda c: groups.add_members(c, "sales", ids, clock()))  # noqa: E731
    assert (add("d1", "d2", "nowhere"), add("d2", "d3")) == (2, 1)
    group = fleet.read(lambda c: groups.get(c, "sales"))
    assert group is not None
    assert group.devices == 3
    assert fleet.read(lambda c: groups.groups_of(c, "d2")) == ["sales"]
    assert fleet.write(lambda c: groups.remove_members(c, "sales", ["d2", "no"], clock())) == 1
    fleet.write(lambda c: devices.retire(c, "d1", clock()))
    assert fleet.read(lambda c: groups.members(c, "sales")) == ["d3"]
    page = fleet.read(groups.find)
    assert [(each.name, each.devices) for each in page.groups] == [("sales", 1)]
    assert fleet.write(lambda c: groups.remove(c, "sales", clock()))
    assert fleet.read(lambda c: groups.groups_of(c, "d3")) == []


def test_a_group_of_that_name_stays_as_it_is(fleet: Store, clock: FixedClock) -> None:
    assert not fleet.write(lambda c: groups.add(c, Group("sales", "other", "", clock())))
    assert fleet.write(lambda c: groups.describe(c, "sales", "All of them", "it@example.org"))
    group = fleet.read(lambda c: groups.get(c, "sales"))
    assert group is not None
    assert (group.description, group.contact) == ("All of them", "it@example.org")
