"""The lock on the log's folder: one writer, or several readers; nobody waits for it for ever.

A process that was stopped while it held the lock would else hold up every login, and unseen.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_SECONDS = 5.0
PAUSE_SECONDS = 0.005
NAME = "lock"


def patience() -> float:
    """Until when to wait, on the monotonic clock."""
    return time.monotonic() + PATIENCE_SECONDS


@contextmanager
def gate(path: Path, until: float) -> Iterator[None]:
    """The lock that keeps writers apart; needs no room on the disk once it is there."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait(descriptor, fcntl.LOCK_EX, until)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def for_writing(folder: Path, until: float) -> Iterator[None]:
    """Raises OSError; TimeoutError when another process does not let go."""
    with open(folder / NAME, "a", opener=_private) as lock:
        _wait(lock.fileno(), fcntl.LOCK_EX, until)
        yield


@contextmanager
def for_reading(folder: Path) -> Iterator[None]:
    """Needs no right to write; a copy of a log has no lock and needs none. Raises OSError."""
    try:
        lock = (folder / NAME).open("rb")
    except FileNotFoundError:
        yield
        return
    with lock:
        _wait(lock.fileno(), fcntl.LOCK_SH, patience())
        yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def too_long() -> TimeoutError:
    return TimeoutError(f"another process holds its lock for more than {PATIENCE_SECONDS:g} s")


def _wait(descriptor: int, how: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise too_long() from None
            time.sleep(PAUSE_SECONDS)
