"""A clock that leaps or is set back: no pack too early, none twice, none half."""

from datetime import timedelta
from pathlib import Path

from collector.audit.entry import COLLECTOR, Action, Entry
from collector.audit.signing import open_verifier
from collector.clock_watch import ahead
from collector.export.packing import Order, follow, pack
from collector.export.verifying import check
from collector.store import incidents
from collector.store.exports import Phase
from tests.collector.desk import BAD, GOOD, RULE
from tests.collector.export.conftest import table_of
from tests.collector.export.weekly import SUNDAY, WEEK, Weekly, unheard


def test_a_clock_that_is_set_back_seals_nothing_twice(weekly: Weekly) -> None:
    weekly.until(SUNDAY + timedelta(hours=1))
    weekly.exporting.tick()
    weekly.until(SUNDAY - timedelta(days=2))
    weekly.exporting.tick()
    weekly.until(SUNDAY + timedelta(hours=2))
    weekly.exporting.tick()
    assert weekly.sealed() == [SUNDAY]


def test_a_clock_that_is_set_back_while_a_pack_is_made_seals_it_once(weekly: Weekly) -> None:
    weekly.until(SUNDAY + timedelta(hours=1))

    def set_back(phase: Phase, told: int) -> None:
        weekly.until(SUNDAY - timedelta(days=2))

    weekly.exporting.worker.step = set_back  # type: ignore[attr-defined]
    weekly.exporting.tick()
    weekly.again()
    weekly.until(SUNDAY + timedelta(hours=2))
    weekly.exporting.tick()
    assert weekly.sealed() == [SUNDAY]
    (run,) = weekly.runs()
    assert weekly.names() == [run.name]
    pack = weekly.folder / "packs" / run.name
    assert check(pack, open_verifier(weekly.folder / "audit.pub")).problems == ()


def test_a_clock_that_leaps_makes_up_no_more_than_is_kept_and_drops_nothing_for_a_day(
    weekly: Weekly,
) -> None:
    weekly.until(SUNDAY)
    weekly.again(keep_days=30)
    weekly.exporting.tick()
    weekly.until(SUNDAY + 52 * WEEK)
    weekly.exporting.tick()
    assert weekly.sealed() == [SUNDAY, *(SUNDAY + n * WEEK for n in range(48, 53))]
    assert "posture-2026-W47-20261122T235900Z.zip" in weekly.names()


def test_a_clock_that_runs_ahead_seals_nothing_and_people_are_told(weekly: Weekly) -> None:
    weekly.exporting.tick()
    weekly.leap(SUNDAY + 3 * WEEK)
    weekly.exporting.tick()
    weekly.again()
    weekly.exporting.tick()
    assert (weekly.runs(), weekly.sealed()) == ([], [])
    found = ahead(weekly.folder)
    assert found is not None
    assert found.by > 3 * WEEK
    told = weekly.store.read(lambda c: incidents.list_all(c, open_only=True))
    assert [(each.kind, each.times) for each in told] == [("clock_ahead", 2)]
    weekly.leap(SUNDAY - timedelta(hours=11))
    weekly.exporting.tick()
    assert (weekly.sealed(), ahead(weekly.folder)) == ([], None)
    weekly.until(SUNDAY)
    weekly.exporting.tick()
    assert weekly.sealed() == [SUNDAY]


def test_what_was_missed_is_made_up_once_when_a_service_has_confirmed_the_time(
    weekly: Weekly,
) -> None:
    weekly.until(SUNDAY)
    weekly.exporting.tick()
    weekly.leap(SUNDAY + 2 * WEEK)
    weekly.machine.boot_id, weekly.machine.passed = "second", timedelta(minutes=1)
    weekly.again()
    weekly.exporting.tick()
    assert weekly.sealed() == [SUNDAY], "nobody knows yet whether weeks have passed"
    weekly.machine.served = True
    for _ in range(2):
        weekly.exporting.tick()
        weekly.again()
    assert weekly.sealed() == [SUNDAY + n * WEEK for n in range(3)]
    assert len(weekly.runs()) == 3


def test_no_file_is_dropped_by_a_clock_that_runs_ahead(weekly: Weekly) -> None:
    weekly.until(SUNDAY)
    weekly.again(keep_days=7)
    weekly.exporting.tick()
    before = weekly.names()
    for hours in range(0, 40 * 24, 24):
        weekly.leap(SUNDAY + timedelta(hours=hours))
        weekly.exporting.journal.append(Entry(Action.VERIFIED, COLLECTOR))
        weekly.machine.passed += timedelta(minutes=5)
        weekly.exporting.tick()
    assert weekly.names() == before


def test_once_a_moment_that_was_sealed_too_early_has_come_its_true_pack_can_be_written(
    weekly: Weekly, tmp_path: Path
) -> None:
    device, desk = weekly.device, weekly.exporting.desk
    weekly.until(SUNDAY - timedelta(days=3))
    device.report(1, GOOD)
    weekly.until(SUNDAY + timedelta(hours=1))
    weekly.exporting.tick()
    weekly.until(SUNDAY - timedelta(days=2))
    device.report(2, BAD)
    weekly.until(SUNDAY + timedelta(hours=2))
    weekly.exporting.tick()
    order = Order(SUNDAY, tmp_path, "all", desk.names(pseudonyms=False))
    true = pack(desk, follow(desk, order), unheard).path
    early = weekly.folder / "packs" / weekly.names()[0]
    told = [
        row["status"]
        for each in (early, true)
        for row in table_of(each, "findings")
        if row["rule_id"] == RULE
    ]
    assert told == ["pass", "fail"]
    assert weekly.sealed() == [SUNDAY]
