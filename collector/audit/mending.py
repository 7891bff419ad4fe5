"""Brings the folder that was left behind up to the one that has everything, and compares the two.

Bytes are copied in order, so a copy that was cut short is gone on with by the next.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from collector.audit.appending import append, set_aside, sync_folder
from collector.audit.segments import path_of, segments

CHUNK = 1 << 20
MOST_TOLD = 5
MOMENT = re.compile(rb'"at":"([^"]*)"')
Position = tuple[int, int]
"""A segment's number, and how many bytes of it."""


def standing(folder: Path) -> Position:
    """Where the log in this folder ends. Raises OSError."""
    found = segments(folder)
    return (found[-1].number, found[-1].path.stat().st_size) if found else (0, 0)


def read_through(folder: Path) -> None:
    """Whether the last segment can be read. Raises OSError."""
    for segment in segments(folder)[-1:]:
        with segment.path.open("rb") as file:
            while file.read(CHUNK):
                pass


def is_prefix(behind: Path, leader: Path, same: Position = (0, 0)) -> bool:
    """Whether the last segment of one is how that of the other begins. Raises OSError.

    `same`: up to there somebody has seen it. Whole older segments are for the verification.
    """
    number, size = standing(behind)
    if number == 0:
        return True
    theirs = path_of(leader, number)
    if not theirs.exists():
        return False
    start = same[1] if same[0] == number and same[1] <= size else 0
    return _first_difference(path_of(behind, number), theirs, start, size) is None


def lacks_many(behind: Path, leader: Path) -> bool:
    """Whether it lacks records of more than one moment. Raises OSError.

    One write, which has one moment, is what a crash between the two folders leaves out.
    """
    number, size = standing(behind)
    moments: set[bytes] = set()
    for segment in segments(leader):
        if segment.number < number:
            continue
        with segment.path.open("rb") as file:
            for line in _lines_from(file, size if segment.number == number else 0):
                moments.update(MOMENT.findall(line)[:1])
                if len(moments) > 1:
                    return True
    return False


def _lines_from(file: BinaryIO, start: int) -> Iterator[bytes]:
    """The lines that do not end before this place."""
    end = 0
    for line in file:
        end += len(line)
        if end > start:
            yield line


def copy_missing(behind: Path, leader: Path) -> int:
    """How many bytes there were. What was copied is on disk before the next. Raises OSError."""
    number, _size = standing(behind)
    copied = 0
    for segment in segments(leader):
        if segment.number < number:
            continue
        path = path_of(behind, segment.number)
        done = path.stat().st_size if path.exists() else 0
        with segment.path.open("rb") as file:
            file.seek(done)
            while (part := file.read(CHUNK)) or not path.exists():
                append(path, part, done)
                done, copied = done + len(part), copied + len(part)
        sync_folder(behind)
    return copied


def cut_to(folder: Path, end: Position | None) -> int:
    """Set aside what nobody acknowledged: beyond `end`; or (None) a last line that was cut short.

    How many bytes. Raises OSError.
    """
    found = segments(folder)
    if not found:
        return 0
    if end is None:
        content = found[-1].path.read_bytes()
        return set_aside(found[-1].path, content.rfind(b"\n") + 1)
    number, size = end
    cut = 0
    for segment in found:
        if segment.number > number:
            cut += set_aside(segment.path, 0)
            segment.path.unlink()
        elif segment.number == number:
            cut += set_aside(segment.path, size)
    return cut


def copies_differ(leader: Path, folders: Collection[Path]) -> list[str]:
    """What the other folders hold otherwise; one that cannot be read says nothing."""
    said = []
    for folder in folders:
        if folder == leader:
            continue
        with suppress(OSError):
            # The running collector may be writing, or dropping what is old: what is wrong stays.
            if any(differences(leader, folder)):
                said += list(islice(differences(leader, folder), MOST_TOLD))
    return said


def differences(leader: Path, other: Path) -> Iterator[str]:
    """Where the other folder holds something else, or lacks an older segment.

    Its end may be behind; older segments than the leader's wait to be purged. Raises OSError.
    """
    held = {each.number: each.path for each in segments(other)}
    for segment in segments(leader):
        if not held or segment.number > max(held):
            return
        path = held.get(segment.number)
        if path is None:
            yield f"{segment.path.name} is missing in {other}"
            continue
        size, whole = path.stat().st_size, segment.path.stat().st_size
        at = _first_difference(path, segment.path, 0, min(size, whole))
        if at is None and size < whole and segment.number < max(held):
            at = size
        if at is not None:
            with path.open("rb") as file:
                line = file.read(at).count(b"\n") + 1
            yield f"{path.name}:{line}: {other} holds another line than {leader}"


def _first_difference(one: Path, other: Path, start: int, end: int) -> int | None:
    """The place of the first byte that is not the same; where one is too short, too."""
    with one.open("rb") as mine, other.open("rb") as theirs:
        mine.seek(start)
        theirs.seek(start)
        while start < end:
            length = min(CHUNK, end - start)
            here, there = mine.read(length), theirs.read(length)
            if here != there or not here:
                pairs = enumerate(zip(here, there, strict=False))
                at = next((n for n, (a, b) in pairs if a != b), min(len(here), len(there)))
                return start + at
            start += length
    return None
