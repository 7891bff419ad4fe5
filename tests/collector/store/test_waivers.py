"""The store itself keeps two people behind a waiver, and pages of them in order."""

from datetime import timedelta
from importlib import import_module

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, text

from collector.model import FormFactor, Platform
from collector.store import Store, StoreError, devices, groups, waivers
from collector.store.devices import InventoryRow
from collector.store.forgetting import forget_device
from collector.store.waivers import Asked, ByOnePerson, WaiverState
from tests.fakes import FixedClock

DAY = timedelta(days=1)


def asked(clock: FixedClock, days: int = 5, device_id: str = "d", rule: str = "rule") -> Asked:
    return Asked(rule, "in repair", "alice", clock() + days * DAY, device_id)


def test_nobody_approves_what_they_asked_for(store: Store, clock: FixedClock) -> None:
    number = store.write(lambda c: waivers.request(c, asked(clock), clock()))
    with pytest.raises(ByOnePerson):
        store.write(lambda c: waivers.approve(c, number, "ALICE", clock()))
    entry = store.read(lambda c: waivers.get(c, number))
    assert entry is not None
    assert entry.state(clock()) is WaiverState.WAITING


def test_the_database_refuses_it_too(store: Store, clock: FixedClock) -> None:
    store.write(lambda c: waivers.request(c, asked(clock), clock()))
    statement = text("UPDATE waiver SET decision = 'approved', decided_by = requested_by")
    with pytest.raises(Exception, match="waiver_by_two_people") as refused:
        store.write(lambda c: c.execute(statement))
    assert not isinstance(refused.value, AssertionError | StoreError)


def test_a_request_that_nobody_decided_in_time_cannot_be_approved(
    store: Store, clock: FixedClock
) -> None:
    number = store.write(lambda c: waivers.request(c, asked(clock), clock()))
    late = clock() + 5 * DAY
    assert not store.write(lambda c: waivers.approve(c, number, "bob", late))


def test_pages_follow_each_other_without_gap(store: Store, clock: FixedClock) -> None:
    for days in (9, 3, 3, 7, 5):
        wanted = asked(clock, days, rule=f"r{days}")
        number = store.write(lambda c, w=wanted: waivers.request(c, w, clock()))
        if days != 5:
            store.write(lambda c, n=number: waivers.approve(c, n, "bob", clock()))
    now = clock()
    every = store.read(lambda c: waivers.in_force(c, now, None, None, 9))
    assert [each.number for each in every] == [3, 4, 1]  # 3 extends 2
    first, *_ = store.read(lambda c: waivers.in_force(c, now, None, None, 1))
    mark = (first.asked.ends_at, first.number)
    rest = store.read(lambda c: waivers.in_force(c, now, None, mark, 9))
    assert [each.number for each in rest] == [4, 1]
    soon = store.read(lambda c: waivers.in_force(c, now, now + 4 * DAY, None, 9))
    assert [each.number for each in soon] == [3]
    assert [each.number for each in store.read(lambda c: waivers.waiting(c, now, 0, 9))] == [5]
    assert [each.number for each in store.read(lambda c: waivers.over(c, now, 99, 9))] == [2]


def test_a_group_that_is_made_again_has_none_of_the_waivers_of_the_first(
    store: Store, clock: FixedClock
) -> None:
    wanted = Asked("rule", "in repair", "alice", clock() + 5 * DAY, group="lab")
    group = groups.Group("lab", "", "", clock())
    store.write(lambda c: groups.add(c, group))
    number = store.write(lambda c: waivers.request(c, wanted, clock()))
    store.write(lambda c: waivers.approve(c, number, "bob", clock()))
    store.write(lambda c: groups.remove(c, "lab", clock()))
    store.write(lambda c: groups.add(c, group))
    assert store.read(lambda c: waivers.in_force(c, clock(), None, None, 9)) == []


def test_waivers_of_before_stay_in_force_and_say_how_they_came() -> None:
    """The statement of the migration, on a table as it was."""
    migration = import_module("collector.store.migrations.versions.v0014_waivers_by_two")
    engine = create_engine("sqlite://")
    with engine.begin() as c:
        c.execute(
            text(
                "CREATE TABLE waiver (device_id, rule_id, created_at, reason, requested_by, "
                "ends_at, ended_at)"
            )
        )
        c.execute(text("INSERT INTO waiver VALUES ('d', 'r', 5, 'why', 'alice', 9, NULL)"))
        with Operations.context(MigrationContext.configure(c)):
            migration.upgrade()
        (row,) = c.execute(text("SELECT * FROM waiver")).mappings()
    assert (row["number"], row["device_id"], row["decision"], row["decided_by"]) == (
        1, "d", "approved", "",
    )  # fmt: skip
    assert (row["requested_by"], row["decided_at"], row["ends_at"]) == ("alice", 5, 9)
    assert "in one step" in row["remark"]


def test_who_comes_into_a_group_later_is_not_excused_by_what_it_was_granted(
    store: Store, clock: FixedClock
) -> None:
    """Else whoever may change groups could excuse a device without a second person."""
    wanted = Asked("rule", "in repair", "alice", clock() + 5 * DAY, group="lab")
    for each in ("early", "late"):
        row = InventoryRow(each, Platform.LINUX, FormFactor.LAPTOP)
        store.write(lambda c, r=row: devices.add(c, r.hostname, r, clock()))
    store.write(lambda c: groups.add(c, groups.Group("lab", "", "", clock())))
    store.write(lambda c: groups.add_members(c, "lab", ["early"], clock()))
    number = store.write(lambda c: waivers.request(c, wanted, clock()))
    store.write(lambda c: waivers.approve(c, number, "bob", clock()))
    clock.advance(days=1)
    store.write(lambda c: groups.add_members(c, "lab", ["late"], clock()))
    now = clock()
    many = store.read(lambda c: waivers.active_for_many(c, ["early", "late"], now))
    assert list(many) == ["early"]
    assert store.read(lambda c: waivers.active_for(c, "late", now)) == []
    assert len(store.read(lambda c: waivers.active_for(c, "early", now))) == 1
    store.write(lambda c: groups.remove_members(c, "lab", ["early"], now))
    clock.advance(days=1)
    store.write(lambda c: groups.add_members(c, "lab", ["early"], clock()))
    assert store.read(lambda c: waivers.active_for(c, "early", clock())) == []


def test_no_number_is_given_twice_after_a_device_was_forgotten(
    store: Store, clock: FixedClock
) -> None:
    first = store.write(lambda c: waivers.request(c, asked(clock), clock()))
    store.write(lambda c: forget_device(c, "d"))
    assert store.write(lambda c: waivers.request(c, asked(clock), clock())) == first + 1
