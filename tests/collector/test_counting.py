"""By the clock, what is counted is kept true and each day's counts are kept."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from collector.counting import Counting
from collector.model import Compliance, FormFactor, Platform
from collector.policy import default_text
from collector.policy_in_force import PolicyReader
from collector.store import Store, devices, policies, recount, snapshots, tallies
from collector.store.devices import InventoryRow
from tests.collector.desk import GOOD, Desk, one_device
from tests.fakes import FixedClock


def counting(store: Store, clock: FixedClock) -> Counting:
    store.write(lambda c: policies.add(c, default_text(), clock(), "a test"))
    return Counting(store, clock, PolicyReader())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from one_device(tmp_path)


def silent(desk: Desk) -> bool:
    standing = desk.store.read(lambda c: devices.standing(c, desk.device_id))
    assert standing is not None
    return standing.silent


def test_a_device_is_silent_until_its_next_check_in(desk: Desk) -> None:
    keeping = counting(desk.store, desk.clock)
    desk.report(1, GOOD)
    desk.clock.advance(days=40)
    keeping.tick()
    assert silent(desk)
    desk.unchanged(2, GOOD)
    assert not silent(desk)
    counts = desk.store.read(lambda c: tallies.count_by_state(c, desk.clock(), timedelta(days=7)))
    assert counts[Compliance.STALE] == 0
    assert desk.store.read(recount.drifted) == []


def test_a_new_report_ends_the_silence_too(desk: Desk) -> None:
    keeping = counting(desk.store, desk.clock)
    desk.clock.advance(days=40)
    keeping.tick()
    desk.report(1, GOOD)
    assert not silent(desk)


def test_each_day_that_ended_is_kept_once(desk: Desk) -> None:
    keeping = counting(desk.store, desk.clock)
    keeping.begin()
    for _ in range(3):
        desk.clock.advance(days=1)
        keeping.tick()
        keeping.tick()
    kept = desk.store.read(lambda c: snapshots.trend(c, desk.clock().date() - timedelta(days=9)))
    assert len(kept) == 4


def test_drift_is_said_and_mended(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    keeping = counting(desk.store, desk.clock)
    desk.store.write(lambda c: c.exec_driver_sql("UPDATE device_tally SET devices = 7"))
    with caplog.at_level(logging.ERROR):
        keeping.tick()
    assert "A counter was wrong" in caplog.text
    assert desk.store.read(recount.drifted) == []


def test_more_than_one_batch_falls_silent(tmp_path: Path) -> None:
    clock = FixedClock()
    store = Store.open(tmp_path, clock=clock)
    keeping = counting(store, clock)
    row = InventoryRow("alpha", Platform.LINUX, FormFactor.LAPTOP)

    def enrol(c: object) -> None:
        for number in range(1100):
            devices.add(c, f"d{number}", row, clock())  # type: ignore[arg-type]

    store.write(enrol)
    clock.advance(days=40)
    keeping.tick()
    marked = store.read(
        lambda c: c.exec_driver_sql("SELECT sum(devices) FROM device_tally WHERE silent").scalar()
    )
    assert marked == 1100
    store.close()
