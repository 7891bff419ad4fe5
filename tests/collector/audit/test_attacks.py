"""Whoever owns the machine tries to make another log pass for this one (T55, T61)."""

import os
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.audit.chain import Head
from collector.audit.entry import COLLECTOR, Action, Entry
from collector.audit.journal import Journal
from collector.audit.purges import KEPT
from collector.audit.retention import purge
from collector.audit.segments import segments
from collector.audit.signing import Signer
from collector.audit.verifying import Kept, verify
from tests.collector.audit.log import SIGNER, journal, login, verified, written_over_days
from tests.fakes import FixedClock

OTHER = Signer(Ed25519PrivateKey.from_private_bytes(b"\2" * 32))


def test_two_segments_that_were_swapped_are_named(tmp_path: Path) -> None:
    written_over_days(tmp_path, FixedClock())
    first, second = (segment.path for segment in segments(tmp_path)[:2])
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    said = [str(problem) for problem in verified(tmp_path).problems]
    assert "000001.log:1: the segment does not begin with its own number" in said
    assert "000002.log:1: the segment does not begin with its own number" in said


def test_a_segment_that_is_there_twice_is_named(tmp_path: Path) -> None:
    written_over_days(tmp_path, FixedClock())
    last = segments(tmp_path)[-1].path
    (tmp_path / "000004.log").write_bytes(last.read_bytes())
    problem = verified(tmp_path).problems[0]
    assert (problem.segment, problem.line) == ("000004.log", 1)


def test_a_log_that_goes_on_with_another_key_is_named(tmp_path: Path) -> None:
    clock = FixedClock()
    written_over_days(tmp_path, clock)
    forger = Journal(tmp_path, OTHER, clock)
    forger.append(login())
    forger.checkpoint(now_if_any=True)
    said = str(verified(tmp_path).problems[0])
    assert said.startswith("000003.log:9: ")
    assert "by another key" in said


def test_of_two_histories_that_were_seen_elsewhere_one_is_found_out(tmp_path: Path) -> None:
    """A log host heard both; that the later one is here must not hide the first."""
    log = written_over_days(tmp_path, FixedClock(), days=1)
    here = log.head()
    was = Head(here.records, b"\7" * 32)
    for known in ([was, here], [here, was]):
        found = verify(tmp_path, SIGNER.verifier, [Kept(each, "loghost") for each in known])
        (problem,) = found.problems
        assert (problem.segment, problem.line) == ("000001.log", here.records)
        assert "loghost has another hash" in problem.what


def test_a_purge_of_what_is_not_old_is_no_purge(tmp_path: Path) -> None:
    """With the key, a purge can be signed for; not one that its own times allow."""
    clock = FixedClock()
    log = written_over_days(tmp_path, clock, days=5)
    purge(log, clock(), kept=timedelta(days=2))
    (problem,) = verified(tmp_path).problems
    assert "no signed record says it was purged" in str(problem)


def test_a_purge_that_lies_about_the_age_is_no_purge(tmp_path: Path) -> None:
    clock = FixedClock()
    log = written_over_days(tmp_path, clock, days=5)
    kept = segments(tmp_path)
    head = kept[2].path.read_bytes().partition(b'"previous":"')[2][:64].decode()
    long_ago = (clock() - KEPT - timedelta(days=9)).isoformat()
    detail = {"through": "2", "head": head, "until": long_ago}
    log.append(Entry(Action.PURGED, COLLECTOR, detail=detail))
    log.checkpoint(now_if_any=True)
    for segment in kept[:2]:
        segment.path.unlink()
    (problem,) = verified(tmp_path).problems
    assert "no signed record says it was purged" in str(problem)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), Path.mkdir])
def test_what_is_no_file_is_not_read(tmp_path: Path, make: Callable[[Path], None]) -> None:
    written_over_days(tmp_path, FixedClock())
    (tmp_path / "000002.log").unlink()
    make(tmp_path / "000002.log")
    problem = verified(tmp_path).problems[0]
    assert str(problem) == "000002.log: it is no regular file"


def test_a_clock_that_went_back_is_said_with_the_place(tmp_path: Path) -> None:
    """No reason to doubt the log: its order is the chain's. But whoever reads times must know."""
    clock = FixedClock()
    log = written_over_days(tmp_path, clock, days=1)
    clock.advance(hours=-30)
    log.append(login())
    result = verified(tmp_path)
    assert result.problems == []
    (notice,) = result.notices
    assert str(notice).startswith("000001.log:")
    assert "the clock went back by 1 day, 6:00:00" in str(notice)


def test_a_clock_that_went_back_a_little_is_nothing(tmp_path: Path) -> None:
    clock = FixedClock()
    log = journal(tmp_path, clock)
    log.append(login())
    clock.advance(seconds=-2)
    log.append(login())
    assert verified(tmp_path).notices == []


WRITER = """
import sys, time
from pathlib import Path
from collector.clock import system_clock
from collector.audit.journal import Journal
from tests.collector.audit.log import SIGNER, login
log = Journal(Path(sys.argv[1]), SIGNER, system_clock)
print("ready", flush=True)
while True:
    log.append(*(login() for _ in range(50)))
"""


def test_a_log_that_is_being_written_is_verified_without_a_false_alarm(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    words = (sys.executable, "-c", WRITER, str(tmp_path))
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=root) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        try:
            for _ in range(30):
                assert verified(tmp_path).problems == []
        finally:
            writer.kill()


def test_a_purge_that_comes_between_is_no_false_alarm(tmp_path: Path) -> None:
    clock = FixedClock()
    log = written_over_days(tmp_path, clock, days=6)
    clock.advance(days=KEPT.days)
    purged = []

    def purge_now(_records: int) -> None:
        if not purged:
            purged.append(purge(log, clock()))

    result = verify(tmp_path, SIGNER.verifier, progress=purge_now)
    assert purged == [5]
    assert result.problems == []


def change(content: bytearray, chance: random.Random) -> None:
    """One of what a hand with an editor of bytes can do."""
    at = chance.randrange(len(content))
    end = min(at + chance.randrange(1, 400), len(content))
    match chance.randrange(5):
        case 0:
            content[at] ^= 1 << chance.randrange(8)
        case 1:
            del content[at:end]
        case 2:
            content[at:at] = content[at:end]
        case 3:
            content[at:end] = bytes(chance.randrange(256) for _ in range(end - at))
        case _:
            content[at:end] = bytes(reversed(content[at:end]))


def test_a_thousand_changes_at_random_are_all_found(tmp_path: Path) -> None:
    log = written_over_days(tmp_path, FixedClock())
    known = [Kept(log.head(), "vault")]
    whole = {segment.path: segment.path.read_bytes() for segment in segments(tmp_path)}
    chance = random.Random(55)
    for number in range(1_000):
        path = chance.choice(list(whole))
        changed = bytearray(whole[path])
        change(changed, chance)
        if bytes(changed) == whole[path]:
            continue
        path.write_bytes(changed)
        problems = verify(tmp_path, SIGNER.verifier, known).problems
        assert problems, f"change {number} of {path.name} went unseen"
        assert problems[0].segment in (path.name, f"{int(path.stem) + 1:06d}.log")
        path.write_bytes(whole[path])
