"""A write that a crash cut short, wherever it did, and a lock that somebody never gives back."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from collector.audit import locking
from collector.audit.entry import Action
from collector.audit.journal import AuditUnavailable
from collector.audit.reading import newest
from collector.audit.replicas.local import next_part
from collector.audit.segments import segments
from tests.collector.audit.log import journal, login, verified, written_over_days
from tests.fakes import FixedClock

PROGRAM = """
import os, signal, sys
from pathlib import Path
from tests.collector.audit.log import journal, login
from tests.fakes import FixedClock

folder, at_write, at_byte = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
clock = FixedClock()
log = journal(folder, clock)
log.append(login("kept"))
print("kept", flush=True)
clock.advance(days=1)
write, count = os.write, 0

def cut_short(descriptor, content):
    global count
    count += 1
    if count == at_write:
        write(descriptor, bytes(content)[:at_byte])
        os.kill(os.getpid(), signal.SIGKILL)
    return write(descriptor, content)

os.write = cut_short
log.append(login("lost"), login("lost"))
"""


@pytest.mark.parametrize("at_write", [1, 2, 3])
@pytest.mark.parametrize("at_byte", [0, 1, 64, 65, 150, 300, 500])
def test_one_that_is_killed_while_a_segment_begins_leaves_a_sound_log(
    tmp_path: Path, at_write: int, at_byte: int
) -> None:
    """A rotation writes thrice: the checkpoint of the old one, the first line, the records."""
    words = (sys.executable, "-c", PROGRAM, str(tmp_path), str(at_write), str(at_byte))
    done = subprocess.run(words, check=False, cwd=Path(__file__).parents[3], capture_output=True)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"kept\n")
    clock = FixedClock()
    clock.advance(days=1)
    after = journal(tmp_path, clock)
    after.append(login("after"))
    after.checkpoint(now_if_any=True)
    result = verified(tmp_path)
    assert result.problems == []
    assert [each.name for each in newest(tmp_path, 9, "login") if each.name != "lost"] == [
        "kept",
        "after",
    ]


def test_what_was_set_aside_is_written_down(tmp_path: Path) -> None:
    """Who cuts the last line by hand does not go unseen: the log says that there was one."""
    log = journal(tmp_path, FixedClock())
    log.append(login(), login())
    path = segments(tmp_path)[0].path
    os.truncate(path, path.stat().st_size - 10)
    journal(tmp_path, FixedClock()).append(login("bob"))
    (torn,) = newest(tmp_path, 9, Action.TORN)
    assert torn.subject == "segment:000001"
    assert int(torn.fields["detail"]["bytes"]) > 100
    assert verified(tmp_path).problems == []


def test_whoever_holds_the_lock_for_ever_stops_what_is_privileged_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped process with the lock: an answer comes, and soon."""
    monkeypatch.setattr(locking, "PATIENCE_SECONDS", 0.2)
    log = written_over_days(tmp_path, FixedClock())
    with (tmp_path / "lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        began = time.monotonic()
        with pytest.raises(AuditUnavailable, match="another process holds its lock"):
            log.append(login())
        with pytest.raises(TimeoutError):
            next_part(tmp_path, 0, 0)
        assert time.monotonic() - began < 5
    log.append(login())
    assert verified(tmp_path).problems == []


def test_many_that_wait_behind_a_stuck_one_are_refused_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "PATIENCE_SECONDS", 0.3)
    log = written_over_days(tmp_path, FixedClock())
    refused = []

    def append() -> None:
        try:
            log.append(login())
        except AuditUnavailable:
            refused.append(time.monotonic())

    with (tmp_path / "lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        began = time.monotonic()
        threads = [threading.Thread(target=append) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(refused) == 12
    assert max(refused) - began < 2


def test_a_checkpoint_that_cannot_be_written_refuses_nothing_that_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FixedClock()
    log = journal(tmp_path, clock)
    log.append(login("first"))
    clock.advance(minutes=6)
    monkeypatch.setattr(log, "_write_checkpoint", _full)
    log.append(login("second"))
    monkeypatch.undo()
    assert [each.name for each in newest(tmp_path, 9, "login")] == ["first", "second"]
    assert log.checkpoint()
    assert verified(tmp_path).unsigned == 0


def _full() -> None:
    raise OSError(28, "No space left on device")


def test_a_disk_that_fails_at_the_last_moment_refuses_and_leaves_no_trace_of_the_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = journal(tmp_path, FixedClock())
    log.append(login("kept"))

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(AuditUnavailable):
            log.append(login("refused"))
    log.append(login("after"))
    assert [shown.name for shown in newest(tmp_path, 9, "login")] == ["kept", "after"]
    assert verified(tmp_path).problems == []
