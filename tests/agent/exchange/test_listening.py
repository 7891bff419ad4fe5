"""What an agent does between two check-ins, whatever the collector at the other end does."""

import random
from dataclasses import dataclass, field

import pytest

from agent.exchange.listening import MOST_CALLS, Listening
from agent.exchange.troubles import Busy, Refused, Unreachable


@dataclass
class Laptop:
    """A device whose time passes only when it sleeps or listens."""

    connected: bool = True
    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    calls: list[bool] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    opened: int = 0

    def __post_init__(self) -> None:
        self.listening = Listening(
            self.listen,
            self.sleep,
            lambda: self.now,
            random.Random(1),
            lambda sentence, **fields: None,
            wanted=self.connected,
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def listen(self, seconds: float) -> bool:
        self.opened += 1
        if self.troubles:
            raise self.troubles.pop(0)
        called = self.calls.pop(0) if self.calls else False
        self.now += 0 if called else seconds
        return called


def test_a_scheduled_agent_opens_nothing() -> None:
    laptop = Laptop(connected=False)
    laptop.listening.wait(3600)
    assert (laptop.opened, laptop.slept) == (0, [3600])


def test_a_connected_agent_holds_one_stream_until_the_next_check_in() -> None:
    laptop = Laptop()
    laptop.listening.wait(3600)
    assert (laptop.opened, laptop.slept, laptop.now) == (1, [], 3600)


def test_a_call_ends_the_wait_at_once() -> None:
    laptop = Laptop(calls=[True])
    laptop.listening.wait(3600)
    assert (laptop.now, laptop.listening.called) == (0, True)
    laptop.listening.wait(3600)
    assert not laptop.listening.called


def test_a_collector_that_calls_all_the_time_is_obeyed_a_bounded_number_of_times() -> None:
    laptop = Laptop(calls=[True] * 1000)
    check_ins = 0
    while laptop.now < 3600:
        laptop.listening.wait(3600)
        check_ins += 1
    assert check_ins == MOST_CALLS + 1


@pytest.mark.parametrize("error", [Refused("scheduled"), Unreachable("away")])
def test_it_is_never_late_for_the_next_check_in(error: Exception) -> None:
    laptop = Laptop(troubles=[error] * 1000)
    laptop.listening.wait(3600)
    assert laptop.now == pytest.approx(3600)


def test_a_refusal_is_not_argued_with() -> None:
    laptop = Laptop(troubles=[Refused("scheduled")])
    laptop.listening.wait(3600)
    assert (laptop.opened, laptop.slept) == (1, [3600])


def test_a_fleet_whose_collector_starts_again_comes_back_over_a_minute() -> None:
    first = []
    for number in range(200):
        laptop = Laptop(troubles=[Unreachable("away")])
        laptop.listening.chance = random.Random(number)
        laptop.listening.wait(3600)
        first.append(laptop.slept[0])
    assert max(first) <= 60
    assert all(sum(n <= each < n + 10 for each in first) > 15 for n in range(0, 60, 10))


def test_a_full_collector_is_asked_again_when_it_says() -> None:
    laptop = Laptop(troubles=[Busy("full", 600.0)])
    laptop.listening.wait(3600)
    assert 600 <= laptop.slept[0] <= 1200
    assert laptop.opened == 2
