"""Reads the whole log and says whether it is what was written, and where it is not.

What one copy of the log alone cannot tell is that its end is missing: that takes a checkpoint kept
elsewhere (`known`), as every replica has one.
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from collector.audit.chain import GENESIS, HASH_LENGTH, Head, signed_words
from collector.audit.entry import Action
from collector.audit.segments import Segment, segments
from collector.audit.signing import Verifier

MOST_PROBLEMS = 100


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


@dataclass(slots=True)
class Result:
    """`unsigned` counts the records after the last checkpoint, whose end nobody has signed for."""

    records: int = 0
    checkpoints: int = 0
    unsigned: int = 0
    first_at: str = ""
    last_at: str = ""
    head: Head = field(default_factory=Head)
    problems: list[Problem] = field(default_factory=list)


def _unheard(_records: int) -> None:
    """Nobody asked to be told how far it is."""


def verify(
    folder: Path,
    verifier: Verifier,
    known: Collection[Head] = (),
    progress: Callable[[int], None] = _unheard,
    newest: int = 0,
) -> Result:
    """Check every line, every checkpoint and that `known` heads lie on this chain.

    `newest`: only so many segments, the last ones; that nothing is missing before is not asked.
    """
    found = segments(folder)
    reader = _Reader(verifier, {head.records: head.hash for head in known})
    if 0 < newest < len(found):
        found = found[-newest:]
        reader.begin_late()
    for segment in found:
        reader.read(segment)
        progress(reader.result.records)
    reader.finish(found)
    return reader.result


class _Reader:
    """Walks the chain once; a broken line is reported and the walk goes on from what it states."""

    def __init__(self, verifier: Verifier, known: dict[int, bytes]) -> None:
        self.result = Result()
        self._verifier = verifier
        self._known = known
        self._hash = GENESIS
        self._number = 0
        self._next_segment = 0
        self._began_at = Head()
        self._claimed: set[tuple[int, str]] = set()  # purges that no checkpoint covers yet
        self._purged: set[tuple[int, str]] = set()
        self._origin = verifier.origin
        self._late = False
        self._decode = msgspec.json.Decoder(Record).decode

    def begin_late(self) -> None:
        """What comes before the first segment is not asked for."""
        self._late = True

    def read(self, segment: Segment) -> None:
        name = segment.path.name
        if self._next_segment and segment.number != self._next_segment:
            self._say(name, 0, f"segment {self._next_segment:06d} before it is missing")
        self._next_segment = segment.number + 1
        with segment.path.open("rb") as file:
            for line_number, line in enumerate(file, 1):
                self._line(segment, line_number, line)

    def _line(self, segment: Segment, line_number: int, line: bytes) -> None:
        name = segment.path.name
        if not line.endswith(b"\n"):
            self._say(name, line_number, "the line is cut short")
            return
        body = line[HASH_LENGTH + 1 : -1]
        try:
            record = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._say(name, line_number, "it is not a line of this log")
            return
        if line_number == 1:
            self._first(segment, record)
        digest = hashlib.sha256(self._hash + body).digest()
        if digest.hex().encode() != line[:HASH_LENGTH]:
            self._say(
                name, line_number, "its hash does not follow from the record and the line before it"
            )
            digest = _stated(line) or digest
        if record.n != self._number + 1:
            self._say(name, line_number, f"it is record {record.n} and {self._number + 1} was due")
        if record.action == Action.CHECKPOINT:
            self._checkpoint(name, line_number, record)
        elif record.action == Action.PURGED:
            self._purge(record)
        self._advance(record, digest, name, line_number)

    def _first(self, segment: Segment, record: Record) -> None:
        """A segment's first line: where the log begins here, or must follow what came before."""
        previous = record.detail.get("previous", "")
        if record.action != Action.SEGMENT or record.detail.get("number") != str(segment.number):
            self._say(segment.path.name, 1, "the segment does not begin with its own number")
        elif self.result.records == 0 and segment.number > 1:
            self._hash, self._number = _from_hex(previous), record.n - 1
            self._began_at = Head(segment.number - 1, self._hash)

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
            self._purged |= self._claimed

    def _purge(self, record: Record) -> None:
        through, head = record.detail.get("through", ""), record.detail.get("head", "")
        if through.isdigit():
            self._claimed.add((int(through), head))

    def _advance(self, record: Record, digest: bytes, name: str, line_number: int) -> None:
        self._number, self._hash = record.n, digest
        result = self.result
        result.records += 1
        result.unsigned += 1
        result.first_at = result.first_at or record.at
        result.last_at = record.at
        expected = self._known.pop(record.n, None)
        if expected is not None and expected != digest:
            self._say(name, line_number, "a checkpoint kept elsewhere has another hash for it")

    def finish(self, found: list[Segment]) -> None:
        self.result.head = Head(self._number, self._hash)
        first, last = (found[0].path.name, found[-1].path.name) if found else ("log", "log")
        began = self._began_at
        if began.records and not self._late and not self._was_purged(began):
            self._say(first, 0, "what came before is gone, and no signed record says it was purged")
        missing = [records for records in self._known if records > self._number]
        if missing:
            self._say(
                last,
                0,
                f"it ends at record {self._number}; a checkpoint kept elsewhere knows "
                f"{max(missing)}: the end is missing or an old copy was put back",
            )

    def _was_purged(self, began: Head) -> bool:
        """A purge that was cut short leaves some of what it named; the chain holds those."""
        return any(
            through > began.records or (through, head) == (began.records, began.hash.hex())
            for through, head in self._purged
        )

    def _say(self, segment: str, line: int, what: str) -> None:
        if len(self.result.problems) < MOST_PROBLEMS:
            self.result.problems.append(Problem(segment, line, what))


def _stated(line: bytes) -> bytes:
    return _from_hex(line[:HASH_LENGTH].decode("ascii", "replace"))


def _from_hex(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return b""
