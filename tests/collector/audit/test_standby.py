"""Of two folders one suffices (T59); the log in them stays one, whatever fails and in what order.

Killed anywhere, nothing that was acknowledged is missing and the chain is whole.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from collector.audit.alone import leading
from collector.audit.entry import Action
from collector.audit.journal import AuditBroken, AuditUnavailable, Journal
from collector.audit.mending import copies_differ
from collector.audit.reading import newest
from collector.audit.replicas.local import next_part
from collector.audit.retention import purge
from collector.audit.segments import segments
from tests.collector.audit.failing import FAILING, Failing, gone, input_output_error, locked
from tests.collector.audit.log import SIGNER, login, verified
from tests.fakes import FixedClock


class Two:
    """A log in two folders; each `writer` is a process that starts anew."""

    def __init__(self, folder: Path) -> None:
        self.first, self.second = folder / "audit", folder / "second"
        self.second.mkdir()
        self.clock = FixedClock()

    def writer(self) -> Journal:
        return Journal(self.first, SIGNER, self.clock, self.second)

    def names(self) -> list[str]:
        return [each.name for each in newest(leading(self.first), 999, Action.LOGIN)]

    def news(self) -> list[str]:
        found = newest(leading(self.first), 999, Action.SINK)
        return [f"{each.subject} {each.outcome}" for each in found]

    def agrees(self) -> None:
        """Both hold the same whole log."""
        one, other = (
            {each.path.name: each.path.read_bytes() for each in segments(folder)}
            for folder in (self.first, self.second)
        )
        assert one == other
        assert verified(self.first).problems == []
        assert not self.first.with_name("audit.alone").exists()


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


def test_both_hold_every_byte(two: Two) -> None:
    log = two.writer()
    for _ in range(3):
        log.append(login())
        two.clock.advance(days=1)
    two.agrees()
    assert two.news() == []


@pytest.mark.parametrize("failing", FAILING)
@pytest.mark.parametrize("which", ["first", "second"])
def test_one_alone_suffices_and_the_other_is_brought_up_to_it(
    two: Two, failing: Failing, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = two.writer()
    log.append(login("before"))
    name = "sink:first" if which == "first" else "sink:standby"
    with failing(getattr(two, which), monkeypatch):
        log.append(login("one"))
        two.clock.advance(days=1)
        log.append(login("two"))
        assert two.names() == ["before", "one", "two"]
        assert verified(log.folder).problems == []
        assert list(log.left_out()) == [name]
        assert two.news() == [f"{name} failed"]
    log.append(login("after"))
    assert two.names() == ["before", "one", "two", "after"]
    assert two.news() == [f"{name} failed", f"{name} done"]
    two.agrees()


@pytest.mark.parametrize("failing", FAILING)
def test_a_writer_that_starts_anew_goes_on_in_the_one_that_has_everything(
    two: Two, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.writer().append(login("before"))
    with failing(two.first, monkeypatch):
        two.writer().append(login("one"))
        two.writer().append(login("two"))
    two.writer().append(login("after"))
    assert two.names() == ["before", "one", "two", "after"]
    two.agrees()


@pytest.mark.parametrize("failing", FAILING)
def test_where_both_fail_nothing_is_written_and_it_is_refused(
    two: Two, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.writer().append(login("before"))
    with (
        failing(two.first, monkeypatch),
        failing(two.second, monkeypatch),
        pytest.raises(AuditUnavailable),
    ):
        two.writer().append(login("refused"))
    two.writer().append(login("after"))
    assert two.names() == ["before", "after"]
    two.agrees()


def test_the_one_that_was_left_behind_is_never_gone_on_with(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the log would fork: two records would follow on one."""
    two.writer().append(login("before"))
    with input_output_error(two.first, monkeypatch):
        two.writer().append(login("only in the second"))
    with gone(two.second, monkeypatch):
        with pytest.raises(AuditUnavailable, match=r"written last is in \S+second alone"):
            two.writer().append(login("refused"))
        alone = Journal(two.first, SIGNER, two.clock)
        with pytest.raises(AuditUnavailable, match="set it as `standby` again"):
            alone.append(login("refused"))
    two.writer().append(login("after"))
    assert two.names() == ["before", "only in the second", "after"]
    two.agrees()


def test_a_record_that_only_the_failed_one_holds_was_never_acknowledged(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reached the first, whose disk said no; then the first was gone and the second went on."""
    two.writer().append(login("before"))
    path = segments(two.first)[-1].path
    acknowledged = path.stat().st_size
    Journal(two.first, SIGNER, two.clock).append(login("killed before it was answered"))
    with gone(two.first, monkeypatch):
        two.writer().append(login("after"))
    two.writer().append(login("later"))
    assert two.names() == ["before", "after", "later"]
    assert b"killed" in path.with_suffix(".torn").read_bytes()
    assert path.stat().st_size > acknowledged
    two.agrees()


def test_a_standby_that_is_set_later_gets_all_there_is(two: Two) -> None:
    alone = Journal(two.first, SIGNER, two.clock)
    for _ in range(3):
        alone.append(login("before"))
        two.clock.advance(days=1)
    two.writer().append(login("after"))
    two.agrees()
    assert two.news() == ["sink:standby done"]


def test_two_different_logs_are_refused_and_neither_is_touched(two: Two) -> None:
    two.writer().append(login("before"))
    path = segments(two.second)[0].path
    path.write_bytes(path.read_bytes().replace(b"before", b"beyond"))
    held = segments(two.first)[0].path.read_bytes(), path.read_bytes()
    with pytest.raises(AuditBroken, match="do not hold the same log: keep both"):
        two.writer().append(login("refused"))
    assert (segments(two.first)[0].path.read_bytes(), path.read_bytes()) == held


def test_one_that_somebody_cut_is_made_whole_and_it_is_said(two: Two) -> None:
    log = two.writer()
    log.append(login("before"))
    path = segments(two.first)[0].path
    log.append(login("cut"))
    os.truncate(path, path.stat().st_size - 30)
    log.append(login("after"))
    assert two.names() == ["before", "cut", "after"]
    assert two.news() == ["sink:first failed"]
    two.agrees()


@pytest.mark.parametrize("which", ["first", "second"])
@pytest.mark.parametrize("days", [0, 1])
def test_one_that_was_put_back_while_nobody_ran_is_made_whole_and_it_is_a_failure(
    two: Two, which: str, days: int
) -> None:
    two.writer().append(login("before"))
    folder = getattr(two, which)
    old = {each.path: each.path.read_bytes() for each in segments(folder)}
    for name in ("one", "two"):
        two.clock.advance(days=days, seconds=1)
        two.writer().append(login(name))
    for each in segments(folder):
        each.path.unlink()
    for path, content in old.items():
        path.write_bytes(content)
    two.writer().append(login("after"))
    assert two.names() == ["before", "one", "two", "after"]
    assert two.news() == [f"sink:{'first' if which == 'first' else 'standby'} failed"]
    two.agrees()


def test_a_first_folder_that_was_emptied_while_nobody_ran_is_a_failure(two: Two) -> None:
    for name in ("before", "one"):
        two.clock.advance(seconds=1)
        two.writer().append(login(name))
    for each in segments(two.first):
        each.path.unlink()
    two.writer().append(login("after"))
    assert two.news() == ["sink:first failed"]
    two.agrees()


@pytest.mark.parametrize("which", ["first", "second"])
def test_one_put_back_to_before_it_was_left_out_is_a_failure(
    two: Two, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = two.writer()
    log.append(login("before"))
    path = segments(getattr(two, which))[0].path
    old = path.read_bytes()
    log.append(login("held"))
    with input_output_error(getattr(two, which), monkeypatch):
        log.append(login("one"))
    path.write_bytes(old)
    two.writer().append(login("after"))
    assert [each.split()[1] for each in two.news()] == ["failed", "failed"]
    assert two.names() == ["before", "held", "one", "after"]
    two.agrees()


@pytest.mark.parametrize("cut", [0, 30])
def test_what_a_crash_between_the_two_left_out_is_no_failure(two: Two, cut: int) -> None:
    """One write, whole or in part, with all of its records."""
    log = two.writer()
    log.append(login("before"))
    path, before = segments(two.second)[0].path, segments(two.second)[0].path.stat().st_size
    two.clock.advance(seconds=1)
    log.append(login("one"), login("two"))
    os.truncate(path, before + cut)
    two.writer().append(login("after"))
    assert two.news() == ["sink:standby done"]
    two.agrees()


def test_a_line_changed_in_one_of_them_is_named_by_the_verification(two: Two) -> None:
    log = two.writer()
    log.append(login("before"))
    two.clock.advance(days=1)
    log.append(login("after"))
    path = segments(two.second)[0].path
    path.write_bytes(path.read_bytes().replace(b"before", b"beyond"))
    (said,) = copies_differ(two.first, log.folders)
    assert said.startswith("000001.log:2: ")
    assert "second holds another line than" in said
    path.unlink()
    (said,) = copies_differ(two.first, log.folders)
    assert said.startswith("000001.log is missing in")


def test_replicas_are_fed_from_the_one_that_has_everything(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = two.writer()
    log.append(login("before"))
    size = segments(two.first)[0].path.stat().st_size
    with input_output_error(two.first, monkeypatch):
        log.append(login("one"))
        part = next_part(leading(two.first), 1, size)
        assert part is not None
        assert b"one" in part.content
    log.append(login("two"))
    part = next_part(leading(two.first), 1, size)
    assert part is not None
    assert part.content.count(b'"login"') == 2


def test_old_segments_are_dropped_in_both_also_where_one_was_away(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = two.writer()
    for _ in range(3):
        log.append(login())
        two.clock.advance(days=1)
    two.clock.advance(days=273)
    with gone(two.second, monkeypatch):
        log.append(login())
        assert purge(log, two.clock()) > 0
    log.append(login())
    assert next(each.number for each in segments(two.second)) == 1
    purge(log, two.clock())
    two.agrees()


def test_a_stuck_lock_is_waited_for_once(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    log = two.writer()
    log.append(login())
    with locked(two.first, monkeypatch):
        log.append(login())
        monkeypatch.setattr("collector.audit.locking.time.sleep", _never)
        log.append(login())
    monkeypatch.undo()
    log.append(login())
    two.agrees()


def _never(seconds: float) -> None:
    raise AssertionError("it waits again")


PROGRAM = """
import os, signal, sys
from pathlib import Path
from collector.audit.journal import Journal
from tests.collector.audit.log import SIGNER, login
from tests.fakes import FixedClock

folder, at_call, at_byte = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
clock = FixedClock()
clock.advance(days=2)
write, unlink, count = os.write, Path.unlink, 0

def killed_when_due(content):
    global count
    count += 1
    if count == at_call:
        return bytes(content)[:at_byte]

def cut_short(descriptor, content):
    part = killed_when_due(content)
    if part is not None:
        write(descriptor, part)
        os.kill(os.getpid(), signal.SIGKILL)
    return write(descriptor, content)

os.write = cut_short
Journal(folder / "audit", SIGNER, clock, folder / "second").append(login("maybe"))
print("acknowledged", flush=True)
"""


@pytest.mark.parametrize("at_call", [1, 2, 3, 4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize("at_byte", [0, 70, 400])
def test_killed_while_it_copies_back_it_goes_on_with_the_next(
    two: Two, at_call: int, at_byte: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three segments wait to be copied; then a new one begins, in both."""
    log = two.writer()
    log.append(login("before"))
    with input_output_error(two.first, monkeypatch):
        log.append(login("one"))
        two.clock.advance(days=1)
        log.append(login("two"))
    words = (sys.executable, "-c", PROGRAM, str(two.first.parent), str(at_call), str(at_byte))
    done = subprocess.run(words, check=False, cwd=Path(__file__).parents[3], capture_output=True)
    acknowledged = done.stdout == b"acknowledged\n"
    assert acknowledged or done.returncode == -signal.SIGKILL, done.stderr
    assert {"before", "one", "two"} <= set(two.names())
    two.clock.advance(days=1)
    two.writer().append(login("after"))
    names = two.names()
    assert [each for each in names if each != "maybe"] == ["before", "one", "two", "after"]
    assert not acknowledged or "maybe" in names
    two.agrees()
