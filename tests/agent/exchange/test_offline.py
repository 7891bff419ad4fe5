"""A laptop that is away for thirty days: what is kept, what goes first, and how it comes back."""

from datetime import timedelta
from pathlib import Path

import pytest

from agent.exchange.checkin import CheckIn
from agent.exchange.report import Observed
from agent.exchange.spool import MOST_BYTES, Spool
from agent.exchange.troubles import Unreachable
from agent.state import State
from protos.posture.v1 import posture_service_pb2 as wire
from tests.fakes import FakeTransport, FixedClock

HOURS = 30 * 24


@pytest.fixture(autouse=True)
def a_disk_that_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of files are written; none of these tests cuts the power."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


class Away:
    """A device that looks at itself whenever it has changed, and reaches nobody."""

    def __init__(self, folder: Path, changes_every: int, posture_bytes: int) -> None:
        self.state, self.clock = State.open(folder, create=True), FixedClock()
        self.collector = FakeTransport()
        self.changes_every, self.size, self.hour = changes_every, posture_bytes, 0

    def observe(self) -> Observed:
        number = self.hour // self.changes_every
        return Observed(f"{number:08d}".encode().ljust(self.size, b"."), self.clock())

    def try_once(self) -> None:
        CheckIn(self.state, self.collector, self.clock, self.observe).run()

    def thirty_days(self) -> None:
        self.collector.troubles = [Unreachable("away") for _ in range(10 * HOURS)]
        for hour in range(0, HOURS, self.changes_every):
            self.hour = hour
            try:
                self.try_once()
            except Unreachable:
                self.clock.advance(hours=self.changes_every)
        self.collector.troubles, self.collector.sent = [], []

    def try_again(self, times: int) -> None:
        self.collector.troubles = [Unreachable("away") for _ in range(times)]
        for _ in range(times):
            with pytest.raises(Unreachable):
                self.try_once()
        self.collector.sent = []

    @property
    def spool(self) -> Spool:
        return Spool(self.state.path("spool"))

    def back(self) -> list[wire.Report]:
        self.try_once()
        return [each.report for each in self.collector.sent if each.HasField("report")]  # type: ignore[attr-defined]


def number_of(report: wire.Report) -> int:
    return int(report.posture[:8])


def test_a_posture_that_does_not_change_is_kept_once(tmp_path: Path) -> None:
    away = Away(tmp_path / "state", changes_every=HOURS, posture_bytes=5_000)
    begun = away.clock()
    away.thirty_days()
    away.try_again(20)
    assert (away.spool.waiting, away.spool.dropped) == (1, 0)
    (report,) = away.back()
    assert report.observed_at.ToDatetime(tzinfo=begun.tzinfo) == begun


def test_every_change_arrives_in_its_order_and_with_its_own_time(tmp_path: Path) -> None:
    away = Away(tmp_path / "state", changes_every=4, posture_bytes=5_000)
    begun = away.clock()
    away.thirty_days()
    assert (away.spool.waiting, away.spool.dropped) == (HOURS // 4, 0)
    assert away.spool.bytes_waiting <= MOST_BYTES
    reports = away.back()
    assert [number_of(each) for each in reports] == list(range(HOURS // 4))
    times = [each.observed_at.ToDatetime(tzinfo=begun.tzinfo) for each in reports]
    assert times == [begun + timedelta(hours=4 * number) for number in range(HOURS // 4)]
    assert [each.sequence for each in reports] == sorted(each.sequence for each in reports)
    assert away.spool.waiting == 0


def test_more_than_fits_drops_the_oldest_and_counts_them(tmp_path: Path) -> None:
    away = Away(tmp_path / "state", changes_every=4, posture_bytes=40_000)
    away.thirty_days()
    kept = away.spool.waiting
    on_disk = sum(p.stat().st_size for p in away.state.path("spool").rglob("*") if p.is_file())
    assert on_disk <= MOST_BYTES + 16  # and the count of those that were dropped
    whole = sum(p.stat().st_size for p in away.state.folder.rglob("*") if p.is_file())
    assert whole < MOST_BYTES + 1_500_000  # what else is kept does not grow with the absence
    assert kept + away.spool.dropped == HOURS // 4
    assert kept > 100
    assert [number_of(each) for each in away.back()] == list(range(HOURS // 4 - kept, HOURS // 4))
