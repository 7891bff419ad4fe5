"""A Windows service that says what it does in time: starting, running, stopping, stopped.

The manager's dispatcher gets a thread of its own, so that the agent stays in the main thread, where
Python's signals arrive; "stop" comes to it as the same interruption that a person's Ctrl+C is.
https://learn.microsoft.com/windows/win32/services/service-servicemain-function
Driven by a fake manager only: it has not run on Windows.
"""

import _thread
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

from agent.log import Log

NAME = "muster-agent"
START_SECONDS = 30.0
STOP_SECONDS = 20.0
"""What the agent gets to end; then the process is ended: what is on disk is always whole."""
OWN_PROCESS = 0x10
ACCEPTS_STOP, ACCEPTS_SHUTDOWN = 0x1, 0x4
FAILED = 1066
"""ERROR_SERVICE_SPECIFIC_ERROR: the reason is a number of the service's own."""


class Phase(IntEnum):
    """dwCurrentState of SERVICE_STATUS."""

    STOPPED = 1
    START_PENDING = 2
    STOP_PENDING = 3
    RUNNING = 4


class Control(IntEnum):
    """What the manager asks for, as far as it is answered."""

    STOP = 1
    INTERROGATE = 4
    SHUTDOWN = 5


class NoManager(Exception):
    """Not started by the service manager."""


class Manager(Protocol):
    """The service manager. `serve` blocks; it calls `begun` once and `asked` when it wants."""

    def serve(self, begun: Callable[[], None], asked: Callable[[int], None]) -> None:
        """Raises NoManager."""

    def say(self, phase: Phase, wait_seconds: float = 0.0, status: int = 0) -> None: ...


class Hosted:
    """One agent under the manager; `end` ends the process at once."""

    def __init__(self, manager: Manager, log: Log, end: Callable[[int], None] = os._exit) -> None:
        self._manager, self._log, self._end = manager, log, end
        self._begun, self._ended = threading.Event(), threading.Event()
        self._trouble = ""

    def run(self, agent: Callable[[], int]) -> int:
        """The agent's exit status; 1 when no manager has started this process."""
        serving = threading.Thread(target=self._serve, daemon=True)
        serving.start()
        if not self._begun.wait(START_SECONDS) or self._trouble:
            self._log("the service manager did not answer", because=self._trouble or "in time")
            return 1
        self._manager.say(Phase.RUNNING)
        status = 1
        try:
            status = agent()
        except KeyboardInterrupt:
            status = 0
        finally:
            self._ended.set()
            self._manager.say(Phase.STOPPED, status=status)
        return status

    def _serve(self) -> None:
        try:
            self._manager.serve(self._begin, self._asked)
        except NoManager as error:
            self._trouble = str(error)
            self._begun.set()

    def _begin(self) -> None:
        self._manager.say(Phase.START_PENDING, START_SECONDS)
        self._begun.set()
        self._ended.wait()

    def _asked(self, control: int) -> None:
        if control not in (Control.STOP, Control.SHUTDOWN):
            return
        self._manager.say(Phase.STOP_PENDING, STOP_SECONDS)
        late = threading.Timer(STOP_SECONDS, self._cut)
        late.daemon = True
        late.start()
        _thread.interrupt_main(signal.SIGINT)

    def _cut(self) -> None:
        if not self._ended.is_set():
            self._manager.say(Phase.STOPPED)
            self._end(0)


class _Status(ctypes.Structure):
    """SERVICE_STATUS."""

    _fields_ = (
        ("kind", ctypes.c_uint32),
        ("phase", ctypes.c_uint32),
        ("accepted", ctypes.c_uint32),
        ("exit_code", ctypes.c_uint32),
        ("own_code", ctypes.c_uint32),
        ("check_point", ctypes.c_uint32),
        ("wait_ms", ctypes.c_uint32),
    )


def status_of(phase: Phase, wait_seconds: float, status: int, check_point: int) -> _Status:
    """What the manager is told; a failure is told as one, so that it starts the service again."""
    accepted = ACCEPTS_STOP | ACCEPTS_SHUTDOWN if phase is Phase.RUNNING else 0
    pending = phase in (Phase.START_PENDING, Phase.STOP_PENDING)
    return _Status(
        OWN_PROCESS,
        phase,
        accepted,
        FAILED if status else 0,
        status,
        check_point if pending else 0,
        round(wait_seconds * 1000) if pending else 0,
    )


class ThisManager:
    """Windows' own."""

    def __init__(self) -> None:
        self._handle: int | None = None
        self._check_point = 0
        self._kept: tuple[object, ...] = ()

    def say(self, phase: Phase, wait_seconds: float = 0.0, status: int = 0) -> None:
        if sys.platform != "win32" or self._handle is None:
            return
        self._check_point += 1
        told = status_of(phase, wait_seconds, status, self._check_point)
        ctypes.windll.advapi32.SetServiceStatus(ctypes.c_void_p(self._handle), ctypes.byref(told))

    def serve(self, begun: Callable[[], None], asked: Callable[[int], None]) -> None:
        if sys.platform != "win32":
            raise NoManager("this is no Windows")
        advapi = ctypes.windll.advapi32
        advapi.RegisterServiceCtrlHandlerExW.restype = ctypes.c_void_p
        handler_type = ctypes.WINFUNCTYPE(
            ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p
        )
        main_type = ctypes.WINFUNCTYPE(None, ctypes.c_uint32, ctypes.c_void_p)

        class Entry(ctypes.Structure):
            _fields_ = (("name", ctypes.c_wchar_p), ("main", main_type))

        def handle(control: int, _kind: int, _data: int, _context: int) -> int:
            asked(control)
            return 0

        def main(_count: int, _words: int) -> None:
            self._handle = advapi.RegisterServiceCtrlHandlerExW(NAME, kept_handler, None)
            begun()

        kept_handler, kept_main = handler_type(handle), main_type(main)
        table = (Entry * 2)(Entry(NAME, kept_main), Entry(None, main_type()))
        self._kept = (kept_handler, kept_main, table)
        if not advapi.StartServiceCtrlDispatcherW(table):
            raise NoManager(str(ctypes.WinError()))
