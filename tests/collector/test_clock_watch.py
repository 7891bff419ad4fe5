"""A clock that ran ahead is told from time that has passed, also over a restart."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.clock_watch import AT_A_START, FILE, SETTLED, STEP, ClockWatch, ahead, this_machine
from tests.fakes import FakeMachine, FixedClock

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@dataclass
class Watched:
    folder: Path
    clock: FixedClock = field(default_factory=FixedClock)
    machine: FakeMachine = field(default_factory=FakeMachine)
    newest: datetime | None = None

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        machine = self.machine.machine()
        self.watch = ClockWatch(self.folder, self.clock, machine, lambda: self.newest)

    def other_boot(self, off: timedelta) -> None:
        """`off`: what the clock has gone on by meanwhile."""
        self.clock.now += off
        self.machine.boot_id += "+1"
        self.machine.passed = MINUTE
        self.start()

    def passes(self, gap: timedelta) -> None:
        self.clock.now += gap
        self.machine.passed += gap

    @property
    def by(self) -> timedelta | None:
        found = self.watch.look()[1]
        assert ahead(self.folder) == found
        return found.by if found else None


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    made = Watched(tmp_path)
    assert made.by is None
    return made


def test_time_that_passes_is_believed_also_while_the_machine_sleeps(watched: Watched) -> None:
    watched.passes(40 * DAY)
    assert watched.by is None


def test_a_leap_is_not_believed_until_the_clock_is_back(watched: Watched) -> None:
    watched.clock.now += 3 * HOUR
    assert watched.by == 3 * HOUR
    watched.passes(HOUR)
    assert watched.watch.look()[1] is not None
    watched.clock.now -= 3 * HOUR
    assert watched.by is None


def test_a_leap_is_believed_after_a_day_of_running(watched: Watched) -> None:
    watched.clock.now += 9 * DAY
    assert watched.by == 9 * DAY
    watched.passes(SETTLED - MINUTE)
    assert watched.watch.look()[1] is not None
    watched.passes(MINUTE)
    assert watched.by is None
    watched.clock.now += HOUR
    assert watched.by == HOUR, "the next one is seen again"


def test_a_time_service_is_believed_at_once(watched: Watched) -> None:
    watched.clock.now += 9 * DAY
    watched.machine.served = True
    assert watched.by is None
    watched.machine.served = False
    assert watched.by is None


def test_many_small_steps_make_a_large_one(watched: Watched) -> None:
    watched.clock.now += STEP
    assert watched.by is None
    watched.clock.now += MINUTE
    assert watched.by == STEP + MINUTE


def test_a_restart_of_the_collector_hides_no_leap(watched: Watched) -> None:
    watched.clock.now += 10 * MINUTE
    watched.start()
    assert watched.by == 10 * MINUTE
    watched.start()
    assert watched.by == 10 * MINUTE


@pytest.mark.parametrize(("off", "believed"), [(AT_A_START, True), (2 * DAY, False)])
def test_after_another_start_of_the_machine_an_hour_is_believed(
    watched: Watched, off: timedelta, believed: bool
) -> None:
    watched.other_boot(off)
    assert (watched.by is None) is believed


def test_starting_the_machine_again_and_again_does_not_begin_the_wait_anew(
    watched: Watched,
) -> None:
    watched.other_boot(5 * DAY)
    assert watched.by == 5 * DAY
    for _ in range(2):
        watched.passes(SETTLED / 2)
        watched.watch.look()
        watched.other_boot(MINUTE)
        watched.watch.look()
    assert watched.by is None


def test_a_clock_that_was_set_back_is_not_ahead_when_it_is_set_right(watched: Watched) -> None:
    watched.clock.now -= 2 * DAY
    assert watched.by is None
    watched.passes(HOUR)
    assert watched.by is None
    watched.clock.now += 2 * DAY
    assert watched.by is None


def test_without_a_line_the_newest_that_is_kept_is_where_it_begins(tmp_path: Path) -> None:
    for since, by in ((HOUR, None), (3 * DAY, 3 * DAY)):
        (tmp_path / FILE).unlink(missing_ok=True)
        made = Watched(tmp_path, newest=datetime(2026, 11, 22, 12, tzinfo=UTC) - since)
        assert made.by == by


def test_a_line_that_cannot_be_read_or_written_stops_nothing(watched: Watched) -> None:
    path = watched.folder / FILE
    path.write_text("half")
    watched.start()
    assert watched.watch.look()[1] is None
    path.unlink()
    path.mkdir()
    watched.start()
    watched.clock.now += HOUR
    assert watched.watch.look()[1] is None


def test_this_machine_counts(tmp_path: Path) -> None:
    machine = this_machine()
    first = machine.running()
    assert timedelta(0) < first <= machine.running()
    assert machine.confirmed(datetime.now(UTC)) in (True, False)
