"""The time one look at the device may take: a question gets its own limit, or what is left of it.

Limits of single questions do not bound their sum: on a machine where every tool hangs, forty
questions of ten seconds each would take minutes.
"""

import time
from collections.abc import Callable

from agent.host import TimedOut

OBSERVATION_SECONDS = 50.0
"""For all questions of one look. With what the agent does itself, it ends within a minute."""


class Budget:
    """Begins when it is made. `clock` counts seconds and never goes back."""

    def __init__(
        self, seconds: float = OBSERVATION_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._ends_at = clock() + seconds

    def granted(self, question: str, limit: float) -> float:
        """Seconds that `question` may take: `limit` at most. Raises TimedOut when none is left."""
        left = self._ends_at - self._clock()
        if left <= 0:
            raise TimedOut(f"{question}: no time was left in this look at the device")
        return min(limit, left)
