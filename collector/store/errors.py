"""Every trouble of the store has a name here, and its words say what to do.

The codes are SQLite's primary result codes (https://sqlite.org/rescode.html).
"""

import os
from pathlib import Path

from sqlalchemy.exc import DBAPIError


class StoreError(Exception):
    """The store cannot do what was asked; the message says what happened and what to do."""


class StoreFull(StoreError):
    """The disk is full."""


class StoreTooNew(StoreError):
    """A later version of the collector has upgraded the file."""


class StoreDamaged(StoreError):
    """The file is not a sound database."""


class StoreBusy(StoreError):
    """Another process held the database for longer than the busy timeout, or the queue is full."""


BUSY, LOCKED, READ_ONLY, IO_ERROR, CORRUPT, FULL, CANNOT_OPEN, NOT_A_DATABASE = (
    5, 6, 8, 10, 11, 13, 14, 26,
)  # fmt: skip


ROOM_BYTES = 1 << 20
"""With less room than this a failed write is a full disk: SQLite cannot make its index of the log
(https://sqlite.org/walformat.html, 2.2) and calls that an input/output error."""


def damaged(path: Path, detail: str) -> StoreDamaged:
    return StoreDamaged(
        f"{path} is damaged ({detail}): stop the collector and restore a backup of the file"
    )


def explain(error: BaseException, path: Path) -> StoreError | None:
    """The store's word for a database error; None when it is a defect of the statement."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(origin, "sqlite_errorcode", None)
    if not isinstance(code, int):
        return None
    return _named(code & 0xFF, str(origin), path)


def _named(code: int, said: str, path: Path) -> StoreError | None:
    if code in (CORRUPT, NOT_A_DATABASE):
        return damaged(path, said)
    folder = path.parent
    if code == IO_ERROR and _no_room(folder):
        code = FULL
    known: dict[int, StoreError] = {
        FULL: StoreFull(f"the disk that holds {folder} is full: free space there"),
        BUSY: StoreBusy(f"{path} is held by another process: try again when it has finished"),
        READ_ONLY: StoreError(
            f"{path} cannot be written: give this account write access to {folder}"
        ),
        CANNOT_OPEN: StoreError(
            f"{path} cannot be opened: give this account read and write access to {folder}"
        ),
        IO_ERROR: StoreError(f"the disk that holds {folder} fails ({said}): check the disk"),
    }
    known[LOCKED] = known[BUSY]
    return known.get(code)


def _no_room(folder: Path) -> bool:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < ROOM_BYTES
