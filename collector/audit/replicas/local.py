"""The log as a replica is fed from it: whole lines, from a place on, and never half a write."""

from datetime import datetime
from pathlib import Path

import msgspec

from collector.audit import locking
from collector.audit.chain import HASH_LENGTH
from collector.audit.replicas.shelf import Part
from collector.audit.segments import path_of, segments
from collector.audit.verifying import Record

MOST_BYTES = 1 << 20


class Gone(Exception):
    """The log here does not reach where it is asked from; str() says how."""


def next_part(folder: Path, segment: int, size: int) -> Part | None:
    """What follows these bytes of this segment (0: the oldest there is), a megabyte at most.

    None: nothing yet. A writer's lock is waited for: what it could not finish is never seen.
    Raises Gone, or OSError.
    """
    with locking.for_reading(folder):
        if segment == 0:
            found = segments(folder)
            return _lines(folder, found[0].number, 0) if found else None
        path = path_of(folder, segment)
        if not path.exists():
            raise Gone(f"segment {segment:06d} is not here any more")
        if path.stat().st_size < size:
            raise Gone(f"{path.name} has {path.stat().st_size} bytes here and {size} there")
        part = _lines(folder, segment, size)
        if part is None and path_of(folder, segment + 1).exists():
            part = _lines(folder, segment + 1, 0)
        return part


def waiting_since(folder: Path, segment: int, size: int) -> datetime | None:
    """When the first record was written that lies beyond; None: there is none."""
    part = next_part(folder, segment, size)
    if part is None:
        return None
    line = part.content.partition(b"\n")[0]
    return datetime.fromisoformat(msgspec.json.decode(line[HASH_LENGTH + 1 :], type=Record).at)


def _lines(folder: Path, segment: int, offset: int) -> Part | None:
    with path_of(folder, segment).open("rb") as file:
        file.seek(offset)
        content = file.read(MOST_BYTES)
    end = content.rfind(b"\n") + 1
    return Part(segment, offset, content[:end]) if end else None
