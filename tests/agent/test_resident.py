"""What stays in memory as the service, and the programs it starts."""

import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.exchange.troubles import Busy, TransportError, Unreachable
from agent.loop import Stopped
from agent.resident import MOST_BYTES, Service
from agent.resting import AFTER_STANDBY_SECONDS, Rest, live
from agent.state import State
from agent.visits import Told, VisitFailed, Visits, heard, own_program


@dataclass
class Night:
    """Time that passes only by pauses, and standby that comes with some of them."""

    pauses: int = 1000
    standby: list[float] = field(default_factory=list)
    now: float = 0.0
    slept: float = 0.0
    naps: list[float] = field(default_factory=list)

    def pause(self, seconds: float) -> None:
        self.naps.append(seconds)
        if len(self.naps) > self.pauses:
            raise Stopped
        self.now += seconds
        if self.standby:
            asleep = self.standby.pop(0)
            self.now, self.slept = self.now + asleep, self.slept + asleep

    @property
    def rest(self) -> Rest:
        return Rest(lambda: self.now, lambda: self.now - self.slept, self.pause, random.Random(1))


def service(
    folder: Path, visits: Callable[[bool], Told], night: Night, held: int = 0
) -> tuple[Service, list[str]]:
    said: list[str] = []
    made = Service(
        State.open(folder),
        visits,
        night.rest,
        random.Random(1),
        lambda sentence, **fields: said.append(sentence),
        held=lambda: held,
    )
    return made, said


def test_each_check_in_says_when_the_next_one_is(tmp_path: Path) -> None:
    asked: list[bool] = []

    def visit(called: bool) -> Told:
        asked.append(called)
        return Told(next_seconds=600)

    night = Night(pauses=3)
    made, said = service(tmp_path, visit, night)
    assert made.run(at_once=True) == 0
    assert asked == [False] * 4
    assert all(570 <= nap <= 630 for nap in night.naps)
    assert said[-1] == "stopped"


def test_a_check_in_that_crashes_is_tried_again_after_a_growing_while(tmp_path: Path) -> None:
    def visit(called: bool) -> Told:
        raise VisitFailed("the check-in was ended by signal 11 without an answer")

    night = Night(pauses=200)
    made, said = service(tmp_path, visit, night)
    assert made.run(at_once=True) == 0
    assert said.count("check-in did not succeed") > 100
    assert max(night.naps[:2]) <= 60
    assert max(night.naps) > 3000


def test_a_service_that_has_grown_ends_to_be_started_anew(tmp_path: Path) -> None:
    made, said = service(tmp_path, lambda called: Told(), Night(), MOST_BYTES + 1)
    assert made.run(at_once=True) == 1
    assert said == ["the service ends, to be started anew"]


def test_standby_counts_as_time_that_passed(tmp_path: Path) -> None:
    night = Night(standby=[28_800])
    night.rest.sleep(3600)
    assert night.naps[0] == 3600
    assert len(night.naps) == 2
    assert 0 <= night.naps[1] <= AFTER_STANDBY_SECONDS


def test_without_standby_nobody_waits_longer() -> None:
    night = Night()
    night.rest.sleep(3600)
    assert night.naps == [3600]


def test_a_fleet_that_wakes_together_comes_over_a_minute() -> None:
    waits = []
    for number in range(300):
        night = Night(standby=[28_800])
        rest = Rest(
            lambda night=night: night.now,  # type: ignore[misc]
            lambda night=night: night.now - night.slept,  # type: ignore[misc]
            night.pause,
            random.Random(number),
        )
        rest.sleep(60)
        waits.append(night.naps[1])
    assert all(sum(n <= each < n + 10 for each in waits) > 25 for n in range(0, 60, 10))


def test_the_timer_of_this_system_passes_the_time_it_was_given() -> None:
    rest = live(random.Random(1))
    before = rest.elapsed()
    rest.sleep(0.3)
    assert 0.3 <= rest.elapsed() - before < 5


def program(words: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", words)


def test_a_visit_is_heard_as_it_was_told() -> None:
    told = Told(600.0, connected=True)
    assert heard(told.line()) == told
    assert Visits(program(f"print({told.line()!r})"))(False) == told


def test_only_a_call_is_told_to_the_visit() -> None:
    words = "import sys; from json import dumps; print(dumps(dict(next_seconds=len(sys.argv),"
    words += " connected=False, trouble='', retry_after_seconds=None)))"
    assert [Visits(program(words))(called).next_seconds for called in (False, True)] == [1, 2]


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        ("import os; os.kill(os.getpid(), 11)", VisitFailed, "ended by signal 11"),
        ("raise SystemExit(3)", VisitFailed, "ended with status 3 without an answer"),
        ("print('hello')", VisitFailed, "nothing that can be understood"),
        ("print('x' * 10**7)", VisitFailed, "nothing that can be understood"),
        (f"print({Told(trouble='away').line()!r})", Unreachable, "away"),
        (f"print({Told(trouble='later', retry_after_seconds=9.0).line()!r})", Busy, "later"),
        ("import time; time.sleep(60)", VisitFailed, "took longer than 2 s"),
    ],
)
def test_whatever_a_visit_does_is_an_answer_or_one_trouble(
    words: str, kind: type[TransportError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        Visits(program(words), time_limit=2 if "sleep" in words else 60)(False)


def test_a_program_that_cannot_be_started_is_a_trouble() -> None:
    with pytest.raises(VisitFailed, match="cannot start /nowhere/agent: No such file"):
        Visits(("/nowhere/agent",))(False)


def test_the_service_loads_neither_the_checks_nor_grpc() -> None:
    look = "import sys, agent.cli; agent.cli.parser(['run']); import agent.resident;"
    look += "import agent.surroundings, agent.exchange.holding, agent.resting;"
    heavy = ("grpc", "google", "cryptography", "psutil", "http", "agent.checks", "agent.machine")
    look += f"print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-I", "-c", look], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_its_own_program_is_this_one() -> None:
    done = subprocess.run([*own_program(), "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("muster-agent ")
