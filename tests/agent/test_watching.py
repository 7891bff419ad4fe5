"""A check-in that takes more than it may ends itself and says so."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent.budget import MOST_GROWTH, OWN_CPU_SECONDS, Budget
from agent.exchange import progress
from agent.host import TimedOut, TooLarge
from agent.state import State
from agent.visits import TIME_LIMIT
from agent.watching import CPU_SECONDS, MOST_BYTES, STATUS, WALL_SECONDS, Watch
from tests.agent.terminal import Terminal


class Ended(Exception):
    pass


def end(status: int) -> None:
    raise Ended(status)


def watched(
    wall: float = 0, cpu: float = 0, held: int = 0, told: list[str] | None = None
) -> tuple[Watch, list[str]]:
    lines: list[str] = []
    kept = told if told is not None else []
    watch = Watch(
        lambda sentence, **fields: lines.append(f"{sentence}: {fields}"),
        kept.append,
        end,
        lambda: wall,
        lambda: cpu,
        lambda: held,
    )
    return watch, lines


@pytest.mark.parametrize(
    ("watch", "said"),
    [
        (watched(cpu=CPU_SECONDS + 1), "more than 60 s of processor time"),
        (watched(held=MOST_BYTES + (1 << 20)), "it holds 257 MiB of memory, more than 256"),
        (watched(wall=WALL_SECONDS + 1), "it took longer than 840 s"),
    ],
)
def test_what_is_over_its_limit_ends_with_one_line(
    watch: tuple[Watch, list[str]], said: str
) -> None:
    with pytest.raises(Ended, match=str(STATUS)):
        watch[0].run(0)
    (line,) = watch[1]
    assert line.startswith("this check-in ends itself")
    assert said in line


def test_within_its_limits_it_is_left_alone() -> None:
    watch, lines = watched(WALL_SECONDS, CPU_SECONDS, MOST_BYTES)
    assert watch.over(0) is None
    assert lines == []


def test_it_ends_although_the_reason_cannot_be_kept() -> None:
    watch, _ = watched(cpu=CPU_SECONDS + 1)

    def full(because: str) -> None:
        raise OSError("no space")

    cut = Watch(watch.log, full, end, watch.wall, watch.cpu, watch.held)
    with pytest.raises(Ended):
        cut.run(0)


def test_the_reason_is_there_for_whoever_asks_later(tmp_path: Path) -> None:
    state = State.open(tmp_path)
    progress.note_trouble(state, "it took longer than 840 s")
    assert progress.load(state).trouble == "it took longer than 840 s"


def test_it_ends_before_the_service_would_end_it() -> None:
    assert WALL_SECONDS < TIME_LIMIT


def test_a_leak_in_a_real_process_is_ended_within_seconds() -> None:
    program = (
        "import agent.watching as w, time\n"
        "w.LOOK_SECONDS, w.MOST_BYTES = 0.1, 64 << 20\n"
        "w.Watch(lambda sentence, **f: print(sentence, f), lambda because: None).begin()\n"
        "kept = []\n"
        "while True: kept.append(bytearray(1 << 20)); time.sleep(0.01)\n"
    )
    done = subprocess.run(
        [sys.executable, "-u", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == STATUS
    assert "this check-in ends itself" in done.stdout


def test_a_process_of_somebody_else_is_neither_limited_nor_watched(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "state")
    terminal.enroll()
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    before = (resource.getrlimit(resource.RLIMIT_CPU), threading.active_count())
    terminal.type("run", "--once")
    assert (resource.getrlimit(resource.RLIMIT_CPU), threading.active_count()) == before


def test_a_look_without_processor_time_left_says_so_of_every_further_question() -> None:
    used = 5.0
    budget = Budget(50, lambda: 0.0, lambda: used, lambda: 0)
    used += OWN_CPU_SECONDS
    assert budget.granted("x", 10) == 10
    used += 1
    with pytest.raises(TimedOut, match="x: no processor time was left in this look"):
        budget.granted("x", 10)


def test_a_look_without_memory_left_says_so_of_every_further_question() -> None:
    held = 50 << 20
    budget = Budget(50, lambda: 0.0, lambda: 0.0, lambda: held)
    held += MOST_GROWTH
    assert budget.granted("x", 10) == 10
    held += 1
    with pytest.raises(TooLarge, match="x: no memory was left in this look"):
        budget.granted("x", 10)
