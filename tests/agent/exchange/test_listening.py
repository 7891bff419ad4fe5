"""What an agent does between two check-ins, whatever the collector at the other end does."""

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent import identity
from agent.config import Config
from agent.exchange import progress
from agent.exchange.listening import MOST_CALLS, Listening
from agent.exchange.progress import Progress
from agent.exchange.transport import Busy, Credentials, Refused, Transport, Unreachable
from agent.state import State
from tests.agent.certificates import TestAuthority
from tests.fakes import FakeTransport, FixedClock


@dataclass
class Laptop:
    """An enrolled device whose time passes only when it sleeps or listens."""

    folder: Path
    connected: bool = True
    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    collector: FakeTransport = field(default_factory=FakeTransport)
    opened: int = 0

    def __post_init__(self) -> None:
        state, authority = State.open(self.folder), TestAuthority(FixedClock()())
        config = Config("Example", "d-1", "collector.example:7844", "collector.example:7843")
        key = identity.new_key()
        state.write("agent.toml", config.to_toml())
        state.write("key.pem", key)
        state.write("certificate.pem", authority.device(identity.signing_request(key)))
        state.write("authority.pem", authority.pem)
        progress.save(state, Progress(connected=self.connected))
        self.listening = Listening(
            state,
            self.connect,
            self.sleep,
            lambda: self.now,
            random.Random(1),
            lambda sentence, **fields: None,
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def connect(self, address: str, credentials: Credentials) -> Transport:
        self.opened += 1
        laptop = self

        class Timed(FakeTransport):
            """The laptop's collector; waiting for nothing takes its time."""

            def listen(self, seconds: float) -> bool:
                called = laptop.collector.listen(seconds)
                laptop.now += 0 if called else seconds
                return called

        return Timed()


def test_a_scheduled_agent_opens_nothing(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path, connected=False)
    laptop.listening.wait(3600)
    assert (laptop.opened, laptop.slept) == (0, [3600])


def test_a_connected_agent_holds_one_stream_until_the_next_check_in(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path)
    laptop.listening.wait(3600)
    assert (laptop.opened, laptop.slept, laptop.now) == (1, [], 3600)


def test_a_call_ends_the_wait_at_once(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path, collector=FakeTransport(calls=[True]))
    laptop.listening.wait(3600)
    assert (laptop.now, laptop.listening.called) == (0, True)
    laptop.listening.wait(3600)
    assert not laptop.listening.called


def test_a_collector_that_calls_all_the_time_is_obeyed_a_bounded_number_of_times(
    tmp_path: Path,
) -> None:
    laptop = Laptop(tmp_path, collector=FakeTransport(calls=[True] * 1000))
    check_ins = 0
    while laptop.now < 3600:
        laptop.listening.wait(3600)
        check_ins += 1
    assert check_ins == MOST_CALLS + 1


@pytest.mark.parametrize("error", [Refused("scheduled"), Unreachable("away")])
def test_it_is_never_late_for_the_next_check_in(tmp_path: Path, error: Exception) -> None:
    laptop = Laptop(tmp_path, collector=FakeTransport(troubles=[error] * 1000))
    laptop.listening.wait(3600)
    assert laptop.now == pytest.approx(3600)


def test_a_refusal_is_not_argued_with(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path, collector=FakeTransport(troubles=[Refused("scheduled")]))
    laptop.listening.wait(3600)
    assert (laptop.opened, laptop.slept) == (1, [3600])


def test_a_fleet_whose_collector_starts_again_comes_back_over_a_minute(tmp_path: Path) -> None:
    first = []
    for number in range(200):
        folder = tmp_path / str(number)
        folder.mkdir(mode=0o700)
        laptop = Laptop(folder, collector=FakeTransport(troubles=[Unreachable("away")]))
        laptop.listening.chance = random.Random(number)
        laptop.listening.wait(3600)
        first.append(laptop.slept[0])
    assert max(first) <= 60
    assert all(sum(n <= each < n + 10 for each in first) > 15 for n in range(0, 60, 10))


def test_a_full_collector_is_asked_again_when_it_says(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path, collector=FakeTransport(troubles=[Busy("full", 600.0)]))
    laptop.listening.wait(3600)
    assert 600 <= laptop.slept[0] <= 1200
    assert laptop.opened == 2
