"""What the collector has not accepted yet is kept: bounded, oldest first, in its own time.

One file a report, its name the sequence number, its content a SHA-256 followed by the serialised
Report. A file that does not match its SHA-256 is put aside and never blocks the others.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.message import DecodeError

from agent import durable
from agent.state import StateError
from protos.posture.v1.posture_service_pb2 import Report

MOST_BYTES = 5_000_000
MOST_FILES = 500
MOST_ASIDE = 20


class Spool:
    """The reports of one agent that wait for the collector."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._aside = folder / "aside"

    def add(self, report: Report) -> None:
        """Keep a report; the oldest make room for it, and are counted."""
        body = report.SerializeToString(deterministic=True)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            durable.write(self._path(report.sequence), hashlib.sha256(body).digest() + body)
            self._make_room()
        except OSError as error:
            raise StateError(f"cannot write to {self._folder}: {error.strerror}") from error

    def reports(self) -> Iterator[Report]:
        """Oldest first. What cannot be read is put aside on the way."""
        for path in self._paths():
            report = _read(path)
            if report is None:
                self._put_aside(path)
            else:
                yield report

    def newest_digest(self) -> bytes | None:
        """SHA-256 of the newest waiting posture; None when nothing waits."""
        newest = None
        for path in reversed(self._paths()):
            newest = _read(path)
            if newest is not None:
                break
        return None if newest is None else hashlib.sha256(newest.posture).digest()

    def remove(self, sequence: int) -> None:
        self._path(sequence).unlink(missing_ok=True)
        durable.sync_folder(self._folder)

    def put_aside(self, sequence: int) -> None:
        """Keep a report that the collector rejects out of the others' way."""
        self._put_aside(self._path(sequence))

    def clear(self) -> None:
        """Forget everything, as for a new enrollment."""
        for path in (*self._paths(), *self._aside_paths(), self._folder / "dropped"):
            path.unlink(missing_ok=True)

    @property
    def waiting(self) -> int:
        return len(self._paths())

    @property
    def bytes_waiting(self) -> int:
        return sum(path.stat().st_size for path in self._paths())

    @property
    def dropped(self) -> int:
        """Reports that had to make room, since enrollment."""
        try:
            return int((self._folder / "dropped").read_text())
        except (OSError, ValueError):
            return 0

    @property
    def aside(self) -> int:
        return len(self._aside_paths())

    def _path(self, sequence: int) -> Path:
        return self._folder / f"{sequence:020d}.report"

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.report"))

    def _aside_paths(self) -> list[Path]:
        return sorted(self._aside.glob("*.report"))

    def _make_room(self) -> None:
        """Drop the oldest until the rest fits; the newest always stays. Counted, then dropped."""
        sizes = [(path, path.stat().st_size) for path in self._paths()]
        total, surplus = sum(size for _, size in sizes), []
        while len(sizes) > 1 and (total > MOST_BYTES or len(sizes) > MOST_FILES):
            path, size = sizes.pop(0)
            total -= size
            surplus.append(path)
        if surplus:
            count = self.dropped + len(surplus)
            durable.write(self._folder / "dropped", str(count).encode())
        for path in surplus:
            path.unlink()

    def _put_aside(self, path: Path) -> None:
        self._aside.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            path.replace(self._aside / path.name)
        for old in self._aside_paths()[:-MOST_ASIDE]:
            old.unlink()


def _read(path: Path) -> Report | None:
    try:
        content = path.read_bytes()
        body = content[32:]
        if hashlib.sha256(body).digest() != content[:32]:
            return None
        return Report.FromString(body)
    except (OSError, DecodeError):
        return None
