"""By the clock the log is verified, purged with care and reviewed; trouble is an incident."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from collector.audit.entry import Action, Actor, ActorKind, Entry
from collector.audit.journal import FOLDER, Journal
from collector.audit.reading import newest
from collector.audit.retention import KEPT
from collector.audit.segments import segments
from collector.audit.signing import PUBLIC_FILE, open_signer, open_verifier
from collector.audit.verifying import verify
from collector.audit.weeks import week_of
from collector.oversight import Oversight, overseeing
from collector.settings import DirectorySettings, Settings
from collector.store import Store, StoreFull, audit_reviews, incidents
from collector.store.audit_reviews import AuditReview
from collector.store.incidents import Closing
from tests.fakes import FixedClock

VISIT = Entry(Action.LOGIN, Actor(ActorKind.ACCOUNT, "alice"))


@dataclass
class Watched:
    """A collector's log with two replicas, whose feeding is asked for by the test."""

    oversight: Oversight
    clock: FixedClock
    vaults: tuple[Path, Path]

    @property
    def journal(self) -> Journal:
        return self.oversight.journal

    def minutes(self, count: int) -> None:
        for _ in range(count):
            self.clock.advance(minutes=1)
            for feeder in self.oversight.replication.feeders:
                self.oversight.replication.feed(feeder)
            self.oversight.tick()

    def open(self) -> set[str]:
        store = self.oversight.store
        return {i.kind for i in store.read(lambda c: incidents.list_all(c, open_only=True))}

    def details(self) -> str:
        found = self.oversight.store.read(lambda c: incidents.list_all(c, open_only=True))
        return " ".join(each.detail for each in found)

    def said(self, action: str) -> list[str]:
        found = newest(self.journal.folder, 1_000, action)
        return [f"{each.subject} {each.outcome}" for each in found]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    clock, data = FixedClock(), tmp_path / "data"
    vaults = (tmp_path / "one", tmp_path / "two")
    for vault in vaults:
        vault.mkdir()
    settings = Settings(tuple(DirectorySettings(vault.name, vault) for vault in vaults))
    store = Store.open(data, clock=clock)
    journal = Journal(data / FOLDER, open_signer(data), clock)
    journal.append(VISIT)
    with overseeing(store, journal, settings, clock, feeding=False) as oversight:
        yield Watched(oversight, clock, vaults)
    store.close()


def test_while_all_is_well_no_incident_opens(watched: Watched) -> None:
    watched.minutes(130)
    assert watched.open() == set()
    assert watched.said("audit.verified") == ["log done"]


def test_one_replica_down_is_an_incident_and_its_return_is_noted(watched: Watched) -> None:
    watched.minutes(1)
    watched.vaults[0].rename(watched.vaults[0].with_name("away"))
    watched.journal.append(VISIT)
    watched.minutes(4)
    assert watched.open() == set()
    watched.minutes(3)
    assert watched.open() == {"replica_down"}
    watched.vaults[0].with_name("away").rename(watched.vaults[0])
    watched.minutes(3)
    assert watched.said("audit.replica_down") == ["replica:one failed", "replica:one done"]


def test_all_replicas_down_is_a_critical_one_and_the_log_goes_on(watched: Watched) -> None:
    watched.minutes(1)
    for vault in watched.vaults:
        shutil.rmtree(vault)
    watched.journal.append(VISIT)
    watched.minutes(8)
    assert watched.open() == {"replica_down", "replicas_down"}
    watched.journal.append(VISIT)


def test_a_changed_log_is_found_within_the_hour(watched: Watched) -> None:
    watched.minutes(2)
    path = segments(watched.journal.folder)[0].path
    path.write_bytes(path.read_bytes().replace(b"alice", b"mally", 1))
    watched.minutes(61)
    assert "audit_break" in watched.open()


def test_a_replica_that_dropped_what_it_acknowledged_is_found_within_the_hour(
    watched: Watched,
) -> None:
    watched.minutes(2)
    path = watched.vaults[1] / "000001.log"
    path.write_bytes(path.read_bytes()[:-200])
    watched.minutes(61)
    assert "replica_refuses" in watched.open()
    assert any(line == "replica:two failed" for line in watched.said("audit.replica_refused"))


def test_a_log_that_cannot_be_written_is_an_incident(watched: Watched) -> None:
    watched.minutes(1)
    folder = watched.journal.folder
    folder.rename(folder.with_name("gone"))
    folder.write_text("")
    watched.oversight.tick()
    assert watched.open() == {"audit_unwritable"}
    assert watched.oversight.store.read(incidents.untold) == []


@pytest.fixture
def doubled(watched: Watched, tmp_path: Path) -> tuple[Watched, Path]:
    """The log has a second folder."""
    second = tmp_path / "second"
    second.mkdir()
    data, clock = watched.oversight.folder, watched.clock
    watched.oversight.journal = Journal(data / FOLDER, open_signer(data), clock, second)
    watched.minutes(1)
    return watched, second


def test_a_second_folder_that_is_left_behind_is_an_incident_and_again_the_next_day(
    doubled: tuple[Watched, Path],
) -> None:
    watched, second = doubled
    assert watched.open() == set()
    second.rename(second.with_name("away"))
    watched.journal.append(VISIT)
    watched.minutes(1)
    assert watched.open() == {"audit_sink_down"}
    store, now = watched.oversight.store, watched.clock()
    (found,) = store.read(lambda c: incidents.list_all(c, open_only=True))
    assert found.severity == "high"
    store.write(lambda c: incidents.close(c, found.number, Closing("olga", "a cable", "none"), now))
    watched.clock.advance(days=1)
    watched.minutes(1)
    assert watched.open() == {"audit_sink_down"}
    second.with_name("away").rename(second)
    watched.journal.append(VISIT)
    watched.minutes(1)
    assert watched.said("audit.sink")[-1] == "sink:standby done"
    assert watched.journal.left_out() == {}


def test_a_change_in_the_second_folder_alone_is_found_within_the_hour(
    doubled: tuple[Watched, Path],
) -> None:
    watched, second = doubled
    path = segments(second)[0].path
    path.write_bytes(path.read_bytes().replace(b"alice", b"mason"))
    watched.minutes(61)
    assert watched.open() == {"audit_break"}
    assert "second holds another line than" in watched.details()


def test_a_change_that_no_record_can_follow_is_found_at_the_next_round(watched: Watched) -> None:
    watched.minutes(1)
    path = segments(watched.journal.folder)[-1].path
    path.write_bytes(path.read_bytes()[:-200])
    watched.oversight.tick()
    assert watched.open() == {"audit_break"}


def test_an_incident_that_the_store_cannot_take_is_opened_when_it_can(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """The disk is full for the log and for the store: it happened, and must not be forgotten."""
    watched.minutes(1)
    folder, real = watched.journal.folder, watched.oversight.store
    folder.rename(folder.with_name("gone"))
    folder.write_text("")
    watched.oversight.store = cast("Store", Full(real))
    happened_at = watched.clock()
    watched.oversight.tick()
    assert "An incident cannot be stored kind=audit_unwritable about=log" in caplog.text
    folder.unlink()
    folder.with_name("gone").rename(folder)
    watched.oversight.store = real
    watched.clock.advance(hours=3)
    watched.oversight.tick()
    watched.oversight.tick()
    found = real.read(lambda c: incidents.list_all(c, open_only=True))
    (opened,) = (each for each in found if each.kind == "audit_unwritable")
    assert (opened.opened_at, opened.times) == (happened_at, 1)


class Full:
    """A store on a full disk: it can be read."""

    def __init__(self, real: Store) -> None:
        self.read = real.read

    def write(self, _change: object) -> None:
        raise StoreFull("the disk is full")


def test_what_lasts_opens_again_the_day_after_it_was_closed(watched: Watched) -> None:
    watched.minutes(1)
    watched.vaults[0].rename(watched.vaults[0].with_name("away"))
    watched.journal.append(VISIT)
    watched.minutes(6)
    store, now = watched.oversight.store, watched.clock()
    (opened,) = store.read(lambda c: incidents.list_all(c, open_only=True))
    closing = Closing("olga", "a cable", "none")
    store.write(lambda c: incidents.close(c, opened.number, closing, now))
    watched.minutes(30)
    assert watched.open() == set()
    watched.clock.advance(days=1)
    watched.minutes(1)
    assert watched.open() == {"replica_down"}


def test_a_clock_that_was_moved_on_drops_nothing_for_a_day(watched: Watched) -> None:
    for _ in range(4):
        watched.journal.append(VISIT)
        watched.clock.advance(days=1)
        watched.minutes(1)
    before = len(segments(watched.journal.folder))
    watched.clock.advance(days=KEPT.days + 30)
    watched.minutes(30)
    assert "clock_leap" in watched.open()
    assert len(segments(watched.journal.folder)) > before
    watched.clock.advance(days=1, hours=1)
    watched.minutes(1)
    assert len(segments(watched.journal.folder)) < before


def test_a_log_is_purged_day_by_day_at_274_days(watched: Watched) -> None:
    for day in range(KEPT.days + 6):
        watched.journal.append(VISIT)
        watched.clock.advance(days=1)
        if day > KEPT.days:
            watched.oversight.tick()
    kept = [newest_at(each.path) for each in segments(watched.journal.folder)]
    oldest = watched.clock() - min(kept)
    assert KEPT - timedelta(days=1) <= oldest <= KEPT + timedelta(days=1)
    verifier = open_verifier(watched.journal.folder.parent / PUBLIC_FILE)
    assert verify(watched.journal.folder, verifier).problems == []


def newest_at(path: Path) -> datetime:
    return datetime.fromisoformat(path.read_text().splitlines()[-1].split('"at":"')[1][:24])


def test_a_week_that_nobody_reviewed_is_an_incident(watched: Watched) -> None:
    first = week_of(watched.clock())
    for _ in range(15):
        watched.clock.advance(days=1)
        watched.journal.append(VISIT)
        watched.oversight.tick()
    assert "review_overdue" in watched.open()
    store = watched.oversight.store
    review = AuditReview(first, watched.clock(), "admin", "", "{}", "fine")
    assert store.write(lambda c: audit_reviews.sign(c, review))
