"""The log by weeks, as they are reviewed: Monday to Sunday, UTC, named as ISO 8601 names them."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec

from collector.audit.chain import HASH_LENGTH
from collector.audit.entry import Action, Outcome
from collector.audit.segments import Segment, segments
from collector.audit.verifying import Record

BOOKKEEPING = (Action.SEGMENT, Action.CHECKPOINT)
"""Records about the log itself: left out unless they are asked for."""
DUE_AFTER = timedelta(days=7)
"""A week is signed off before the next one has passed."""
WEEK = timedelta(days=7)


class Line(msgspec.Struct):
    at: str
    action: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many records of one class there were, and how many of them were refused or failed."""

    named: str
    times: int
    not_done: int


def week_of(at: datetime) -> str:
    """
    >>> week_of(datetime(2026, 11, 22, 23, 0, tzinfo=UTC))
    '2026-W47'
    """
    year, week, _ = at.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02d}"


def bounds(week: str) -> tuple[datetime, datetime] | None:
    """Its first moment, and the first after it; None: this names no week.

    >>> bounds("2026-W47")[0].isoformat(), bounds("2026-W60"), bounds("x")
    ('2026-11-16T00:00:00+00:00', None, None)
    """
    year, _, number = week.partition("-W")
    if not (year.isdecimal() and number.isdecimal() and len(week) == 8 and week.isascii()):
        return None
    try:
        monday = date.fromisocalendar(int(year), int(number), 1)
        begins_at = datetime(monday.year, monday.month, monday.day, tzinfo=UTC)
        return begins_at, begins_at + WEEK
    except (ValueError, OverflowError):
        return None


def weeks(folder: Path, now: datetime) -> list[str]:
    """Every week since the oldest record, the newest first."""
    found = segments(folder)
    first = _first_at(found[0]) if found else None
    if first is None:
        return [week_of(now)]
    listed: list[str] = []
    at = now
    while week_of(at) >= week_of(first) and len(listed) < 60:
        listed.append(week_of(at))
        at -= WEEK
    return listed or [week_of(now)]


def overdue(folder: Path, signed: Collection[str], now: datetime) -> list[str]:
    """Weeks that ended more than a week ago and that nobody has signed off."""
    return [
        week
        for week in weeks(folder, now)
        if week not in signed and (limits := bounds(week)) and limits[1] + DUE_AFTER <= now
    ]


CLASSES = {"logout": "login", "session": "login"}


def class_of(action: str) -> str:
    """What a reviewer looks through together.

    >>> class_of("account.disabled"), class_of("logout")
    ('account', 'login')
    """
    word = action.partition(".")[0]
    return CLASSES.get(word, word)


def counts(folder: Path, week: str) -> list[Count]:
    """What happened in the week by class, without the log's own records."""
    times: Counter[str] = Counter()
    not_done: Counter[str] = Counter()
    decoder = msgspec.json.Decoder(Line)
    for line in lines_of_week(folder, week):
        try:
            record = decoder.decode(line[HASH_LENGTH + 1 :])
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if record.action not in BOOKKEEPING:
            named = class_of(record.action)
            times[named] += 1
            not_done[named] += record.outcome != Outcome.DONE
    return [Count(named, times[named], not_done[named]) for named in sorted(times)]


def lines_of_week(folder: Path, week: str) -> Iterator[bytes]:
    """Lines whose time lies in the week, oldest first; other segments are not read."""
    limits = bounds(week)
    if limits is None:
        return
    begin, end = (limit.isoformat()[:19] for limit in limits)
    for segment in _segments_between(folder, *limits):
        with segment.path.open("rb") as file:
            for line in file:
                start = line.find(b'"at":"')
                at = line[start + 6 : start + 25].decode("ascii", "replace")
                if start > 0 and begin <= at < end:
                    yield line


def _segments_between(folder: Path, begin: datetime, end: datetime) -> Iterator[Segment]:
    found = segments(folder)
    for segment, following in pairwise([*found, None]):
        assert segment is not None
        begun_at = _first_at(segment)
        next_at = _first_at(following) if following else None
        if begun_at is not None and begun_at < end and (next_at is None or next_at >= begin):
            yield segment


def _first_at(segment: Segment) -> datetime | None:
    try:
        with segment.path.open("rb") as file:
            record = msgspec.json.decode(file.readline()[HASH_LENGTH + 1 :], type=Record)
        return datetime.fromisoformat(record.at)
    except (OSError, ValueError, msgspec.DecodeError):
        return None
