"""Time passes without a wake-up but the one at its end, and standby counts as time that passed.

After standby the end is put off by a random moment: an office that opens its lids at nine does not
come as one.
"""

import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from errno import EINTR

AFTER_STANDBY_SECONDS = 60.0
LEAST_STANDBY_SECONDS = 10.0
SLICE_SECONDS = 300.0
"""Where no timer counts standby: the clock is looked at so often."""


@dataclass(frozen=True, slots=True)
class Rest:
    """`elapsed` counts standby and `awake` does not, both in seconds that only go forward.

    `pause` lets so many seconds go by, sooner or later as the system has it.
    """

    elapsed: Callable[[], float]
    awake: Callable[[], float]
    pause: Callable[[float], None]
    chance: random.Random

    def sleep(self, seconds: float) -> None:
        self.through(self._sleep, seconds)

    def through(self, wait: Callable[[float], None], seconds: float) -> None:
        """Wait so, and after a standby a random moment longer."""
        before = self.elapsed() - self.awake()
        wait(seconds)
        if self.elapsed() - self.awake() - before > LEAST_STANDBY_SECONDS:
            self._sleep(self.chance.uniform(0, AFTER_STANDBY_SECONDS))

    def _sleep(self, seconds: float) -> None:
        ends_at = self.elapsed() + seconds
        while (left := ends_at - self.elapsed()) > 0:
            self.pause(left)


def live(chance: random.Random) -> Rest:
    """The clocks of this system."""
    if sys.platform == "linux":
        return Rest(elapsed, time.monotonic, pause_on_linux, chance)
    if sys.platform == "darwin":
        return Rest(elapsed, lambda: time.clock_gettime(time.CLOCK_UPTIME_RAW), pause, chance)
    return Rest(elapsed, awake_on_windows, pause, chance)


def elapsed() -> float:
    """Seconds since some moment, standby included."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":  # mach_continuous_time, which counts sleep
        return time.clock_gettime(time.CLOCK_MONOTONIC_RAW)
    return time.monotonic()  # Windows: the performance counter goes on in standby


def awake_on_windows() -> float:
    """QueryUnbiasedInterruptTime: 100 ns units without standby."""
    if sys.platform != "win32":
        raise OSError("Windows alone has this clock")
    import ctypes

    counted = ctypes.c_ulonglong()
    ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(counted))
    return counted.value / 1e7


def pause(seconds: float) -> None:
    time.sleep(min(seconds, SLICE_SECONDS))


def pause_on_linux(seconds: float) -> None:
    """One timer on CLOCK_BOOTTIME (clock_nanosleep(2)); a signal ends it."""
    if sys.platform != "linux":
        raise OSError("Linux alone has this timer")
    import ctypes

    class Timespec(ctypes.Structure):
        _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))

    whole = int(seconds)
    wanted = Timespec(whole, int((seconds - whole) * 1e9))
    nap = getattr(ctypes.CDLL(None), "clock_nanosleep", None)
    if nap is None or nap(time.CLOCK_BOOTTIME, 0, ctypes.byref(wanted), None) not in (0, EINTR):
        pause(seconds)  # a libc or a kernel without it
