import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.windows.service import Control, Hosted, NoManager, Phase, ThisManager, status_of


@dataclass
class FakeManager:
    """A service manager in a thread; `ask` is what an administrator does."""

    refuses: bool = False
    said: list[tuple[Phase, int]] = field(default_factory=list)
    asked: Callable[[int], None] = field(default=lambda control: None)

    def serve(self, begun: Callable[[], None], asked: Callable[[int], None]) -> None:
        if self.refuses:
            raise NoManager("error 1063")
        self.asked = asked
        begun()

    def say(self, phase: Phase, wait_seconds: float = 0.0, status: int = 0) -> None:
        self.said.append((phase, status))

    def phases(self) -> list[Phase]:
        return [phase for phase, _ in self.said]


def log(sentence: str, **fields: str | float) -> None:
    """Nobody reads it."""


def test_a_service_says_that_it_starts_runs_and_has_ended() -> None:
    manager = FakeManager()

    assert Hosted(manager, log).run(lambda: 0) == 0

    assert manager.phases() == [Phase.START_PENDING, Phase.RUNNING, Phase.STOPPED]


def test_stop_reaches_the_agent_as_an_interruption() -> None:
    manager = FakeManager()

    def agent() -> int:
        manager.asked(Control.STOP)
        threading.Event().wait(10)
        return 9

    began = time.monotonic()
    assert Hosted(manager, log).run(agent) == 0

    assert time.monotonic() - began < 5
    assert manager.phases()[-2:] == [Phase.STOP_PENDING, Phase.STOPPED]


def test_an_agent_that_fails_is_told_as_failed_so_that_it_is_started_again() -> None:
    manager = FakeManager()

    assert Hosted(manager, log).run(lambda: 3) == 3

    assert manager.said[-1] == (Phase.STOPPED, 3)
    told = status_of(Phase.STOPPED, 0, 3, 0)
    assert (told.exit_code, told.own_code) == (1066, 3)


def test_without_a_manager_it_ends_at_once() -> None:
    assert Hosted(FakeManager(refuses=True), log).run(lambda: 0) == 1
    assert Hosted(ThisManager(), log).run(lambda: 0) == 1


def test_other_controls_change_nothing() -> None:
    manager = FakeManager()

    def agent() -> int:
        manager.asked(Control.INTERROGATE)
        return 0

    assert Hosted(manager, log).run(agent) == 0
    assert Phase.STOP_PENDING not in manager.phases()


def test_a_service_that_starts_or_stops_says_how_long_it_takes_and_accepts_nothing() -> None:
    starting, running = (
        status_of(phase, 30, 0, 1) for phase in (Phase.START_PENDING, Phase.RUNNING)
    )

    assert (starting.wait_ms, starting.check_point, starting.accepted) == (30_000, 1, 0)
    assert (running.wait_ms, running.check_point, running.accepted) == (0, 0, 5)
