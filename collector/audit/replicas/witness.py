"""A replica takes only what goes on from what it holds, and has stored it before it says so.

The answers are those of a witness of transparency logs (C2SP tlog-witness): 404 another log,
403 a checkpoint that the log's key has not signed, 409 the sender does not know where we stand,
422 the lines do not lead from what we hold to what is claimed.
"""

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import NoReturn

import msgspec

from collector.audit.chain import GENESIS, HASH_LENGTH, Broken, Head, record_in, signed_words
from collector.audit.entry import Action
from collector.audit.purges import KEPT
from collector.audit.replicas.shelf import Lost, Part, Shelf
from collector.audit.signing import Verifier
from collector.audit.verifying import Record


class Answer(IntEnum):
    TAKEN = 200
    WRONG_KEY = 403
    UNKNOWN_LOG = 404
    OUT_OF_STEP = 409
    BAD_PROOF = 422


class Refused(Exception):
    """The replica does not take it; `records` is what it holds, str() says why."""

    def __init__(self, answer: Answer, records: int, why: str) -> None:
        super().__init__(why)
        self.answer = answer
        self.records = records


@dataclass(frozen=True, slots=True)
class Purge:
    """Segments up to `through` may go; the last record in them is older than `until`."""

    through: int
    until: str
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """Where a replica stands. `records` and `hash` are of the last line it holds; the checkpoint is
    the last it has seen and found good (`checkpoint_records` 0: none yet)."""

    origin: str = ""
    first_segment: int = 0
    segment: int = 0
    size: int = 0
    records: int = 0
    hash: str = GENESIS.hex()
    checkpoint_records: int = 0
    checkpoint_hash: str = ""
    checkpoint_at: str = ""
    checkpoint_signature: str = ""
    purge: Purge | None = None

    @property
    def head(self) -> Head:
        return Head(self.records, bytes.fromhex(self.hash))

    @property
    def checkpoint(self) -> Head | None:
        if not self.checkpoint_records:
            return None
        return Head(self.checkpoint_records, bytes.fromhex(self.checkpoint_hash))


class Witness:
    """One replica of one log; calls from several threads are taken one after the other."""

    def __init__(self, shelf: Shelf, verifier: Verifier, public_key: bytes) -> None:
        self.shelf = shelf
        self._verifier = verifier
        self._public_key = public_key
        self._lock = threading.Lock()

    @property
    def origin(self) -> str:
        """Of the log it is meant for."""
        return self._verifier.origin

    def held(self) -> Held:
        """As it is stored. Raises Unreachable, or Lost when that cannot be read."""
        content = self.shelf.state()
        if content is None:
            return Held()
        try:
            held = msgspec.json.decode(content, type=Held)
            _ = held.head, held.checkpoint  # hexadecimal, or not ours
            return held
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            raise Lost("its own note of where it stands cannot be read") from error

    def vouches(self, held: Held) -> bool:
        """Whether the log's key has signed the checkpoint in this note; without one, it may be."""
        head = held.checkpoint
        if head is None:
            return True
        words = signed_words(self._verifier.origin, head, held.checkpoint_at)
        return self._verifier.holds(words, held.checkpoint_signature)

    def take(self, old: Head, part: Part) -> Held:
        """Add these lines to what is held, which must end at `old`. Raises Refused."""
        with self._lock:
            held = self.held()
            if old != held.head:
                why = f"it holds {held.records} records, and the lines go on from {old.records}"
                raise Refused(Answer.OUT_OF_STEP, held.records, why)
            if held.origin not in ("", self._verifier.origin):
                why = f"it keeps the log of key {held.origin}, not {self._verifier.origin}"
                raise Refused(Answer.UNKNOWN_LOG, held.records, why)
            new = _Reading(held, part, self._verifier).read()
            if not held.origin:
                # Before the first line: lines without a note mean that somebody removed it.
                self.shelf.keep_key(self._public_key)
                self.shelf.keep_state(msgspec.json.encode(Held(origin=new.origin)))
            self.shelf.append(part)
            self.shelf.keep_state(msgspec.json.encode(new))
            return new

    def tidy(self) -> int:
        """Drop what a signed record of the log has given up, if it is old by our clock, too.

        How many segments went; cut short, the next call does the rest.
        """
        with self._lock:
            held = self.held()
            purge = held.purge
            if purge is None or not purge.signed or held.first_segment > purge.through:
                return 0
            if datetime.fromisoformat(purge.until) > self.shelf.now() - KEPT:
                why = f"segment {purge.through:06d} is to be dropped and is not old by its clock"
                raise Refused(Answer.BAD_PROOF, held.records, why)
            dropped = range(held.first_segment, min(purge.through + 1, held.segment))
            for segment in dropped:
                self.shelf.drop(segment)
            fresh = replace(held, first_segment=dropped.stop, purge=None)
            self.shelf.keep_state(msgspec.json.encode(fresh))
            return len(dropped)


class _Reading:
    """Walks over the lines of one part, from where the replica stands."""

    def __init__(self, held: Held, part: Part, verifier: Verifier) -> None:
        self._held = held
        self._part = part
        self._verifier = verifier
        self._head = held.head

    def read(self) -> Held:
        """What would be held with these lines. Raises Refused."""
        part, held = self._part, self._held
        begins = part.offset == 0
        if begins != (part.segment != held.segment) or (not begins and part.offset != held.size):
            self._refuse(Answer.OUT_OF_STEP, f"segment {part.segment} does not go on from there")
        if begins and held.segment and part.segment != held.segment + 1:
            self._refuse(Answer.OUT_OF_STEP, f"segment {held.segment + 1} was due")
        if not part.content.endswith(b"\n"):
            self._refuse(Answer.BAD_PROOF, "the last line is cut short")
        new = replace(held, segment=part.segment, size=part.offset)
        if not held.segment:
            new = replace(new, first_segment=part.segment)
        for place, line in enumerate(part.content.split(b"\n")[:-1], 1):
            new = self._line(new, line, first=begins and place == 1)
        return replace(
            new,
            size=part.offset + len(part.content),
            records=self._head.records,
            hash=self._head.hash.hex(),
        )

    def _line(self, new: Held, line: bytes, first: bool) -> Held:
        record = self._decoded(line)
        if first:
            new = self._begun(new, record)
        try:
            _, digest = record_in(line, self._head.hash)
        except Broken as error:
            self._refuse(Answer.BAD_PROOF, f"record {record.n}: {error}")
        if record.n != self._head.records + 1:
            self._refuse(Answer.BAD_PROOF, f"record {record.n} came, {self._head.records + 1} next")
        if record.action == Action.CHECKPOINT:
            new = self._signed(new, record)
        elif record.action == Action.PURGED:
            purge = Purge(int(record.detail["through"]), record.detail["until"])
            new = replace(new, purge=purge)
        self._head = Head(record.n, digest)
        return new

    def _decoded(self, line: bytes) -> Record:
        try:
            return msgspec.json.decode(line[HASH_LENGTH + 1 :], type=Record)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._refuse(Answer.BAD_PROOF, "a line is not of this log")

    def _begun(self, new: Held, record: Record) -> Held:
        """A segment's first line names the log; the first of all says what it follows."""
        detail = record.detail
        if record.action != Action.SEGMENT or detail.get("number") != str(self._part.segment):
            self._refuse(Answer.BAD_PROOF, "a segment does not begin with its own number")
        origin = detail.get("key", "")
        if origin != (new.origin or self._verifier.origin):
            self._refuse(Answer.UNKNOWN_LOG, f"the lines are of the log of key {origin}")
        if not new.records:
            try:
                self._head = Head(record.n - 1, bytes.fromhex(detail["previous"]))
            except (KeyError, ValueError):
                self._refuse(Answer.BAD_PROOF, "the first line does not say what it follows")
        return replace(new, origin=origin)

    def _signed(self, new: Held, record: Record) -> Held:
        detail, head = record.detail, self._head
        if detail.get("key") != new.origin:
            self._refuse(Answer.UNKNOWN_LOG, f"the checkpoint is of key {detail.get('key')}")
        if (detail.get("records"), detail.get("head")) != (str(head.records), head.hash.hex()):
            self._refuse(Answer.BAD_PROOF, f"record {record.n} signs for another history")
        words = signed_words(new.origin, head, record.at)
        if not self._verifier.holds(words, detail.get("signature", "")):
            self._refuse(Answer.WRONG_KEY, f"record {record.n} is not signed by the log's key")
        purge = replace(new.purge, signed=True) if new.purge else None
        return replace(
            new,
            checkpoint_records=head.records,
            checkpoint_hash=head.hash.hex(),
            checkpoint_at=record.at,
            checkpoint_signature=detail["signature"],
            purge=purge,
        )

    def _refuse(self, answer: Answer, why: str) -> NoReturn:
        raise Refused(answer, self._held.records, why)
