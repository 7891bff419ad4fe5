"""A purge that is killed midway leaves a log that verifies; one that was cut never does (T61)."""

import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from collector.audit.retention import KEPT, purge
from collector.audit.segments import segments
from tests.collector.audit.log import journal, verified, written_over_days
from tests.fakes import FixedClock

PROGRAM = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from collector.audit.retention import purge
from tests.collector.audit.log import journal
from tests.fakes import FixedClock

folder, at, left = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])

def watch(event, args):
    global left
    if event == "os.remove" and str(args[0]).endswith(".log"):
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

sys.addaudithook(watch)
purge(journal(folder, FixedClock(at)), at)
"""


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_it_is_finished_by_the_next_one(tmp_path: Path, removed: int) -> None:
    clock = FixedClock()
    written_over_days(tmp_path, clock, days=5)
    clock.advance(days=KEPT.days)
    ended = killed(tmp_path, clock(), removed)
    assert ended == -signal.SIGKILL
    assert len(segments(tmp_path)) == 6 - removed
    assert verified(tmp_path).problems == []
    purge(journal(tmp_path, clock), clock())
    assert verified(tmp_path).problems == []
    assert len(segments(tmp_path)) == 2


def test_a_log_that_somebody_cut_is_not_taken_for_a_purged_one(tmp_path: Path) -> None:
    clock = FixedClock()
    written_over_days(tmp_path, clock, days=5)
    clock.advance(days=KEPT.days)
    killed(tmp_path, clock() - timedelta(days=3), 0)
    for segment in segments(tmp_path)[:4]:
        segment.path.unlink()
    (problem,) = verified(tmp_path).problems
    assert "no signed record says it was purged" in str(problem)


def killed(folder: Path, at: datetime, removed: int) -> int:
    words = (sys.executable, "-c", PROGRAM, str(folder), at.isoformat(), str(removed))
    return subprocess.run(words, check=False, cwd=Path(__file__).parents[3]).returncode
