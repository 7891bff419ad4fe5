"""A replica in a folder, best on a disk or a mount that another machine owns.

It lies there as the log itself does, with its public key, so that `audit verify --folder` reads it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from collector.audit.replicas.shelf import Lost, Part, Unreachable
from collector.audit.segments import path_of
from collector.audit.signing import PUBLIC_FILE
from collector.identity.key_files import write_private

STATE = "witness.json"


class Directory:
    """The folder must be there: an empty place where a mount should be is no replica."""

    readable = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def state(self) -> bytes | None:
        with self._reached():
            try:
                return (self._folder / STATE).read_bytes()
            except FileNotFoundError:
                if any(self._folder.glob("*.log")):
                    raise Lost(f"{STATE} is gone and segments are there") from None
                return None

    def keep_state(self, content: bytes) -> None:
        with self._reached():
            write_private(self._folder / STATE, content)

    def keep_key(self, content: bytes) -> None:
        with self._reached():
            write_private(self._folder / PUBLIC_FILE, content)

    def append(self, part: Part) -> None:
        with self._reached():
            descriptor = os.open(
                path_of(self._folder, part.segment), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            with os.fdopen(descriptor, "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                held = file.seek(0, os.SEEK_END)
                if held < part.offset:
                    raise Lost(f"segment {part.segment:06d} holds {held} of {part.offset} bytes")
                file.truncate(part.offset)
                file.seek(part.offset)
                file.write(part.content)
                file.flush()
                os.fsync(file.fileno())

    def read(self, segment: int) -> bytes:
        with self._reached():
            try:
                return path_of(self._folder, segment).read_bytes()
            except FileNotFoundError:
                return b""

    def drop(self, segment: int) -> None:
        with self._reached():
            path_of(self._folder, segment).unlink(missing_ok=True)

    def now(self) -> datetime:
        """The folder has no clock of its own: this machine's."""
        return datetime.now(UTC)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            if not self._folder.is_dir():
                raise Unreachable(f"{self._folder} is no folder: make or mount it")
            yield
        except OSError as error:
            raise Unreachable(f"{self._folder}: {error.strerror or error}") from error
