"""Writes the log. What `append` returned from is on disk; what it could not write did not happen.

Several processes may write (the running collector, the command line): each append holds a lock on
the folder and first reads what others added. A privileged action is written down before it is
done, so one that cannot be written down is refused.
"""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collector.audit import locking
from collector.audit.alone import leading
from collector.audit.chain import HASH_LENGTH, Broken, Head, line_of, record_in, signed_words
from collector.audit.entry import COLLECTOR, Action, Entry, moment, written
from collector.audit.segments import LARGEST, Segment, segments
from collector.audit.signing import Signer, Verifier
from collector.audit.sinks import Sinks
from collector.clock import Clock

CHECKPOINT_RECORDS = 1_000
CHECKPOINT_AFTER = timedelta(minutes=5)
FOLDER = "audit"


class AuditUnavailable(Exception):
    """The log cannot be written, so nothing privileged may be done; str() says what to do."""


class AuditBroken(AuditUnavailable):
    """What is there is not what was written, so nothing is written behind it."""


class Journal:
    """One writer of the log in `folder`. Any thread may call it; it blocks.

    `standby`: a second folder, on another disk, that holds the same; one of them suffices.
    """

    def __init__(
        self, folder: Path, signer: Signer, clock: Clock, standby: Path | None = None
    ) -> None:
        self._sinks = Sinks(folder, standby)
        self._signer = signer
        self._clock = clock
        self._lock = threading.Lock()
        self._head = Head()
        self._segment = 0
        self._size = 0
        self._day = ""
        self._signed = 0  # the number of the last checkpoint's own record
        self._signed_at: datetime | None = None
        self._owed: list[Entry] = []  # found, and not written down yet

    @property
    def folder(self) -> Path:
        """Where everything can be read now."""
        return leading(self._sinks.first)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that the log is written to, whether it can be reached or not."""
        return self._sinks.all

    def left_out(self) -> dict[str, Path]:
        """The folders that do not hold what was written last, each by its name."""
        return self._sinks.left_out()

    @property
    def verifier(self) -> Verifier:
        """Of what this log's key has signed."""
        return self._signer.verifier

    def append(self, *entries: Entry) -> None:
        """Write these down, in order and together. Raises AuditUnavailable; then none is there."""
        with self._writing():
            self._write(entries)
            if self._sinks.news:
                with suppress(OSError):  # they are kept, and written with the next
                    self._write(())
            if self._checkpoint_due():
                # The entries are there whatever becomes of it, and it stays due.
                with suppress(OSError):
                    self._write_checkpoint()

    def checkpoint(self, *, now_if_any: bool = False) -> bool:
        """Sign where the log stands, when that is due (or anything is new). Whether it did."""
        with self._writing():
            due = self._head.records > self._signed if now_if_any else self._checkpoint_due()
            if due:
                self._write_checkpoint()
            return due

    def head(self) -> Head:
        with self._writing():
            return self._head

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            until = locking.patience()
            with self._alone(until), self._sinks.writing(until):
                self._read_up()
                yield
        except Broken as error:
            raise AuditBroken(
                f"the audit log in {self._where()} is not as it was written ({error}): nothing "
                "that needs it is done until it is; look at it with `muster-collector audit verify`"
            ) from error
        except OSError as error:
            raise AuditUnavailable(
                f"the audit log in {self._where()} cannot be written ({error.strerror or error}): "
                "nothing that needs it is done until it can; look at it with "
                "`muster-collector audit verify`"
            ) from error

    def _where(self) -> str:
        return " and ".join(str(each) for each in self._sinks.all)

    @contextmanager
    def _alone(self, until: float) -> Iterator[None]:
        """Among the threads of this process."""
        if not self._lock.acquire(timeout=max(until - time.monotonic(), 0)):
            raise locking.too_long()
        try:
            yield
        finally:
            self._lock.release()

    def _read_up(self) -> None:
        """From the other folder where this one cannot be read."""
        try:
            self._catch_up()
        except OSError as error:
            self._sinks.give_up_leader(error)
            self._catch_up()

    def _catch_up(self) -> None:
        """Read what other processes added since; a new writer reads the last segment only."""
        found = segments(self._sinks.leader)
        known = [segment for segment in found if segment.number >= self._segment]
        if not known and self._segment:
            raise Broken(f"segment {self._segment:06d} is gone")
        if self._segment == 0:
            begun = next((each for each in reversed(known) if _has_begun(each.path)), None)
            known = [each for each in known if begun is None or each.number >= begun.number]
        for segment in known:
            self._read(segment)

    def _read(self, segment: Segment) -> None:
        done = self._size if segment.number == self._segment else 0
        size = segment.path.stat().st_size
        if size < done:
            raise Broken(f"{segment.path.name} has become shorter")
        if segment.number == self._segment and size == done:
            return
        head, end = self._head, done
        with segment.path.open("rb") as file:
            file.seek(done)
            for line in file:
                if not line.endswith(b"\n"):
                    self._set_aside(segment.path, end, line)
                    break
                record, head = _next(line[:-1], head)
                end += len(line)
                self._note(record, head)
        self._head, self._segment, self._size = head, segment.number, end

    def _note(self, record: bytes, head: Head) -> None:
        """What the writer must know of a record: the day it lies in, and whether it was signed."""
        fields = json.loads(record)
        self._day = str(fields["at"])[:10]
        if fields["action"] == Action.CHECKPOINT:
            self._signed, self._signed_at = head.records, datetime.fromisoformat(fields["at"])

    def _set_aside(self, path: Path, end: int, torn: bytes) -> None:
        """A crash cut a write short: those bytes were never acknowledged. They are kept."""
        self._sinks.cut(int(path.stem), end)
        detail = {"bytes": str(len(torn)), "kept_in": path.with_suffix(".torn").name}
        self._owed.append(
            Entry(Action.TORN, COLLECTOR, subject=f"segment:{path.stem}", detail=detail)
        )

    def _write(self, entries: Sequence[Entry]) -> None:
        at = self._clock()
        today = at.astimezone(UTC).date().isoformat()
        if self._size == 0 or today > self._day or self._size > LARGEST:
            self._begin_segment(at)
        self._day = max(self._day, today)
        news = tuple(self._sinks.news)
        self._put([*self._owed, *news, *entries], at)
        self._owed = []
        del self._sinks.news[: len(news)]

    def _begin_segment(self, at: datetime) -> None:
        if self._size and self._head.records > self._signed:
            self._write_checkpoint()
        previous = self._head.hash.hex()
        if self._size or self._segment == 0:  # else a crash left this one empty
            self._segment, self._size = self._segment + 1, 0
        number = self._segment
        detail = {"number": str(number), "previous": previous, "key": self._signer.verifier.origin}
        self._put([Entry(Action.SEGMENT, COLLECTOR, detail=detail)], at)

    def _put(self, entries: Sequence[Entry], at: datetime) -> None:
        """All of them in one write; on trouble the file is cut back to where it was."""
        head, parts = self._head, []
        for entry in entries:
            line, digest = line_of(written(entry, head.records + 1, at), head.hash)
            head = Head(head.records + 1, digest)
            parts.append(line)
        content = b"".join(parts)
        self._sinks.put(self._segment, content, self._size)
        self._head, self._size = head, self._size + len(content)

    def _checkpoint_due(self) -> bool:
        new = self._head.records - self._signed
        if new == 0:
            return False
        old = self._signed_at is None or self._clock() - self._signed_at >= CHECKPOINT_AFTER
        return old or new >= CHECKPOINT_RECORDS

    def _write_checkpoint(self) -> None:
        at = self._clock()
        head, origin = self._head, self._signer.verifier.origin
        signature = self._signer.sign(signed_words(origin, head, moment(at)))
        detail = {
            "records": str(head.records),
            "head": head.hash.hex(),
            "key": origin,
            "signature": signature,
        }
        self._put([Entry(Action.CHECKPOINT, COLLECTOR, detail=detail)], at)
        self._signed, self._signed_at = self._head.records, at


def _next(line: bytes, head: Head) -> tuple[bytes, Head]:
    """The record and where the chain stands after it. Raises Broken.

    The first line that a writer reads begins a segment and says itself what it follows.
    """
    before = head.hash
    try:
        if head.records == 0:
            before = bytes.fromhex(json.loads(line[HASH_LENGTH + 1 :])["detail"]["previous"])
        record, digest = record_in(line, before)
        return record, Head(int(json.loads(record)["n"]), digest)
    except (ValueError, KeyError, TypeError) as error:
        raise Broken("a line is not of this log") from error


def _has_begun(path: Path) -> bool:
    """Whether its first line is whole; else a crash left it, and nothing in it was acknowledged."""
    with path.open("rb") as file:
        return file.readline().endswith(b"\n")
