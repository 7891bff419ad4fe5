"""A wall clock that ran ahead is told from time that has passed, and not believed for a day.

Beside the wall clock the machine counts the seconds since it was started, sleep included
(CLOCK_BOOTTIME, clock_gettime(2)), which nobody can set. From a moment that was believed, that
count says what the time should be. A time service that has spoken since is believed at once.
"""

import ctypes
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from collector.clock import Clock
from collector.identity.key_files import write_private

log = logging.getLogger(__name__)

FILE = "clock.json"
STEP = timedelta(minutes=2)
"""What a clock may be put on while the collector runs, as a time service does."""
AT_A_START = timedelta(hours=1)
"""What may have passed between two starts of a machine without a look at it."""
SETTLED = timedelta(days=1)
KEPT_EVERY = timedelta(minutes=10)
NOTHING = timedelta(0)
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")
TIMEX_BYTES, TIME_ERROR = 256, 5
"""More than struct timex has; what adjtimex(2) answers when the clock follows no server."""


@dataclass(frozen=True, slots=True)
class Machine:
    """`boot_id`: empty where it is hidden. `running`: since the start, with its sleep.

    `confirmed`: whether a time service has set this clock, also after it left the time given.
    """

    boot_id: str
    running: Callable[[], timedelta]
    confirmed: Callable[[datetime], bool]


@dataclass(frozen=True, slots=True)
class Ahead:
    """`by` so much is the clock ahead; `left`: of running, until it is believed all the same."""

    by: timedelta
    left: timedelta


class Line(msgspec.Struct, frozen=True):
    """At `running` it should be `at`; `waited`: for so long the clock has said otherwise."""

    at: datetime
    running: timedelta
    slack: timedelta = STEP
    waited: timedelta = NOTHING
    ahead: timedelta = NOTHING
    boot_id: str = ""


@dataclass(slots=True)
class ClockWatch:
    """`newest`: the newest moment that is kept otherwise, for a folder that has no line yet."""

    folder: Path
    clock: Clock
    machine: Machine
    newest: Callable[[], datetime | None]
    _line: Line | None = field(default=None)
    _kept: Line | None = field(default=None)

    def look(self) -> tuple[datetime, Ahead | None]:
        """What the clock says, and by how much it ran ahead; None: it may be believed."""
        now, running = self.clock(), self.machine.running()
        before = self._line or self._first(now, running)
        self._line = self._next(before, now, running)
        self._keep(self._line)
        return now, _ahead(self._line)

    def _first(self, now: datetime, running: timedelta) -> Line:
        kept = _read(self.folder)
        if kept is None:
            return Line(self.newest() or now, running, AT_A_START)
        if kept.boot_id and kept.boot_id == self.machine.boot_id:
            return kept
        return msgspec.structs.replace(kept, running=running, slack=max(kept.slack, AT_A_START))

    def _next(self, line: Line, now: datetime, running: timedelta) -> Line:
        passed, boot_id = max(running - line.running, NOTHING), self.machine.boot_id
        expected, waited = line.at + passed, line.waited + passed
        off = now - expected
        confirmed = self.machine.confirmed(expected + line.slack)
        if abs(off) <= line.slack and line.slack == STEP and not confirmed:
            # Not anchored anew: many small steps would make a large one.
            return Line(expected, running, boot_id=boot_id)
        if abs(off) <= line.slack or waited >= SETTLED or confirmed:
            return Line(now, running, boot_id=boot_id)
        return Line(expected, running, line.slack, waited, max(off, NOTHING), boot_id)

    def _keep(self, line: Line) -> None:
        kept = self._kept
        same = kept is not None and bool(kept.ahead) == bool(line.ahead)
        if kept is not None and same and line.running - kept.running < KEPT_EVERY:
            return
        try:
            write_private(self.folder / FILE, msgspec.json.encode(line))
            self._kept = line
        except OSError as error:
            log.warning("What the clock said cannot be kept: %s", error)


def ahead(folder: Path) -> Ahead | None:
    """As the collector of this folder last saw it."""
    line = _read(folder)
    return _ahead(line) if line else None


def _ahead(line: Line) -> Ahead | None:
    return Ahead(line.ahead, max(SETTLED - line.waited, NOTHING)) if line.ahead else None


def _read(folder: Path) -> Line | None:
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Line)
    except (OSError, msgspec.MsgspecError):
        return None


def this_machine() -> Machine:
    try:
        boot_id = BOOT_ID.read_text().strip()
    except OSError:
        boot_id = ""
    return Machine(boot_id, _running, _confirmed)


def _running() -> timedelta:
    return timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME))


def _confirmed(after: datetime) -> bool:
    """Setting the clock by hand takes the kernel's mark away until a service sets it again.

    A sandbox may refuse the question; systemd-timesyncd touches a file each time it has the time.
    """
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is not None:
        answer = adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))  # modes 0: a question
        if 0 <= answer < TIME_ERROR:
            return True
    try:
        touched = datetime.fromtimestamp(SYNCHRONIZED.stat().st_mtime, UTC)
    except OSError:
        return False
    return after < touched <= datetime.now(UTC)
