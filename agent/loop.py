"""When to observe and check in: spread out, backing off, ended at once by a signal.

Nothing here listens: the agent asks, the collector answers.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from agent.exchange.troubles import Busy, TransportError
from agent.log import Log
from agent.state import StateError

START_SPREAD_SECONDS = 60.0
BACK_OFF_BASE_SECONDS = 30.0
BACK_OFF_CAP_SECONDS = 3600.0
USUAL_INTERVAL_SECONDS = 3600.0
SHORTEST_INTERVAL_SECONDS = 10.0
LONGEST_INTERVAL_SECONDS = 86_400.0
SPREAD = 0.05


class Stopped(BaseException):
    """The service was asked to end. Not an error: nothing but `run` catches it."""


@dataclass(frozen=True, slots=True)
class Loop:
    """`cycle` is one check-in; it answers with the seconds until the next, 0 for the usual.

    `wait` passes the time after one that succeeded; it may end sooner, when the collector calls.
    """

    cycle: Callable[[], float]
    sleep: Callable[[float], None]
    chance: random.Random
    log: Log
    wait: Callable[[float], None]

    def run(self, *, at_once: bool = False) -> None:
        """Go on until `Stopped` is raised (by a signal, or by `sleep`)."""
        if not at_once:
            seconds = self.chance.uniform(0, START_SPREAD_SECONDS)
            self._rest(seconds, "waiting before the start", self.sleep)
        failures = 0
        while True:
            try:
                seconds, rest = self.next_check_in(self.cycle()), self.wait
                failures = 0
            except (TransportError, StateError) as error:
                failures += 1
                self.log("check-in did not succeed", because=str(error), times=failures)
                seconds, rest = self.back_off(failures, error), self.sleep
            self._rest(seconds, "waiting for the next check-in", rest)

    def next_check_in(self, seconds: float) -> float:
        """The collector's wish, kept within reason and spread a little."""
        wished = seconds or USUAL_INTERVAL_SECONDS
        kept = min(max(wished, SHORTEST_INTERVAL_SECONDS), LONGEST_INTERVAL_SECONDS)
        return kept * self.chance.uniform(1 - SPREAD, 1 + SPREAD)

    def back_off(self, failures: int, error: Exception) -> float:
        """Full jitter: anything up to base x 2^(failures-1), capped.

        A busy collector paces us itself: its hint, spread by as much again (or by the base).
        Its hints do not add up: one that takes a long spool in portions is not failing.
        """
        hint = error.retry_after_seconds if isinstance(error, Busy) else None
        if hint is not None:
            return hint + self.chance.uniform(0, max(hint, BACK_OFF_BASE_SECONDS))
        doubled = BACK_OFF_BASE_SECONDS * 2.0 ** min(failures - 1, 16)
        return self.chance.uniform(0, min(doubled, BACK_OFF_CAP_SECONDS))

    def _rest(self, seconds: float, why: str, rest: Callable[[float], None]) -> None:
        self.log(why, seconds=round(seconds))
        rest(seconds)
