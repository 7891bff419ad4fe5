"""A laptop that was installed anew goes on as one, by a person's word and never by itself."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from collector import continuing, deciding
from collector.deciding import NotPossible, Order
from collector.export import FORMATS, packing
from collector.export.desk import Desk
from collector.model import Device, Platform
from collector.store import (
    Store,
    certificates,
    continuations,
    devices,
    forgetting,
    groups,
    ownership,
    timeline,
    waivers,
)
from collector.store.groups import Group
from collector.store.waivers import Asked
from tests.collector.web.fleet import DISKS, FIREWALL, Seen, device_id, enrol, installed_anew
from tests.fakes import FixedClock

WAS, IS = device_id("was-lap"), device_id("lap")


class Fleet:
    """A laptop before and after, in one store."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        self.store, self.clock = store, clock

    def enrol(self, *seen: Seen) -> None:
        for each in seen:
            self.store.write(lambda c, each=each: enrol(c, each, self.clock()))  # type: ignore[misc]

    def device(self, name: str) -> Device:
        found = self.store.read(lambda c: devices.get(c, name))
        assert found is not None
        return found

    def order(self, name: str = IS, seen: str = "") -> Order:
        return Order(name, self.clock(), "carol", seen)

    def approve(self, name: str = IS, of: str = WAS) -> None:
        self.store.write(lambda c: continuing.approve(c, self.order(name), of))

    def refuses(self, name: str = IS, of: str = WAS) -> str:
        with pytest.raises(NotPossible) as caught:
            self.approve(name, of)
        return str(caught.value)

    def offered(self, name: str = IS) -> list[str]:
        device = self.device(name)
        known = self.store.read(lambda c: continuing.related(c, device, self.clock()))
        return [each.device_id for each in known.may_continue]

    def packed(self, name: str) -> bytes:
        """The evidence pack of yesterday, to the byte."""
        at = self.clock() - timedelta(days=1)
        folder = self.store.path.parent
        order = packing.Order(
            at, folder / name, since=at - timedelta(days=7), formats=(*FORMATS, "html")
        )
        made = packing.pack(Desk.of(self.store, folder), order, lambda what, count: None)
        return made.path.read_bytes()


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    clock = FixedClock()
    store = Store.open(tmp_path / "data", clock=clock)
    built = Fleet(store, clock)
    built.enrol(*installed_anew("lap"))
    store.write(lambda c: continuations.find(c, IS, [WAS], clock()))
    yield built
    store.close()


def granted(fleet: Fleet, rule_id: str, *, group: str = "", days: int = 30) -> int:
    ends_at = fleet.clock() + timedelta(days=days)
    asked = Asked(rule_id, "in repair", "alice", ends_at, "" if group else WAS, group)

    def grant(c: continuing.Connection) -> int:
        number = waivers.request(c, asked, fleet.clock())
        assert waivers.approve(c, number, "bob", fleet.clock())
        return number

    return fleet.store.write(grant)


def with_belongings(fleet: Fleet) -> None:
    write, now = fleet.store.write, fleet.clock()
    write(lambda c: ownership.set_owners(c, {WAS: "alice@example.org"}, now, "eve"))
    write(lambda c: groups.add(c, Group("sales", "", "", now)))
    write(lambda c: groups.add_members(c, "sales", [WAS], now))
    fleet.clock.advance(minutes=1)
    granted(fleet, DISKS)
    granted(fleet, FIREWALL, group="sales")
    fleet.clock.advance(days=8)


def test_owner_groups_and_waivers_come_over_and_the_old_one_is_retired(fleet: Fleet) -> None:
    with_belongings(fleet)
    fleet.approve()
    device, was = fleet.device(IS), fleet.device(WAS)
    assert (device.owner, device.retired_at) == ("alice@example.org", None)
    assert was.retired_at == fleet.clock()
    read, now = fleet.store.read, fleet.clock()
    assert read(lambda c: groups.groups_of(c, IS)) == ["sales"]
    held = read(lambda c: waivers.active_for(c, IS, now))
    assert {(each.rule_id, each.requested_by, each.approved_by) for each in held} == {
        (DISKS, "alice", "bob"),
        (FIREWALL, "alice", "bob"),
    }
    assert read(lambda c: waivers.active_for(c, WAS, now)) == []
    revoked = read(lambda c: certificates.of_device(c, WAS))
    assert {each.revoked_because for each in revoked} == {"the laptop was installed anew"}
    known = read(lambda c: continuing.related(c, device, now))
    assert known.earlier is not None
    assert (known.earlier.device_id, known.first_enrolled_at) == (WAS, was.enrolled_at)
    after = read(lambda c: continuing.related(c, was, now)).later
    assert after is not None
    assert after.device_id == IS
    for name, kind in ((IS, "continues"), (WAS, "continued")):
        moments = read(lambda c, n=name: timeline.page(c, n, now + timedelta(seconds=1), 50))  # type: ignore[misc]
        assert kind in {getattr(each, "kind", "") for each in moments.moments}


def test_a_past_week_is_told_as_it_was_told_before(fleet: Fleet) -> None:
    with_belongings(fleet)
    before = fleet.packed("before")
    with zipfile.ZipFile(io.BytesIO(before)) as pack:
        told = pack.read("devices.csv").decode()
    assert "was-lap" in told
    assert "alice@example.org" in told
    fleet.approve()
    assert fleet.packed("after") == before


def test_what_a_person_decided_about_the_new_one_stays(fleet: Fleet) -> None:
    with_belongings(fleet)
    now = fleet.clock()
    fleet.store.write(lambda c: ownership.set_owners(c, {IS: "bob@example.org"}, now, "eve"))
    fleet.approve()
    assert fleet.device(IS).owner == "bob@example.org"


def test_a_silent_device_of_the_same_hardware_is_offered(fleet: Fleet) -> None:
    assert fleet.offered() == [WAS]
    pairs = fleet.store.read(lambda c: continuing.waiting(c, fleet.clock(), 9))
    assert [(p.newer.device_id, p.earlier.device_id) for p in pairs] == [(IS, WAS)]
    fleet.approve()
    assert fleet.offered() == []
    assert fleet.store.read(lambda c: continuing.waiting(c, fleet.clock(), 9)) == []


def heard(fleet: Fleet, name: str, ago: timedelta) -> None:
    at = fleet.clock() - ago
    fleet.store.write(lambda c: devices.touch(c, name, 8, at))


def test_two_machines_that_run_are_never_offered_as_one(fleet: Fleet) -> None:
    heard(fleet, WAS, timedelta(days=5))
    assert fleet.offered() == []
    assert "a copied disk and no new installation" in fleet.refuses()
    assert fleet.device(WAS).retired_at is None


def test_one_that_was_heard_of_a_moment_ago_has_to_stay_silent_first(tmp_path: Path) -> None:
    clock = FixedClock()
    store = Store.open(tmp_path / "data", clock=clock)
    before, after = installed_anew("lap")
    fleet = Fleet(store, clock)
    fleet.enrol(replace(before, quiet=timedelta(minutes=30)))
    fleet.enrol(replace(after, quiet=timedelta(), enrolled_for=timedelta(minutes=5)))
    store.write(lambda c: continuations.find(c, IS, [WAS], clock()))
    assert fleet.offered() == []
    assert "if it stays silent until" in fleet.refuses()
    clock.advance(days=1)
    assert fleet.offered() == [WAS]
    store.close()


def changed(fleet: Fleet, name: str, **said: object) -> None:
    _, after = installed_anew("lap")
    row = replace(after.inventory, hostname="x", **said)  # type: ignore[arg-type]
    at = fleet.device(name).last_seen_at or fleet.clock()
    fleet.store.write(lambda c: devices.record_check_in(c, name, row, 9, b"e" * 32, at))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"platform": Platform.WINDOWS}, "different systems"),
        ({"fingerprint": {"board": b"\x07" + b"x" * 31}}, "do not show the same hardware"),
        ({"fingerprint": {"board": bytes(32)}}, "do not show the same hardware"),
        ({"fingerprint": {}}, "do not show the same hardware"),
    ],
)
def test_another_machine_is_refused(fleet: Fleet, said: dict[str, object], words: str) -> None:
    changed(fleet, IS, **said)
    assert fleet.offered() == []
    assert words in fleet.refuses()


def test_a_part_that_differs_outweighs_one_that_is_alike(fleet: Fleet) -> None:
    _, after = installed_anew("lap")
    for name, serial in ((WAS, b"a1" * 16), (IS, b"b2" * 16)):
        changed(fleet, name, fingerprint={**after.inventory.fingerprint, "serial": serial})
    assert "do not show the same hardware" in fleet.refuses()


def test_nothing_is_continued_twice_and_two_people_at_once_do_it_once(fleet: Fleet) -> None:
    fleet.approve()
    assert "continues another device already" in fleet.refuses()
    third = installed_anew("lap")[1]
    fleet.enrol(replace(third, hostname="third", enrolled_for=timedelta(days=1), quiet=timedelta()))
    assert "is continued by another device already" in fleet.refuses(device_id("third"))


@pytest.mark.parametrize("name", [WAS, IS])
def test_what_is_in_quarantine_is_decided_about_first(fleet: Fleet, name: str) -> None:
    fleet.store.write(lambda c: devices.quarantine(c, name, "two of them", fleet.clock()))
    assert fleet.offered() == []
    assert "is in quarantine: decide about that first" in fleet.refuses()


@pytest.mark.parametrize("name", [WAS, IS])
def test_a_retired_device_neither_continues_nor_is_continued(fleet: Fleet, name: str) -> None:
    fleet.store.write(lambda c: deciding.retire(c, fleet.order(name)))
    assert "retired" in fleet.refuses()


def test_the_wrong_way_round_itself_and_nobody_are_refused(fleet: Fleet) -> None:
    assert "was enrolled later" in fleet.refuses(WAS, IS)
    assert "does not continue itself" in fleet.refuses(IS, IS)
    assert "is not there" in fleet.refuses(IS, "never")


def test_what_was_changed_meanwhile_is_looked_at_again(fleet: Fleet) -> None:
    order = fleet.order(seen="0" * 16)
    with pytest.raises(deciding.ChangedMeanwhile):
        fleet.store.write(lambda c: continuing.approve(c, order, WAS))
    assert fleet.device(WAS).retired_at is None


def test_a_laptop_installed_anew_twice_was_first_enrolled_as_the_first(fleet: Fleet) -> None:
    fleet.approve()
    fleet.clock.advance(days=3)
    third = replace(installed_anew("lap")[1], hostname="third", enrolled_for=timedelta(days=1))
    fleet.enrol(third)
    fleet.approve(device_id("third"), IS)
    device = fleet.device(device_id("third"))
    known = fleet.store.read(lambda c: continuing.related(c, device, fleet.clock()))
    assert known.first_enrolled_at == fleet.device(WAS).enrolled_at


@pytest.mark.parametrize("gone", [WAS, IS])
def test_who_is_forgotten_is_named_by_no_other(fleet: Fleet, gone: str) -> None:
    fleet.approve()
    fleet.store.write(lambda c: forgetting.forget_device(c, gone))
    (left,) = {WAS, IS} - {gone}
    device = fleet.device(left)
    known = fleet.store.read(lambda c: continuing.related(c, device, fleet.clock()))
    assert (known.earlier, known.later) == (None, None)
    path = fleet.store.path
    fleet.store.close()
    assert f"({gone})".encode() not in path.read_bytes()
