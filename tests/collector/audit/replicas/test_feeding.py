"""Replicas follow the log within seconds, catch up without a gap, and a liar is named (T60)."""

import random
import shutil
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from collector.audit.replicas.directory import Directory
from collector.audit.replicas.feeding import DOWN, read_note
from collector.audit.replicas.replicating import Replication, replicating
from collector.audit.replicas.shelf import Part, Unreachable
from collector.audit.retention import KEPT, purge
from tests.collector.audit.log import SIGNER, journal, login, verified
from tests.collector.audit.replicas.kept import Kept, kept
from tests.fakes import FixedClock


@pytest.fixture
def at(tmp_path: Path) -> Kept:
    return kept(tmp_path)


def days(at: Kept, count: int, each: int = 3) -> None:
    for _ in range(count):
        at.log.append(*(login() for _ in range(each)))
        at.clock.advance(days=1)
    at.log.checkpoint(now_if_any=True)


def test_a_replica_holds_every_byte_of_the_log_and_can_be_verified(at: Kept) -> None:
    days(at, 4)
    standing = at.feeder().feed()
    assert standing.trouble == ""
    assert at.same()
    assert verified(at.copy).problems == []
    assert verified(at.copy).head == at.log.head()


def test_only_what_is_new_is_sent(at: Kept) -> None:
    class Counting(Directory):
        sent = 0

        def append(self, part: Part) -> None:
            self.sent += len(part.content)
            super().append(part)

    shelf = Counting(at.copy)
    feeder = at.feeder(shelf)
    days(at, 2)
    feeder.feed()
    before = shelf.sent
    at.log.append(login())
    feeder.feed()
    feeder.feed()
    assert 0 < shelf.sent - before < 1_000
    assert shelf.sent == sum(path.stat().st_size for path in at.audit.glob("*.log"))


def test_what_waits_is_told_by_its_age(at: Kept) -> None:
    feeder = at.feeder()
    at.log.append(login())
    assert feeder.lag(feeder.feed()) == timedelta(0)
    at.log.append(login())
    at.clock.advance(minutes=7)
    assert feeder.lag(read_note(at.folder / "notes" / "vault.json")) == timedelta(minutes=7)


def test_a_replica_that_is_away_catches_up_without_a_gap(at: Kept) -> None:
    feeder = at.feeder()
    days(at, 1)
    feeder.feed()
    at.copy.rename(at.folder / "away")
    days(at, 3)
    standing = feeder.feed()
    assert "make or mount it" in standing.trouble
    assert not standing.refused
    assert feeder.lag(standing) >= DOWN
    (at.folder / "away").rename(at.copy)
    assert feeder.feed().trouble == ""
    assert at.same()


def test_a_network_that_flaps_a_hundred_times_loses_and_doubles_nothing(at: Kept) -> None:
    class Flapping(Directory):
        chance = random.Random(7)

        def append(self, part: Part) -> None:
            self._flap()
            super().append(part)
            self._flap()

        def keep_state(self, content: bytes) -> None:
            self._flap()
            super().keep_state(content)

        def _flap(self) -> None:
            if self.chance.random() < 0.5:
                raise Unreachable("the network is gone")

    feeder = at.feeder(Flapping(at.copy))
    for _ in range(100):
        at.log.append(login())
        feeder.feed()
    for _ in range(50):
        feeder.feed()
    assert at.same()


def test_one_that_is_down_does_not_hold_up_the_others(at: Kept) -> None:
    (at.folder / "second").mkdir()
    days(at, 2)
    gone = Directory(at.folder / "nowhere")
    feeders = [at.feeder(gone, "gone"), at.feeder(Directory(at.folder / "second"), "second")]
    replication = Replication(feeders)
    for feeder in feeders:
        replication.feed(feeder)
    by_name = {seen.name: seen for seen in replication.seen()}
    assert by_name["gone"].down
    assert not by_name["second"].down
    assert verified(at.folder / "second").head == at.log.head()


def test_a_slow_one_does_not_hold_up_the_others(at: Kept) -> None:
    slow_may_go_on, fast_is_done = threading.Event(), threading.Event()

    class Slow(Directory):
        def state(self) -> bytes | None:
            slow_may_go_on.wait(30)
            return super().state()

    class Fast(Directory):
        def keep_state(self, content: bytes) -> None:
            super().keep_state(content)
            fast_is_done.set()

    (at.folder / "slow").mkdir()
    days(at, 1)
    feeders = [at.feeder(Slow(at.folder / "slow"), "slow"), at.feeder(Fast(at.copy))]
    with replicating(Replication(feeders)):
        assert fast_is_done.wait(30)
        assert not list((at.folder / "slow").glob("*.log"))
        slow_may_go_on.set()


def test_one_that_drops_what_it_acknowledged_is_named(at: Kept) -> None:
    class Liar(Directory):
        """Says that it stored the lines, and did not."""

        def append(self, part: Part) -> None:
            if part.offset == 0:
                super().append(part)

    feeder = at.feeder(Liar(at.copy))
    for _ in range(3):
        at.log.append(login())
        standing = feeder.feed()
    honest = at.feeder().feed() if not standing.refused else standing
    at.log.append(login())
    honest = at.feeder().feed()
    assert honest.refused
    assert "holds" in honest.trouble


def test_one_that_was_put_back_to_an_older_state_is_named(at: Kept) -> None:
    days(at, 1)
    at.feeder().feed()
    shutil.copytree(at.copy, at.folder / "old")
    days(at, 1)
    at.feeder().feed()
    shutil.rmtree(at.copy)
    (at.folder / "old").rename(at.copy)
    standing = at.feeder().feed()
    assert standing.refused
    assert "lost or dropped" in standing.trouble


@pytest.mark.parametrize("again", [0, 1, 30])
def test_a_log_that_was_put_back_is_refused(at: Kept, again: int) -> None:
    """Yesterday's copy of everything here, and what was written since: the replica knows better."""
    days(at, 1)
    shutil.copytree(at.audit, at.folder / "yesterday")
    at.log.append(*(login() for _ in range(10)))
    at.log.checkpoint(now_if_any=True)
    at.feeder().feed()
    shutil.rmtree(at.audit)
    (at.folder / "yesterday").rename(at.audit)
    rolled = kept_again(at)
    for _ in range(again):
        rolled.log.append(login("mallory"))
    standing = rolled.feeder().feed()
    assert standing.refused
    assert "the log here" in standing.trouble


def kept_again(at: Kept) -> Kept:
    return Kept(at.folder, at.clock, journal(at.audit, at.clock))


def aged(at: Kept) -> None:
    """All that was written before is old enough to be dropped."""
    at.clock.advance(days=KEPT.days)
    at.log.append(login())
    at.clock.advance(days=2)


def test_an_old_log_is_purged_there_as_here_by_the_signed_record(at: Kept) -> None:
    days(at, 4)
    feeder = at.feeder()
    feeder.feed()
    aged(at)
    assert purge(at.log, at.clock()) == 3
    standing = at.feeder(ByClock(at.copy, at.clock)).feed()
    assert standing.trouble == ""
    assert at.same()
    assert verified(at.copy).problems == []


class ByClock(Directory):
    """A replica whose clock is another than this machine's."""

    def __init__(self, folder: Path, clock: FixedClock) -> None:
        super().__init__(folder)
        self._clock = clock

    def now(self) -> object:  # type: ignore[override]
        return self._clock()


def test_a_replica_with_another_clock_keeps_what_is_not_old(at: Kept) -> None:
    """Whoever moves our clock on makes our log drop its past, and the replica's not (T61)."""
    days(at, 4)
    feeder = at.feeder(ByClock(at.copy, FixedClock()))
    feeder.feed()
    aged(at)
    assert purge(at.log, at.clock()) == 3
    standing = feeder.feed()
    assert "is not old by its clock" in standing.trouble
    assert len(list(at.copy.glob("*.log"))) == 6


def test_a_purge_that_is_cut_short_at_the_replica_is_finished(at: Kept) -> None:
    class CutShort(ByClock):
        left = 1

        def drop(self, segment: int) -> None:
            if not self.left:
                raise Unreachable("cut off")
            self.left -= 1
            super().drop(segment)

    days(at, 3)
    at.feeder().feed()
    aged(at)
    purge(at.log, at.clock())
    assert at.feeder(CutShort(at.copy, at.clock)).feed().trouble == "cut off"
    assert verified(at.copy).problems == []
    assert at.feeder(ByClock(at.copy, at.clock)).feed().trouble == ""
    assert at.same()


def test_no_line_is_sent_that_its_writer_is_still_writing(at: Kept) -> None:
    at.log.append(login())
    with (at.audit / "000001.log").open("ab") as file:
        file.write(b"0" * 64 + b' {"n":4')
    at.feeder().feed()
    assert b'"n":4' not in (at.copy / "000001.log").read_bytes()
    assert SIGNER.verifier.origin == at.held().origin
