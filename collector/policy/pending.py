"""How long known updates have waited, and whether the device could know of newer ones.

Time is counted from the day the collector first saw an update pending on the device: what the
archive or the vendor published earlier cannot be known from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.model import Circumstances, Status, Verdict
from collector.policy.causes import Cause
from collector.policy.wording import FUTURE_TOLERANCE, counted, day, listed, moment, sentence
from protos.posture.v1.signals_pb2 import OsUpdates, PendingUpdate


@dataclass(frozen=True, slots=True)
class Waiting:
    """The updates that a rule is about: `count` as the device counts them, `updates` as listed
    (a list may be cut short), `noun` as people call one.
    """

    count: int
    updates: Sequence[PendingUpdate]
    noun: str


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
        return _fail(waiting.noun, overdue, limits["max_delay_days"])
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
        return Verdict(Status.PASS, sentence(f"no {waiting.noun} is pending"), ends_at)
    oldest = min(since.values())
    words = f"{counted(count, waiting.noun)} pending, the oldest since {day(oldest)}"
    words += f"; {limits['max_delay_days']} days are allowed"
    return Verdict(Status.PASS, sentence(words), min(ends_at, oldest + delay))


def _changes_at(seen: OsUpdates, overdue_at: Sequence[datetime], now: datetime) -> datetime | None:
    """When an unknown verdict may change by itself: a delay ends, a date is no longer ahead."""
    index_at = moment(seen.index_at)
    ahead = index_at is not None and index_at > now + FUTURE_TOLERANCE
    changes = [*overdue_at, index_at - FUTURE_TOLERANCE] if ahead and index_at else overdue_at
    return min(changes, default=None)


def _fail(noun: str, overdue: Mapping[str, datetime], days: int) -> Verdict:
    longest_first = sorted(overdue, key=lambda name: (overdue[name], name))
    names = listed([f"{name} (since {day(overdue[name])})" for name in longest_first])
    words = f"{counted(len(overdue), noun)} pending for {days} days or more: {names}"
    return Verdict(Status.FAIL, sentence(words))


def _lists_end_at(seen: OsUpdates, days: int) -> datetime | None:
    """When the package lists are too old to go by; None: their age is not known."""
    index_at = moment(seen.index_at) if seen.HasField("index_at") else None
    try:
        return index_at + timedelta(days=days) if index_at else None
    except OverflowError:
        return None


def _lists_in_doubt(seen: OsUpdates, ends_at: datetime | None, now: datetime) -> tuple[str, str]:
    """The doubt in words, and its cause."""
    index_at = moment(seen.index_at)
    if ends_at is None or index_at is None:
        return "it could not be told how old the package lists are", Cause.LISTS_OLD
    if index_at > now + FUTURE_TOLERANCE:
        words = f"the package lists are dated {day(index_at)}, in the future"
        return words, Cause.CLOCK_AHEAD
    if now >= ends_at:
        age = counted((now - index_at).days, "day")
        words = f"the package lists are {age} old, so newer updates cannot be seen"
        return words, Cause.LISTS_OLD
    return "", ""


def _count_in_doubt(waiting: Waiting, since: Mapping[str, datetime]) -> str:
    """A list may be longer than the count: zypper's patches stand beside their packages."""
    listed_here = len(waiting.updates)
    if listed_here < waiting.count:
        named = f"only {listed_here} are" if listed_here else "none is"
        return f"{counted(waiting.count, waiting.noun)} pending, but {named} named"
    undated = [update.name for update in waiting.updates if update.name not in since]
    if undated:
        return f"it is not recorded since when these are pending: {listed(undated)}"
    return ""
