import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from agent.exchange.troubles import Busy, Unreachable
from agent.loop import Loop, Stopped
from agent.state import StateError


@dataclass
class Night:
    """Sleeps without sleeping; wakes the sleeper for the last time after `rests` rests."""

    rests: int
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) >= self.rests:
            raise Stopped


def rests(cycle: Callable[[], float], count: int, *, at_once: bool = True) -> list[float]:
    night = Night(count)
    chance = random.Random(1)
    loop = Loop(cycle, night.sleep, chance, lambda sentence, **fields: None, night.sleep)
    with pytest.raises(Stopped):
        loop.run(at_once=at_once)
    return night.slept


def unreachable() -> float:
    raise Unreachable("away")


def test_the_first_check_in_waits_a_random_part_of_a_minute() -> None:
    first, second = rests(lambda: 600.0, 2, at_once=False)
    assert 0 <= first <= 60
    assert 570 <= second <= 630


def test_the_collector_says_when_to_come_back_within_reason() -> None:
    answers = iter([600.0, 0.0, 1.0, 10_000_000.0])
    asked, usual, soonest, latest = rests(lambda: next(answers), 4)
    assert asked == pytest.approx(600, rel=0.05)
    assert usual == pytest.approx(3600, rel=0.05)
    assert soonest == pytest.approx(10, rel=0.05)
    assert latest == pytest.approx(86_400, rel=0.05)


def test_failures_back_off_with_full_jitter_up_to_an_hour() -> None:
    slept = rests(unreachable, 2000)
    for number, seconds in enumerate(slept):
        assert 0 <= seconds <= min(30 * 2.0 ** min(number, 20), 3600)
    late = slept[100:]
    assert min(late) < 100
    assert max(late) > 3500


def test_a_success_forgets_the_failures() -> None:
    night = iter([Unreachable("a")] * 8 + [None] + [Unreachable("b")])

    def cycle() -> float:
        trouble = next(night)
        if trouble:
            raise trouble
        return 600.0

    assert rests(cycle, 10)[-1] <= 30


def test_a_busy_collectors_hint_is_respected() -> None:
    def cycle() -> float:
        raise Busy("later", 500)

    assert all(500 <= seconds <= 1000 for seconds in rests(cycle, 50))


def test_a_collector_that_takes_a_long_spool_in_portions_is_not_waited_for_ever_longer() -> None:
    def cycle() -> float:
        raise Busy("30 at a time", 1)

    assert all(1 <= seconds <= 31 for seconds in rests(cycle, 50))


def test_a_full_disk_is_waited_out() -> None:
    def cycle() -> float:
        raise StateError("no space left")

    assert len(rests(cycle, 3)) == 3


def test_a_stop_during_a_check_in_ends_at_once() -> None:
    def cycle() -> float:
        raise Stopped

    chance, passes = random.Random(1), lambda seconds: None
    loop = Loop(cycle, passes, chance, lambda sentence, **fields: None, passes)
    with pytest.raises(Stopped):
        loop.run(at_once=True)
