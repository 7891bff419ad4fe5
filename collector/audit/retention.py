"""The log is kept for nine months: whole segments older than that are dropped, and it is said so.

The record that says it is written and signed first, so that a purge that is cut short is finished
by the next one, and a truncated log is never mistaken for a purged one.
"""

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec

from collector.audit.chain import HASH_LENGTH
from collector.audit.entry import COLLECTOR, Action, Entry
from collector.audit.journal import Journal
from collector.audit.segments import Segment, segments
from collector.audit.verifying import Record

KEPT = timedelta(days=274)


def purge(journal: Journal, now: datetime, kept: timedelta = KEPT) -> int:
    """Drop the segments whose last record is older than `kept`; how many there were.

    The newest segment always stays. Raises AuditUnavailable.
    """
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
        segment.path.unlink()
        segment.path.with_suffix(".torn").unlink(missing_ok=True)
    return len(old)


def _began_at(path: Path) -> datetime:
    """When the segment began: no record of the one before is younger."""
    return datetime.fromisoformat(_first(path).at)


def _first(path: Path) -> Record:
    with path.open("rb") as file:
        return msgspec.json.decode(file.readline()[HASH_LENGTH + 1 :], type=Record)
