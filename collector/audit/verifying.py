"""Reads the whole log and says whether it is what was written, and where it is not.

What one copy of the log alone cannot tell is that its end is missing: that takes a checkpoint kept
elsewhere (`known`), as every replica has one.
"""

import hashlib
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

import msgspec

from collector.audit import locking
from collector.audit.chain import GENESIS, HASH_LENGTH, Head, signed_words
from collector.audit.entry import Action
from collector.audit.purges import Purges
from collector.audit.segments import Segment, segments
from collector.audit.signing import Verifier

MOST_PROBLEMS = 100
LONGEST_LINE = 1 << 20
SETTING_BACK = timedelta(minutes=1)
"""A clock is set back by so much now and then; more is worth a word."""
BODY = HASH_LENGTH + 1
BLANK_AND_END = (0x20, 0x0A)
SPECIAL = frozenset({Action.SEGMENT, Action.CHECKPOINT, Action.PURGED})


class Brief(msgspec.Struct, gc=False):
    """What most lines are looked at for."""

    n: int
    at: str
    action: str


class Record(msgspec.Struct):
    """The fields that the verification needs."""

    n: int
    at: str
    action: str
    detail: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` counts from 1 within the segment; 0: the segment as a whole."""

    segment: str
    line: int
    what: str

    def __str__(self) -> str:
        return (
            f"{self.segment}:{self.line}: {self.what}"
            if self.line
            else f"{self.segment}: {self.what}"
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint that somebody else holds; `by` names who."""

    head: Head
    by: str = "somebody"


@dataclass(slots=True)
class Result:
    """`unsigned` counts the records after the last checkpoint, whose end nobody has signed for.

    `notices` is what a reader of the log should know and is no sign of a change.
    """

    records: int = 0
    checkpoints: int = 0
    unsigned: int = 0
    first_at: str = ""
    last_at: str = ""
    head: Head = field(default_factory=Head)
    problems: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)


def _unheard(_records: int) -> None:
    """Nobody asked to be told how far it is."""


def verify(
    folder: Path,
    verifier: Verifier,
    known: Collection[Kept] = (),
    progress: Callable[[int], None] = _unheard,
    newest: int = 0,
) -> Result:
    """Check every line, every checkpoint and that what is `known` lies on this chain.

    `newest`: only so many segments, the last ones; that nothing is missing before is not asked.
    The log may go on meanwhile; what is written after this began is not looked at. Raises OSError.
    """
    result = _verified(folder, verifier, known, progress, newest)
    if result.problems:  # a purge may have come between; what is wrong stays so
        result = _verified(folder, verifier, known, progress, newest)
    return result


def _verified(
    folder: Path,
    verifier: Verifier,
    known: Collection[Kept],
    progress: Callable[[int], None],
    newest: int,
) -> Result:
    found, end = _standing(folder)
    reader = _Reader(verifier, known)
    if 0 < newest < len(found):
        found = found[-newest:]
        reader.begin_late()
    for segment in found:
        reader.read(segment, end if segment is found[-1] else None)
        progress(reader.result.records)
    reader.finish(found)
    return reader.result


def _standing(folder: Path) -> tuple[list[Segment], int]:
    """The segments, and how long the last one is while nobody is in the middle of a write."""
    with locking.for_reading(folder):
        found = segments(folder)
        return found, found[-1].path.lstat().st_size if found else 0


class _Reader:
    """Walks the chain once; a broken line is reported and the walk goes on from what it states."""

    def __init__(self, verifier: Verifier, known: Collection[Kept]) -> None:
        self.result = Result()
        self._verifier = verifier
        self._known: dict[int, list[Kept]] = {}
        for each in known:
            self._known.setdefault(each.head.records, []).append(each)
        self._hash = GENESIS
        self._number = 0
        self._next_segment = 0
        self._began = Head()
        self._began_at = ""
        self._purge = Purges()
        self._origin = verifier.origin
        self._late = False
        self._decode = msgspec.json.Decoder(Record).decode

    def begin_late(self) -> None:
        """What comes before the first segment is not asked for."""
        self._late = True

    def read(self, segment: Segment, end: int | None) -> None:
        """`end`: so many bytes of it; None: all there are."""
        name = segment.path.name
        if self._next_segment and segment.number != self._next_segment:
            self._say(name, 0, f"segment {self._next_segment:06d} before it is missing")
        self._next_segment = segment.number + 1
        try:
            if not stat.S_ISREG(segment.path.lstat().st_mode):
                self._say(name, 0, "it is no regular file")
                return
            with segment.path.open("rb") as file:
                self._walk(segment, _lines(file, end))
        except FileNotFoundError:
            self._say(name, 0, "it was taken away while it was read")

    def _walk(self, segment: Segment, lines: Iterator[bytes]) -> None:
        """Passes what is as it must be without a further look; `_line` looks at everything else."""
        decode, sha256, known = msgspec.json.Decoder(Brief).decode, hashlib.sha256, self._known
        result, number, before, last_at = self.result, self._number, self._hash, self.result.last_at
        passed = 0
        for place, line in enumerate(lines, 1):
            body = line[BODY:-1]
            digest = sha256(before + body).digest()
            try:
                brief = decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError):
                brief = None
            if (
                brief is not None
                and line.startswith(digest.hex().encode())
                and (line[HASH_LENGTH], line[-1]) == BLANK_AND_END
                and brief.n == number + 1
                and brief.action not in SPECIAL
                and place > 1
                and brief.at >= last_at
                and brief.n not in known
            ):
                number, before, last_at = brief.n, digest, brief.at
                passed += 1
                continue
            self._number, self._hash, result.last_at = number, before, last_at
            result.records, result.unsigned = result.records + passed, result.unsigned + passed
            passed = 0
            self._line(segment, place, line)
            number, before, last_at = self._number, self._hash, result.last_at
        self._number, self._hash, result.last_at = number, before, last_at
        result.records, result.unsigned = result.records + passed, result.unsigned + passed

    def _line(self, segment: Segment, line_number: int, line: bytes) -> None:
        name = segment.path.name
        if not line.endswith(b"\n"):
            self._say(name, line_number, "the line is cut short")
            return
        body = line[BODY:-1]
        try:
            record = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._say(name, line_number, "it is not a line of this log")
            return
        if line_number == 1:
            self._first(segment, record)
        digest = hashlib.sha256(self._hash + body).digest()
        if digest.hex().encode() + b" " != line[:BODY]:
            self._say(
                name, line_number, "its hash does not follow from the record and the line before it"
            )
            digest = _stated(line) or digest
        if record.n != self._number + 1:
            self._say(name, line_number, f"it is record {record.n} and {self._number + 1} was due")
        if record.action == Action.CHECKPOINT:
            self._checkpoint(name, line_number, record)
        elif record.action == Action.PURGED:
            self._purge.claim(record.detail, record.at)
        self._advance(record, digest, name, line_number)

    def _first(self, segment: Segment, record: Record) -> None:
        """A segment's first line: where the log begins here, or must follow what came before."""
        previous = record.detail.get("previous", "")
        if record.action != Action.SEGMENT or record.detail.get("number") != str(segment.number):
            self._say(segment.path.name, 1, "the segment does not begin with its own number")
        elif self.result.records == 0 and segment.number > 1:
            self._hash, self._number = _from_hex(previous), record.n - 1
            self._began, self._began_at = Head(segment.number - 1, self._hash), record.at

    def _checkpoint(self, name: str, line_number: int, record: Record) -> None:
        head = Head(self._number, self._hash)
        detail = record.detail
        words = signed_words(self._origin, head, record.at)
        if detail.get("key") != self._origin:
            self._say(name, line_number, f"the checkpoint is by another key ({detail.get('key')})")
        elif not self._verifier.holds(words, detail.get("signature", "")):
            self._say(name, line_number, "the checkpoint's signature is not over these records")
        else:
            self.result.checkpoints += 1
            self.result.unsigned = -1  # the checkpoint itself is the next record
            self._purge.signed()

    def _advance(self, record: Record, digest: bytes, name: str, line_number: int) -> None:
        self._number, self._hash = record.n, digest
        result = self.result
        result.records += 1
        result.unsigned += 1
        result.first_at = result.first_at or record.at
        if record.at < result.last_at and (back := _between(record.at, result.last_at)):
            said = Problem(name, line_number, f"the clock went back by {back}")
            result.notices[MOST_PROBLEMS - 1 :] = [said]
        result.last_at = record.at
        for each in self._known.pop(record.n, ()):
            if each.head.hash != digest:
                self._say(name, line_number, f"a checkpoint held by {each.by} has another hash")

    def finish(self, found: list[Segment]) -> None:
        self.result.head = Head(self._number, self._hash)
        first, last = (found[0].path.name, found[-1].path.name) if found else ("log", "log")
        began = self._began
        if began.records and not self._late and not self._purge.explains(began, self._began_at):
            self._say(first, 0, "what came before is gone, and no signed record says it was purged")
        missing = [records for records in self._known if records > self._number]
        if missing:
            by = ", ".join(
                sorted({each.by for records in missing for each in self._known[records]})
            )
            self._say(
                last,
                0,
                f"it ends at record {self._number}; a checkpoint held by {by} knows "
                f"{max(missing)}: the end is missing or an old copy was put back",
            )

    def _say(self, segment: str, line: int, what: str) -> None:
        if len(self.result.problems) < MOST_PROBLEMS:
            self.result.problems.append(Problem(segment, line, what))


def _between(earlier: str, later: str) -> timedelta | None:
    """How far apart, if it is worth a word."""
    try:
        apart = datetime.fromisoformat(later) - datetime.fromisoformat(earlier)
    except (ValueError, TypeError):
        return None
    return apart if apart >= SETTING_BACK else None


def _lines(file: BinaryIO, end: int | None) -> Iterator[bytes]:
    """A line that is too long for one of the log comes in pieces, which are none."""
    if end is None:
        yield from iter(partial(file.readline, LONGEST_LINE), b"")
        return
    while end > 0 and (line := file.readline(min(end, LONGEST_LINE))):
        end -= len(line)
        yield line


def _stated(line: bytes) -> bytes:
    return _from_hex(line[:HASH_LENGTH].decode("ascii", "replace"))


def _from_hex(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return b""
