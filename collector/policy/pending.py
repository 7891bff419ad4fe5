"""How long known updates have waited, and whether the device could know of newer ones.

Time is counted from the day the collector first saw an update pending on the device: what the
archive or the vendor published earlier cannot be known from here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.model import Circumstances, Status, Verdict
from collector.policy.causes import Cause
from collector.policy.wording import (
    FUTURE_TOLERANCE,
    Counted,
    Text,
    dated,
    day,
    days,
    listed,
    moment,
    sentence,
)
from protos.posture.v1.signals_pb2 import OsUpdates, PendingUpdate


@dataclass(frozen=True, slots=True)
class Waiting:
    """The updates that a rule is about: `count` as the device counts them, `updates` as listed
    (a list may be cut short), `counted` so many of them in words, `none` that there is none.
    """

    count: int
    updates: Sequence[PendingUpdate]
    counted: Callable[[int], Counted]
    none: Text


def judge_pending(
    seen: OsUpdates, waiting: Waiting, limits: Mapping[str, int], circumstances: Circumstances
) -> Verdict:
    """Overdue updates fail whatever the age of the lists: they are known to wait."""
    delay = timedelta(days=limits["max_delay_days"])
    since = {
        update.name: circumstances.first_seen[update.name]
        for update in waiting.updates
        if update.name in circumstances.first_seen
    }
    overdue = {name: at for name, at in since.items() if circumstances.now >= at + delay}
    if overdue:
        return _fail(waiting, overdue, limits["max_delay_days"])
    ends_at = _lists_end_at(seen, limits["max_index_age_days"])
    doubt, cause = _lists_in_doubt(seen, ends_at, circumstances.now)
    if not doubt:
        doubt, cause = _count_in_doubt(waiting, since), Cause.SINCE_UNKNOWN
    if doubt or ends_at is None:
        overdue_at = [at + delay for at in since.values()]
        changes_at = _changes_at(seen, overdue_at, circumstances.now)
        return Verdict(Status.UNKNOWN, sentence(doubt), changes_at, cause)
    count = max(waiting.count, len(waiting.updates))
    if not count:
        return Verdict(Status.PASS, sentence(waiting.none), ends_at)
    oldest = min(since.values())
    words = Text(
        "%(updates)s pending, the oldest since %(day)s; %(limit)s are allowed",
        updates=waiting.counted(count),
        day=day(oldest),
        limit=days(limits["max_delay_days"]),
    )
    return Verdict(Status.PASS, sentence(words), min(ends_at, oldest + delay))


def _changes_at(seen: OsUpdates, overdue_at: Sequence[datetime], now: datetime) -> datetime | None:
    """When an unknown verdict may change by itself: a delay ends, a date is no longer ahead."""
    index_at = moment(seen.index_at)
    ahead = index_at is not None and index_at > now + FUTURE_TOLERANCE
    changes = [*overdue_at, index_at - FUTURE_TOLERANCE] if ahead and index_at else overdue_at
    return min(changes, default=None)


def _fail(waiting: Waiting, overdue: Mapping[str, datetime], limit: int) -> Verdict:
    longest_first = sorted(overdue, key=lambda name: (overdue[name], name))
    words = Text(
        "%(updates)s pending for %(days)s or more: %(names)s",
        updates=waiting.counted(len(overdue)),
        days=days(limit),
        names=listed([dated(name, overdue[name]) for name in longest_first]),
    )
    return Verdict(Status.FAIL, sentence(words))


def _lists_end_at(seen: OsUpdates, limit: int) -> datetime | None:
    """When the package lists are too old to go by; None: their age is not known."""
    index_at = moment(seen.index_at) if seen.HasField("index_at") else None
    try:
        return index_at + timedelta(days=limit) if index_at else None
    except OverflowError:
        return None


def _lists_in_doubt(seen: OsUpdates, ends_at: datetime | None, now: datetime) -> tuple[str, str]:
    """The doubt in words, and its cause."""
    index_at = moment(seen.index_at)
    if ends_at is None or index_at is None:
        return Text("it could not be told how old the package lists are"), Cause.LISTS_OLD
    if index_at > now + FUTURE_TOLERANCE:
        words = Text("the package lists are dated %(day)s, in the future", day=day(index_at))
        return words, Cause.CLOCK_AHEAD
    if now >= ends_at:
        age = days((now - index_at).days)
        words = Text("the package lists are %(age)s old, so newer updates cannot be seen", age=age)
        return words, Cause.LISTS_OLD
    return "", ""


def _count_in_doubt(waiting: Waiting, since: Mapping[str, datetime]) -> str:
    """A list may be longer than the count: zypper's patches stand beside their packages."""
    listed_here = len(waiting.updates)
    if listed_here < waiting.count:
        updates = waiting.counted(waiting.count)
        if not listed_here:
            return Text("%(updates)s pending, but none is named", updates=updates)
        return Text(
            "%(updates)s pending, but only %(named)s are named", updates=updates, named=listed_here
        )
    undated = [update.name for update in waiting.updates if update.name not in since]
    return undated_words(undated) if undated else ""


def undated_words(names: Sequence[str]) -> Text:
    return Text("it is not recorded since when these are pending: %(names)s", names=listed(names))
