"""Asks each replica for what it holds and compares it with the log here, byte by byte.

A replica that acknowledges and drops is found here; so is a log whose end or whole was put back.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from collector.audit.chain import HASH_LENGTH, Head, signed_words
from collector.audit.entry import Action
from collector.audit.replicas.feeding import Named
from collector.audit.replicas.shelf import Lost, Unreachable
from collector.audit.segments import path_of
from collector.audit.signing import Verifier
from collector.audit.verifying import Record

LINE = re.compile(rb"[0-9a-f]{64} \{\"n\":.*\}")


@dataclass(frozen=True, slots=True)
class Difference:
    """`away`: the replica could not be asked, which says nothing about what it holds."""

    replica: str
    what: str
    away: bool = False

    def __str__(self) -> str:
        return f"replica {self.replica}: {self.what}"


def differences(replicas: Sequence[Named], audit: Path, newest: int = 0) -> Iterator[Difference]:
    """Where a replica does not hold what the log here has; `newest`: only so many segments."""
    for each in replicas:
        try:
            if each.witness.shelf.readable:
                yield from _of_one(each, audit, newest)
        except Unreachable as error:
            yield Difference(each.name, str(error), away=True)
        except Lost as error:
            yield Difference(each.name, str(error))


def _of_one(replica: Named, audit: Path, newest: int) -> Iterator[Difference]:
    held = replica.witness.held()
    if not held.segment:
        return
    first = max(held.first_segment, held.segment - newest + 1 if newest else 0)
    for segment in range(first, held.segment + 1):
        theirs = replica.witness.shelf.read(segment)
        size = held.size if segment == held.segment else len(theirs)
        if len(theirs) < size or not theirs:
            what = f"segment {segment:06d} holds {len(theirs)} bytes and it acknowledged more"
            yield Difference(replica.name, what)
            continue
        path = path_of(audit, segment)
        if not path.exists():
            continue  # purged here; that nothing else took it away is for the verification to say
        with path.open("rb") as file:
            ours = file.read(size) if segment == held.segment else file.read()
        if ours != theirs[:size]:
            line = _first_difference(ours, theirs[:size])
            yield Difference(replica.name, f"{path.name}:{line}: it holds another line than here")


def copy_of(replica: Named, folder: Path) -> int:
    """Fetch all that a replica holds into a folder that exists; how many segments.

    Raises Unreachable or Lost.
    """
    held = replica.witness.held()
    if not held.segment:
        return 0
    for segment in range(held.first_segment, held.segment + 1):
        content = replica.witness.shelf.read(segment)
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
