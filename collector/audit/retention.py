"""The log is kept for nine months: whole segments older than that are dropped, and it is said so.

The record that says it is written and signed first, so that a purge that is cut short is finished
by the next one, and a truncated log is never mistaken for a purged one.
"""

import os
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec

from collector.audit.chain import HASH_LENGTH
from collector.audit.entry import COLLECTOR, Action, Entry
from collector.audit.journal import Journal
from collector.audit.purges import KEPT
from collector.audit.segments import Segment, segments
from collector.audit.verifying import Record

LEAP = timedelta(days=3)
"""A running collector writes every day; a longer silence may be a clock that was moved on."""
SETTLED = timedelta(days=1)
LONGEST_END = 1 << 20
"""Bytes at the end of a segment, of many records."""


def purge(journal: Journal, now: datetime, kept: timedelta = KEPT) -> int:
    """Drop the segments whose last record is older than `kept`; how many there were.

    The newest segment always stays. After a leap of the clock (`leapt_at`) the caller should wait.
    Raises AuditUnavailable.
    """
    dropped = _purge(journal, now, kept)
    _drop_copies(journal, now, kept)
    return dropped


def _purge(journal: Journal, now: datetime, kept: timedelta) -> int:
    found = segments(journal.folder)
    old: list[Segment] = []
    for segment, following in pairwise(found):
        if _began_at(following.path) > now - kept:
            break
        old.append(segment)
    if not old:
        return 0
    through, successor = old[-1], _first(found[len(old)].path)
    detail = {
        "through": str(through.number),
        "head": successor.detail["previous"],
        "until": successor.at,
    }
    journal.append(Entry(Action.PURGED, COLLECTOR, detail=detail))
    journal.checkpoint(now_if_any=True)
    for segment in old:
        _drop(segment)
    return len(old)


def _drop(segment: Segment) -> None:
    segment.path.unlink()
    segment.path.with_suffix(".torn").unlink(missing_ok=True)


def _drop_copies(journal: Journal, now: datetime, kept: timedelta) -> None:
    """What the log has dropped and another folder still holds, if it is old there as well."""
    first = next((each.number for each in segments(journal.folder)), 0)
    for folder in journal.folders:
        with suppress(OSError):  # one that is away is purged when it is back
            for segment, following in list(pairwise(segments(folder))):
                if segment.number < first and _began_at(following.path) <= now - kept:
                    _drop(segment)


def leapt_at(folder: Path, now: datetime) -> datetime | None:
    """When the time in the log last went on by days at once; None: never, or a day ago or more.

    Whoever moves the clock on makes everything look old; for a day it stays, and people are told.
    """
    times = [_began_at(segment.path) for segment in segments(folder)]
    for before, after in reversed(list(pairwise([*times, now]))):
        if after <= now - SETTLED:
            return None
        if after - before > LEAP:
            return after
    return None


def newest_at(folder: Path) -> datetime | None:
    """When the last whole record was written; None: there is none."""
    for segment in reversed(segments(folder)):
        with segment.path.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - LONGEST_END, 0))
            lines = file.read().split(b"\n")[:-1]
        for line in reversed(lines):
            with suppress(msgspec.DecodeError, ValueError):
                record = msgspec.json.decode(line[HASH_LENGTH + 1 :], type=Record)
                return datetime.fromisoformat(record.at)
    return None


def _began_at(path: Path) -> datetime:
    """When the segment began: no record of the one before is younger."""
    return datetime.fromisoformat(_first(path).at)


def _first(path: Path) -> Record:
    with path.open("rb") as file:
        return msgspec.json.decode(file.readline()[HASH_LENGTH + 1 :], type=Record)
