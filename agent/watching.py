"""A check-in that takes more than it may ends itself, with a line that says so.

The limits are far above what is ever needed (README, `make budget`): whoever reaches one is caught
in a loop or a leak. One that holds the interpreter, so that no thread of it runs, is ended by the
kernel. What is on disk is always whole, and what waits is sent by the next check-in.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from agent.log import Log
from agent.memory import held_bytes

CPU_SECONDS = 60.0
MOST_BYTES = 256 << 20
WALL_SECONDS = 840.0
"""Below the service's own limit for a check-in (`agent.visits`)."""
KERNEL_SECONDS = 120
LOOK_SECONDS = 1.0
STATUS = 75
"""EX_TEMPFAIL of sysexits.h: to be tried again."""


@dataclass(frozen=True, slots=True)
class Watch:
    """`end` ends the process at once; `tell` keeps the reason for whoever asks later."""

    log: Log
    tell: Callable[[str], None]
    end: Callable[[int], None] = os._exit
    wall: Callable[[], float] = time.monotonic
    cpu: Callable[[], float] = time.process_time
    held: Callable[[], int] = held_bytes

    def begin(self) -> None:
        """Watch until the process ends."""
        _limit_in_kernel()
        threading.Thread(target=self.run, args=(self.wall(),), daemon=True).start()

    def run(self, begun: float, pause: Callable[[float], None] = time.sleep) -> None:
        while (because := self.over(begun)) is None:
            pause(LOOK_SECONDS)
        self.log("this check-in ends itself", because=because)
        try:
            self.tell(because)
        finally:
            self.end(STATUS)

    def over(self, begun: float) -> str | None:
        """What it has too much of; None while all is well."""
        if self.cpu() > CPU_SECONDS:
            return f"it used more than {CPU_SECONDS:g} s of processor time"
        if (held := self.held()) > MOST_BYTES:
            return f"it holds {held >> 20} MiB of memory, more than {MOST_BYTES >> 20}"
        if self.wall() - begun > WALL_SECONDS:
            return f"it took longer than {WALL_SECONDS:g} s"
        return None


def _limit_in_kernel() -> None:
    """setrlimit(2): SIGXCPU, whose default action ends the process, and what it starts alike."""
    if sys.platform == "win32":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = KERNEL_SECONDS if most == resource.RLIM_INFINITY else min(KERNEL_SECONDS, most)
    resource.setrlimit(resource.RLIMIT_CPU, (wanted, most))
