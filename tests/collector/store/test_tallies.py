"""Counters say what there is, after any sequence of changes."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import delete

from collector.model import Compliance, Finding, FormFactor, Platform, Status
from collector.store import Store, devices, findings, recount, snapshots, tallies
from collector.store.devices import DeviceFilter, InventoryRow, Judgement
from collector.store.findings import Moves, Opening
from collector.store.schema import device, finding
from tests.fakes import FixedClock

WEEK = timedelta(days=7)
IDS, RULES = ("d1", "d2", "d3"), ("disk_encrypted", "os_supported")


def inventory(platform: Platform | None = Platform.LINUX) -> InventoryRow:
    return InventoryRow("alpha", platform, FormFactor.LAPTOP)


def judgement(clock: FixedClock, state: Compliance) -> Judgement:
    return Judgement(state, clock(), 1, b"x", 1, clock(), None)


def said(clock: FixedClock, status: Status, rule_id: str = RULES[0], name: str = "d1") -> Finding:
    now = clock()
    return Finding(name, rule_id, status, "Because.", (), now, now, now, 1)


def say(store: Store, clock: FixedClock, status: Status, name: str = "d1") -> None:
    """The rule's answer on the device changes."""
    new = said(clock, status, name=name)
    closed = [(new.rule_id, clock())]
    store.write(lambda c: findings.move(c, name, Moves(closed, [Opening(new, "s")])))


class Fleet(RuleBasedStateMachine):
    """Everything that moves a counter, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.clock = FixedClock()
        self.store = Store.open(Path(self.folder.name), clock=self.clock)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def write(self, change: Any) -> Any:
        self.clock.advance(minutes=1)
        return self.store.write(change)

    def there(self, name: str) -> bool:
        return self.store.read(lambda c: devices.get(c, name)) is not None

    @rule(name=st.sampled_from(IDS), platform=st.sampled_from([*Platform, None]))
    def report(self, name: str, platform: Platform | None) -> None:
        if not self.there(name):
            self.write(lambda c: devices.add(c, name, inventory(platform), self.clock()))
        row = inventory(platform)
        self.write(lambda c: devices.record_check_in(c, name, row, 1, b"d", self.clock()))

    @rule(name=st.sampled_from(IDS), state=st.sampled_from(list(Compliance)[:3]))
    def judge(self, name: str, state: Compliance) -> None:
        self.write(lambda c: devices.record_judgement(c, name, judgement(self.clock, state)))

    @rule(
        name=st.sampled_from(IDS),
        rule_id=st.sampled_from(RULES),
        status=st.sampled_from(list(Status)),
        cause=st.sampled_from(["", "timed_out"]),
    )
    def answer(self, name: str, rule_id: str, status: Status, cause: str) -> None:
        def change(c: Any) -> None:
            held = {each.rule_id: each for each in findings.open_of(c, name)}
            new = replace(said(self.clock, status, rule_id, name), cause=cause)
            if rule_id in held and held[rule_id].status is status:
                findings.move(c, name, Moves(refreshed=[new]))
            else:
                closed = [(rule_id, self.clock())] if rule_id in held else []
                findings.move(c, name, Moves(closed, [Opening(new, "signal")]))

        if self.there(name):
            self.write(change)

    @rule(name=st.sampled_from(IDS))
    def retire(self, name: str) -> None:
        self.write(lambda c: devices.retire(c, name, self.clock()))

    @rule(name=st.sampled_from(IDS), findings_first=st.booleans())
    def erase(self, name: str, findings_first: bool) -> None:
        tables = (finding, device) if findings_first else (device, finding)
        for table in tables:
            self.write(lambda c, t=table: c.execute(delete(t).where(t.c.device_id == name)))

    @rule(days=st.integers(1, 20))
    def time_passes(self, days: int) -> None:
        self.clock.advance(days=days)

    @rule()
    def keep_up(self) -> None:
        self.write(lambda c: tallies.mark_silence(c, self.clock(), WEEK, 2))

    @invariant()
    def counters_say_what_there_is(self) -> None:
        assert self.store.read(recount.drifted) == []

    @invariant()
    def lists_hold_what_is_counted(self) -> None:
        now = self.clock()

        def look(c: Any) -> None:
            counts = tallies.fleet(c, now, WEEK)
            assert counts.sure
            for state, count in counts.by_state.items():
                page = devices.find(c, DeviceFilter(state=state), now, WEEK)
                assert len(page.devices) == count

        self.store.read(look)


TestFleet = Fleet.TestCase
TestFleet.settings = settings(max_examples=8, stateful_step_count=25, deadline=None)


def test_silence_is_counted_before_anybody_has_marked_it(store: Store, clock: FixedClock) -> None:
    store.write(lambda c: devices.add(c, "d1", inventory(), clock()))
    clock.advance(days=7, minutes=1)
    counts = store.read(lambda c: tallies.fleet(c, clock(), WEEK))
    assert counts.by_state[Compliance.STALE] == 1
    assert counts.total == 1


def test_a_longer_patience_takes_devices_back_before_the_upkeep_has(
    store: Store, clock: FixedClock
) -> None:
    store.write(lambda c: devices.add(c, "d1", inventory(), clock()))
    clock.advance(days=8)
    store.write(lambda c: tallies.mark_silence(c, clock(), WEEK, 10))
    counts = store.read(lambda c: tallies.fleet(c, clock(), 2 * WEEK))
    assert counts.by_state[Compliance.STALE] == 0
    assert store.write(lambda c: tallies.mark_silence(c, clock(), 2 * WEEK, 10)) == 1


def test_an_unknown_in_between_neither_breaks_nor_mends(store: Store, clock: FixedClock) -> None:
    store.write(lambda c: devices.add(c, "d1", inventory(), clock()))
    for status in (Status.FAIL, Status.UNKNOWN, Status.FAIL, Status.UNKNOWN, Status.PASS):
        clock.advance(hours=5)
        say(store, clock, status)
    today = clock().date()
    total = store.read(lambda c: tallies.flows(c, today - timedelta(days=3)))
    assert (sum(each.failing for each in total), sum(each.fixed for each in total)) == (1, 1)
    times = store.read(lambda c: tallies.fix_times(c, today))
    assert times == {RULES[0]: (timedelta(days=1), 1)}


def test_the_past_is_made_up_as_it_would_have_been_counted(store: Store, clock: FixedClock) -> None:
    for name in IDS:
        store.write(lambda c, n=name: devices.add(c, n, inventory(), clock()))
    for status in (Status.FAIL, Status.UNKNOWN, Status.PASS, Status.FAIL, Status.PASS):
        for name in IDS:
            say(store, clock, status, name)
        clock.advance(days=1, hours=3)
        store.write(lambda c: snapshots.take(c, clock(), WEEK))
    since = clock().date() - timedelta(days=20)

    def past(c: Any) -> object:
        kept = snapshots.trend(c, since)
        by_rule = {
            day: {key: n for key, n in counts.items() if key[0] and n}
            for day, counts in kept.items()
        }
        return tallies.flows(c, since), tallies.fix_times(c, since), by_rule

    counted = store.read(past)
    store.write(lambda c: recount.make_up_past(c, clock()))
    assert store.read(past) == counted


def test_days_without_a_collector_have_the_counts_it_stopped_with(
    store: Store, clock: FixedClock
) -> None:
    store.write(lambda c: devices.add(c, "d1", inventory(), clock()))
    clock.advance(days=1)
    assert store.write(lambda c: snapshots.take(c, clock(), WEEK)) == 1
    clock.advance(days=9)
    assert store.write(lambda c: snapshots.take(c, clock(), WEEK)) == 9
    assert store.write(lambda c: snapshots.take(c, clock(), WEEK)) == 0
    kept = store.read(lambda c: snapshots.trend(c, clock().date() - timedelta(days=30)))
    silent = [kept[day]["", "stale"] for day in sorted(kept)]
    assert silent == [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]


def test_a_counter_that_is_wrong_is_named_and_made_anew(store: Store, clock: FixedClock) -> None:
    store.write(lambda c: devices.add(c, "d1", inventory(), clock()))
    store.write(lambda c: c.exec_driver_sql("UPDATE device_tally SET devices = 7"))
    drift = store.read(recount.drifted)
    assert [(each.counted, each.there_are) for each in drift] == [(7, 1)]
    store.write(recount.recount)
    assert store.read(recount.drifted) == []
