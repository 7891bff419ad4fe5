"""What is written down stays, in order, whoever writes and however it was cut short."""

import os
import threading
from pathlib import Path

import pytest

from collector.audit.entry import Action, Actor, ActorKind, Entry, written
from collector.audit.journal import CHECKPOINT_RECORDS, AuditUnavailable
from collector.audit.segments import segments
from tests.collector.audit.log import SIGNER, journal, login, verified, written_over_days
from tests.fakes import FixedClock


def test_what_was_appended_is_verified_in_order(tmp_path: Path) -> None:
    written_over_days(tmp_path, FixedClock(), days=3, each=5)
    result = verified(tmp_path)
    assert result.problems == []
    assert result.unsigned == 0
    logins = sum(b'"login"' in s.path.read_bytes() for s in segments(tmp_path))
    assert logins == 3


def test_a_new_day_begins_a_new_segment(tmp_path: Path) -> None:
    written_over_days(tmp_path, FixedClock(), days=4)
    assert [segment.number for segment in segments(tmp_path)] == [1, 2, 3, 4]


def test_a_checkpoint_comes_by_itself_after_so_many_records(tmp_path: Path) -> None:
    log = journal(tmp_path, FixedClock())
    log.append(login())
    before = verified(tmp_path).checkpoints
    log.append(*(login() for _ in range(CHECKPOINT_RECORDS)))
    assert verified(tmp_path).checkpoints == before + 1


def test_a_checkpoint_comes_by_itself_after_five_minutes(tmp_path: Path) -> None:
    clock = FixedClock()
    log = journal(tmp_path, clock)
    log.append(login())
    clock.advance(minutes=1)
    log.append(login())
    assert not log.checkpoint()
    clock.advance(minutes=5)
    assert log.checkpoint()
    assert verified(tmp_path).unsigned == 0


def test_nothing_new_is_not_signed_again(tmp_path: Path) -> None:
    clock = FixedClock()
    log = written_over_days(tmp_path, clock)
    records = log.head().records
    clock.advance(hours=1)
    assert not log.checkpoint()
    assert log.head().records == records


def test_two_writers_share_one_chain(tmp_path: Path) -> None:
    clock = FixedClock()
    one, other = journal(tmp_path, clock), journal(tmp_path, clock)
    for _ in range(5):
        one.append(login("alice"))
        other.append(login("bob"))
    one.checkpoint(now_if_any=True)
    assert verified(tmp_path).problems == []
    assert one.head() == other.head()


def test_many_threads_lose_no_record(tmp_path: Path) -> None:
    log = journal(tmp_path, FixedClock())

    def twenty() -> None:
        for _ in range(20):
            log.append(login())

    threads = [threading.Thread(target=twenty) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = verified(tmp_path)
    content = segments(tmp_path)[0].path.read_bytes()
    assert result.problems == []
    assert content.count(b'"action":"login"') == 160


def test_a_writer_that_starts_anew_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    clock = FixedClock()
    before = written_over_days(tmp_path, clock).head()
    again = journal(tmp_path, clock)
    assert again.head() == before
    again.append(login())
    assert verified(tmp_path).problems == []


@pytest.mark.parametrize("cut", [1, 40, 64, 65, 66, 150])
def test_a_line_that_a_crash_cut_short_is_set_aside(tmp_path: Path, cut: int) -> None:
    clock = FixedClock()
    log = journal(tmp_path, clock)
    log.append(login())
    path = segments(tmp_path)[0].path
    whole = path.read_bytes()
    log.append(login())
    last = path.read_bytes()[len(whole) :].splitlines(keepends=True)[0]
    path.write_bytes(whole + last[:cut])
    again = journal(tmp_path, clock)
    again.append(login())
    assert verified(tmp_path).problems == []
    assert path.with_suffix(".torn").read_bytes() == last[:cut] + b"\n"


def test_an_empty_segment_left_by_a_crash_is_filled(tmp_path: Path) -> None:
    clock = FixedClock()
    written_over_days(tmp_path, clock, days=1)
    (tmp_path / "000002.log").touch()
    journal(tmp_path, clock).append(login())
    assert verified(tmp_path).problems == []


def test_a_log_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file stands where the folder should be")
    with pytest.raises(AuditUnavailable, match="cannot be written"):
        journal(tmp_path / "audit", FixedClock()).append(login())


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    import resource

    clock = FixedClock()
    log = journal(tmp_path, clock)
    log.append(login())
    path = segments(tmp_path)[0].path
    size = path.stat().st_size
    pid = os.fork()
    if pid == 0:  # the limit holds for a process, so that it needs one of its own
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, size + 100))
        try:
            log.append(login())
        except AuditUnavailable:
            os._exit(7)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    assert path.stat().st_size == size
    log.append(login())
    assert verified(tmp_path).problems == []


def test_a_segment_that_became_shorter_stops_the_writer(tmp_path: Path) -> None:
    log = journal(tmp_path, FixedClock())
    log.append(login(), login())
    path = segments(tmp_path)[0].path
    os.truncate(path, path.stat().st_size - 10)
    with pytest.raises(AuditUnavailable, match="become shorter"):
        log.append(login())


def test_what_an_attacker_writes_stays_one_line_of_ascii() -> None:
    name = "a\r\n\x1b[2J\u202etxt" + "x" * 10_000 + '","action":"login'
    at = FixedClock().now
    line = written(Entry(Action.LOGIN, Actor(ActorKind.NOBODY, name)), 1, at)
    assert line.isascii()
    assert not any(byte < 0x20 or byte == 0x7F for byte in line)
    assert len(line) < 4_000
    assert line.count(b'"action":') == 1


def test_the_checkpoint_names_the_key(tmp_path: Path) -> None:
    written_over_days(tmp_path, FixedClock(), days=1)
    assert SIGNER.verifier.origin.encode() in segments(tmp_path)[0].path.read_bytes()
