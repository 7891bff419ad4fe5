"""One collector a data folder: the kernel holds the lock and drops it however the process ends."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class AlreadyRunning(Exception):
    """Another collector works on this data folder; str() names it."""


@contextlib.contextmanager
def sole_owner(folder: Path) -> Iterator[None]:
    """Hold `folder`/collector.lock; raises AlreadyRunning when another process does."""
    path = folder / "collector.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = file.read(20).strip() or "unknown"
            raise AlreadyRunning(
                f"a collector (process {owner}) already works on {folder}: stop it first, or "
                "give this one a folder of its own with --data FOLDER"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        # Not deleted at the end: a waiting process could hold the deleted file while a third one
        # locks the new one.
        yield
