"""Asks each replica for what it holds and compares it with the log here, byte by byte.

A replica that acknowledges and drops is found here; so is a log whose end or whole was put back.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from collector.audit.chain import HASH_LENGTH, Head, signed_words
from collector.audit.entry import Action
from collector.audit.replicas.feeding import Named, note_of, read_note
from collector.audit.replicas.shelf import Lost, Unreachable
from collector.audit.replicas.witness import Held, Witness
from collector.audit.segments import path_of
from collector.audit.signing import Verifier
from collector.audit.verifying import Record

MOST_TOLD = 5
LINE = re.compile(rb"[0-9a-f]{64} \{\"n\":.*\}")


@dataclass(frozen=True, slots=True)
class Difference:
    """`away`: the replica could not be asked, which says nothing about what it holds."""

    replica: str
    what: str
    away: bool = False

    def __str__(self) -> str:
        return f"replica {self.replica}: {self.what}"


def differences(
    replicas: Sequence[Named], audit: Path, notes: Path, newest: int = 0
) -> Iterator[Difference]:
    """Where a replica does not hold what the log here has, or what it acknowledged by our notes.

    `newest`: only so many segments. Each replica is named a few times at most.
    """
    for each in replicas:
        found = _of_one(each, audit, notes, newest)
        if any(not difference.away for difference in found):
            # The running collector may be feeding it, or dropping what is old: what is wrong stays.
            found = _of_one(each, audit, notes, newest)
        yield from found


def _of_one(replica: Named, audit: Path, notes: Path, newest: int) -> list[Difference]:
    noted = read_note(note_of(notes, replica.name)).held  # before it is asked: it only grows
    try:
        if not replica.witness.shelf.readable:
            return []
        held = replica.witness.held()
        words = [*_disowned(replica.witness, held, noted)] or _differing(
            replica.witness, held, audit, newest
        )
        return [Difference(replica.name, what) for what in islice(words, MOST_TOLD)]
    except Unreachable as error:
        return [Difference(replica.name, str(error), away=True)]
    except Lost as error:
        return [Difference(replica.name, str(error))]


def _disowned(witness: Witness, held: Held, noted: Held) -> Iterator[str]:
    """What of its own note cannot be: then its lines need no look."""
    if held.origin and held.origin != witness.origin:
        yield f"it keeps the log of key {held.origin}, and the log here is of {witness.origin}"
    elif not witness.vouches(held):
        yield f"its checkpoint of {held.checkpoint_records} records is not signed by the log's key"
    elif held.records < noted.records:
        yield (
            f"it holds {held.records} records and acknowledged {noted.records}: it lost or dropped "
            "what it was given"
        )


def _differing(witness: Witness, held: Held, audit: Path, newest: int) -> Iterator[str]:
    if not held.segment:
        return
    first = max(held.first_segment, held.segment - newest + 1 if newest else 0)
    for segment in range(first, held.segment + 1):
        theirs = witness.shelf.read(segment)
        size = held.size if segment == held.segment else len(theirs)
        if len(theirs) < size or not theirs:
            yield f"segment {segment:06d} holds {len(theirs)} bytes and it acknowledged more"
            continue
        path = path_of(audit, segment)
        if not path.exists():
            continue  # purged here; that nothing else took it away is for the verification to say
        with path.open("rb") as file:
            ours = file.read(size) if segment == held.segment else file.read()
        if ours != theirs[:size]:
            line = _first_difference(ours, theirs[:size])
            yield f"{path.name}:{line}: it holds another line than here"


def copy_of(replica: Named, folder: Path) -> int:
    """Fetch all that a replica holds into a folder that exists; how many segments.

    Raises Unreachable or Lost.
    """
    held = replica.witness.held()
    if not held.segment:
        return 0
    for segment in range(held.first_segment, held.segment + 1):
        content = replica.witness.shelf.read(segment)
        if not content:
            raise Lost(f"segment {segment:06d} is not there, and it acknowledged it")
        end = held.size if segment == held.segment else len(content)
        path_of(folder, segment).write_bytes(content[:end])
    return held.segment + 1 - held.first_segment


def seen_by_log_host(file: Path, verifier: Verifier) -> list[Head]:
    """The checkpoints in what a log host wrote, if our key has signed them."""
    found = []
    with file.open("rb") as lines:
        for line in lines:
            match = LINE.search(line)
            head = _signed_head(match[0], verifier) if match else None
            if head is not None:
                found.append(head)
    return found


def _signed_head(line: bytes, verifier: Verifier) -> Head | None:
    try:
        record = msgspec.json.decode(line[HASH_LENGTH + 1 :], type=Record)
        if record.action != Action.CHECKPOINT:
            return None
        head = Head(int(record.detail["records"]), bytes.fromhex(record.detail["head"]))
        words = signed_words(verifier.origin, head, record.at)
        return head if verifier.holds(words, record.detail["signature"]) else None
    except (msgspec.DecodeError, KeyError, ValueError):
        return None


def _first_difference(ours: bytes, theirs: bytes) -> int:
    pairs = zip(ours.split(b"\n"), theirs.split(b"\n"), strict=False)
    for number, (here, there) in enumerate(pairs, 1):
        if here != there:
            return number
    return min(ours.count(b"\n"), theirs.count(b"\n")) + 1
