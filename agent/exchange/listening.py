"""Between two check-ins: nothing is held open, or one stream that says no more than "come".

A collector that calls all the time is obeyed a bounded number of times; one that is away is tried
again after a random while, so that a fleet does not come back as one.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.exchange.troubles import Busy, CollectorFailed, Refused, Rejected, TransportError
from agent.log import Log
from agent.state import StateError

HOUR = 3600.0
MOST_CALLS = 30
"""In an hour; further ones wait for the next check-in."""
LEAST_SECONDS = 5.0
"""Between a check-in and the one that a call leads to, after the first few."""
FREE_CALLS = 5
RETRY_BASE_SECONDS = 60.0
RETRY_CAP_SECONDS = 600.0
SHORT_SECONDS = 60.0
"""A stream that ends sooner without a call counts as one that did not succeed."""


@dataclass(slots=True)
class Listening:
    """`seconds` is a clock that only goes forward; `sleep` passes time without a stream.

    `listen` holds a stream until the collector calls (True) or for so many seconds. Whether one
    is `wanted` is what the last check-in was told.
    """

    listen: Callable[[float], bool]
    sleep: Callable[[float], None]
    seconds: Callable[[], float]
    chance: random.Random
    log: Log
    wanted: bool = False
    called: bool = False
    _calls: deque[float] = field(default_factory=deque)

    def wait(self, seconds: float) -> None:
        """Until the next check-in: so many seconds, or until the collector calls (`called`)."""
        self.called = False
        if not self.wanted:
            self.sleep(seconds)
            return
        ends_at, failures = self.seconds() + seconds, 0
        while (left := ends_at - self.seconds()) > 0:
            begun_at = self.seconds()
            try:
                if self.listen(left):
                    self._come(ends_at)
                    self.called = True
                    return
                pause = 0.0
            except (Refused, Rejected, CollectorFailed, StateError) as error:
                self.log("the collector takes no stream", because=str(error))
                pause = left
            except TransportError as error:
                self.log("the stream ended", because=str(error))
                pause = self._pause(failures, error)
            short = self.seconds() - begun_at < min(SHORT_SECONDS, left)
            failures = failures + 1 if short or pause else 0
            if short and not pause:
                pause = self._pause(failures, None)
            self._rest(min(pause, ends_at - self.seconds()))

    def _come(self, ends_at: float) -> None:
        """Go at once, unless the collector calls too often."""
        now = self.seconds()
        while self._calls and self._calls[0] <= now - HOUR:
            self._calls.popleft()
        if len(self._calls) >= MOST_CALLS:
            self.log("the collector calls too often; the next check-in is as scheduled")
            self._rest(ends_at - now)
        elif len(self._calls) >= FREE_CALLS:
            self._rest(self._calls[-1] + LEAST_SECONDS - now)
        self._calls.append(self.seconds())

    def _pause(self, failures: int, error: TransportError | None) -> float:
        hint = error.retry_after_seconds if isinstance(error, Busy) else None
        if hint is not None:
            return hint + self.chance.uniform(0, max(hint, RETRY_BASE_SECONDS))
        most = min(RETRY_BASE_SECONDS * 2.0 ** min(failures, 16), RETRY_CAP_SECONDS)
        return self.chance.uniform(0, most)

    def _rest(self, seconds: float) -> None:
        if seconds > 0:
            self.sleep(seconds)
