"""A text finds every device it stands in, at once, however many others there are."""

from datetime import timedelta
from pathlib import Path

import pytest

from collector.model import Compliance, FormFactor, Platform
from collector.store import Store, devices, ownership, tallies
from collector.store.device_order import NAME, SEEN, SEVERITY, SINCE
from collector.store.devices import DeviceFilter, InventoryRow
from collector.store.forgetting import forget_device
from tests.collector.store.test_devices import judge
from tests.fakes import FixedClock

WEEK = timedelta(days=7)
NAMES = ("Élodie's PC", "LAP-0042", "lap-0043", "ÉTÉ", 'a"b', "x_1", "日本語ノート", "straße")


def enrol(store: Store, clock: FixedClock, name: str, number: int) -> str:
    device_id = f"d{number:02}"
    row = InventoryRow(
        name, Platform.LINUX, FormFactor.LAPTOP, model="ThinkPad X1", serial=f"PF{number:04}"
    )
    store.write(lambda c: devices.add(c, device_id, row, clock()))
    return device_id


@pytest.fixture
def fleet(store: Store, clock: FixedClock) -> Store:
    for number, name in enumerate(NAMES):
        enrol(store, clock, name, number)
    store.write(lambda c: ownership.set_owners(c, {"d01": "Zoé@example.org"}, clock(), "alice"))
    return store


def found(store: Store, clock: FixedClock, text: str, *, owners: bool = False) -> list[str]:
    """By the index, and the same by a walk that looks at each."""
    wanted = DeviceFilter(text=text, text_of_owner=owners, most_looked_at=1)
    page = store.read(lambda c: devices.find(c, wanted, clock(), WEEK))
    every = DeviceFilter(text=text, text_of_owner=owners)
    walked = store.read(lambda c: devices.walk(c, every, clock(), WEEK))
    assert page == walked
    return [each.hostname for each in page.devices]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("élodie", ["Élodie's PC"]),
        ("ELODIE", ["Élodie's PC"]),
        ("lodie's pc", ["Élodie's PC"]),
        ("lap", ["LAP-0042", "lap-0043"]),
        ("p-0043", ["lap-0043"]),
        ("ete", ["ÉTÉ"]),
        ("pf0003", ["ÉTÉ"]),
        ("本語ノ", ["日本語ノート"]),
        ("STRASSE", ["straße"]),
        ("_", []),
        ("%", []),
        ('a"b', ['a"b']),
        ('a"', ['a"b']),
        ("x_", ["x_1"]),
        ("la", ["LAP-0042", "lap-0043"]),
        ("p", ["Élodie's PC", *sorted(set(NAMES) - {"Élodie's PC"})]),
        ("ap", []),
        ('" OR "lap', []),
        ("nothing like it", []),
    ],
)
def test_a_text_finds_where_it_stands_and_a_short_one_where_it_begins(
    fleet: Store, clock: FixedClock, text: str, names: list[str]
) -> None:
    assert sorted(found(fleet, clock, text)) == sorted(names)


@pytest.mark.parametrize("text", ["zoé@", "@example", "zo", "z"])
def test_an_owner_is_found_by_those_alone_who_may_see_people(
    fleet: Store, clock: FixedClock, text: str
) -> None:
    assert found(fleet, clock, text, owners=True) == ["LAP-0042"]
    assert found(fleet, clock, text) == []


def test_the_index_follows_what_a_device_says_and_whose_it_is(
    fleet: Store, clock: FixedClock
) -> None:
    row = InventoryRow("renamed", Platform.LINUX, FormFactor.LAPTOP)
    fleet.write(lambda c: devices.record_check_in(c, "d01", row, 1, b"x", clock()))
    assert found(fleet, clock, "lap-0042") == []
    assert found(fleet, clock, "renamed") == ["renamed"]
    fleet.write(lambda c: ownership.forget_person(c, "zoé@example.org"))
    assert found(fleet, clock, "zoé@", owners=True) == []
    fleet.write(lambda c: forget_device(c, "d01"))
    assert found(fleet, clock, "renamed") == []
    left = "SELECT count(*) FROM device_number"
    assert fleet.read(lambda c: c.exec_driver_sql(left).scalar()) == len(NAMES) - 1
    fleet.write(_is_whole)


def _is_whole(c: object) -> None:
    c.exec_driver_sql(  # type: ignore[attr-defined]
        "INSERT INTO device_letters (device_letters) VALUES ('integrity-check')"
    )


def test_an_index_that_is_gone_is_made_anew(tmp_path: Path, clock: FixedClock) -> None:
    store = Store.open(tmp_path)
    enrol(store, clock, "LAP-0042", 1)
    enrol(store, clock, "other", 2)
    store.write(lambda c: c.exec_driver_sql("DROP TABLE device_letters"))
    store.close()
    store = Store.open(tmp_path)
    try:
        assert found(store, clock, "0042") == ["LAP-0042"]
    finally:
        store.close()


@pytest.mark.parametrize("order", [NAME, SINCE, SEEN, SEVERITY])
@pytest.mark.parametrize("state", [None, Compliance.STALE, Compliance.COMPLIANT])
def test_every_order_is_the_same_for_few_and_for_a_walk_page_by_page(
    store: Store, clock: FixedClock, order: str, state: Compliance | None
) -> None:
    for number in range(12):
        device_id = enrol(store, clock, f"host{11 - number:02}", number)
        judge(store, clock, device_id, Compliance.COMPLIANT)
        clock.advance(days=1)
    store.write(lambda c: tallies.mark_silence(c, clock(), WEEK, 3))
    complete = DeviceFilter(state=state, order=order, limit=50)
    expected = store.read(lambda c: devices.walk(c, complete, clock(), WEEK)).devices
    assert len(expected) == {None: 12, Compliance.STALE: 5, Compliance.COMPLIANT: 7}[state]
    for text in ("", "host"):
        seen, after = [], None
        while True:
            wanted = DeviceFilter(
                state=state, order=order, text=text, limit=3, after=after, most_looked_at=4
            )
            ask = devices.find if text else devices.walk
            page = store.read(lambda c, a=ask, w=wanted: a(c, w, clock(), WEEK))
            seen += page.devices
            after = page.next_after
            if after is None:
                break
        assert tuple(seen) == expected
