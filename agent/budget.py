"""What one look at the device may take: a question gets its own limit, or what is left of it.

Limits of single questions do not bound their sum: on a machine where every tool hangs, forty
questions of ten seconds each would take minutes.
"""

import time
from collections.abc import Callable

from agent.host import TimedOut, TooLarge
from agent.memory import held_bytes

OBSERVATION_SECONDS = 50.0
"""For all questions of one look. With what the agent does itself, it ends within a minute."""
OWN_CPU_SECONDS = 20.0
"""Of the agent itself, without the programs it asks; 0.4 is usual."""
MOST_GROWTH = 128 << 20
"""Bytes by which it may grow; 30 MB is usual."""


class Budget:
    """Begins when it is made. `clock` counts seconds and never goes back, as does `cpu`, which
    counts this process's own; `held` is what it holds in memory."""

    def __init__(
        self,
        seconds: float = OBSERVATION_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
        held: Callable[[], int] = held_bytes,
    ) -> None:
        self._clock, self._cpu, self._held = clock, cpu, held
        self._ends_at = clock() + seconds
        self._cpu_ends_at = cpu() + OWN_CPU_SECONDS
        self._most = held() + MOST_GROWTH

    def granted(self, question: str, limit: float) -> float:
        """Seconds that `question` may take: `limit` at most. Raises TimedOut when none is left, and
        TooLarge when the answers so far take too much memory.
        """
        left = self._ends_at - self._clock()
        if left <= 0:
            raise TimedOut(f"{question}: no time was left in this look at the device")
        if self._cpu() > self._cpu_ends_at:
            raise TimedOut(f"{question}: no processor time was left in this look at the device")
        if self._held() > self._most:
            raise TooLarge(f"{question}: no memory was left in this look at the device")
        return min(limit, left)
