"""Packs are made in a process of their own, so that check-ins and pages never wait for one.

It says in the store how far it is, and stops within a moment when somebody wants it to, or when
the collector that started it is gone.
"""

import logging
import multiprocessing
import os
import signal
import time
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock

from collector.clock import Clock, system_clock
from collector.export.desk import Desk
from collector.export.making import Making
from collector.export.packing import Cancelled
from collector.settings import read_settings
from collector.store import Store, exports
from collector.store.exports import Phase

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
NICE = 10
STOP_SECONDS = 5.0
CACHE_KIB = 2_048
"""The store is read once from end to end: what SQLite would keep of it is not asked for again."""
DEFECT = "the work ended unexpectedly: look at the collector's log for this time"


class Orphaned(BaseException):
    """The collector is gone: the run is left as it is, and made at its next start."""


@dataclass(slots=True)
class Reporter:
    """A `Step` that writes down how far it is, twice a second at the most."""

    store: Store
    number: int
    parent: int
    _said: str = ""
    _at: float = field(default=0.0)

    def __call__(self, phase: Phase, told: int) -> None:
        now = time.monotonic()
        if phase == self._said and now - self._at < LOOK_SECONDS:
            return
        self._said, self._at = phase, now
        if os.getppid() != self.parent:
            raise Orphaned
        if self.store.write(lambda c: exports.advance(c, self.number, phase, told)):
            raise Cancelled("it was stopped")


def work(folder: Path, number: int, parent: int) -> None:
    """What the process does. Ctrl-C is for the collector, which ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    store = Store.open(folder, create=False, cache_kib=CACHE_KIB)
    try:
        making = Making(Desk.of(store, folder), read_settings(folder).exports, system_clock)
        making.make(number, Reporter(store, number, parent))
    finally:
        store.close()


@dataclass(slots=True)
class Worker:
    """One pack at a time. `tick` is called again and again by one thread."""

    making: Making
    clock: Clock
    _process: BaseProcess | None = None
    _number: int = 0
    _closed: bool = False
    _turn: Lock = field(default_factory=Lock)

    def tick(self) -> bool:
        """Whether one is being made."""
        with self._turn:
            return not self._closed and self._go_on()

    def _go_on(self) -> bool:
        if self._process is not None and self._process.is_alive():
            return True
        if self._process is not None:
            self._ended()
        run = self.making.desk.store.read(lambda c: exports.due(c, self.clock()))
        if run is None:
            return False
        context = multiprocessing.get_context("spawn")
        what = (self.making.desk.folder, run.number, os.getpid())
        self._number = run.number
        self._process = context.Process(target=work, args=what, name="export", daemon=True)
        self._process.start()
        return True

    def _ended(self) -> None:
        process, self._process = self._process, None
        assert process is not None, "asked for once it has ended"
        process.join()
        code = process.exitcode
        process.close()
        run = self.making.desk.store.read(lambda c: exports.get(c, self._number))
        if code != 0 and run is not None and not run.is_over:
            log.error("The making of a pack ended number=%d code=%s", self._number, code)
            self.making.fail(run, DEFECT)

    def stop(self) -> None:
        """The collector ends: what is not done is made at the next start."""
        with self._turn:
            self._closed = True
            process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        process.join(STOP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()
