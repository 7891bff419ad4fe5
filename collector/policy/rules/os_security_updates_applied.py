"""A known hole must be closed before it is used.

Cyber Essentials allows 14 days for what the vendor calls a security update. An update whose source
calls nothing so (`security` is unset) may be one: it is left the same time, and after that nobody
can say that no security update is overdue.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from collector.model import Circumstances, Limit, Rule, Severity, Status, Verdict
from collector.policy.causes import Cause
from collector.policy.pending import Waiting, judge_pending, undated_words
from collector.policy.wording import Counted, Text, bare, dated, days, listed, sentence
from protos.posture.v1.signals_pb2 import OsUpdates, PendingUpdate


def judge(seen: OsUpdates, limits: Mapping[str, int], circumstances: Circumstances) -> Verdict:
    updates = [update for update in seen.updates if update.security]
    waiting = Waiting(
        seen.pending_security, updates, _counted, Text("no security update is pending")
    )
    verdict = judge_pending(seen, waiting, limits, circumstances)
    if verdict.status is not Status.PASS:
        return verdict
    if _cut_short(seen):
        words = Text(
            "only %(named)s of %(count)s pending updates are named, and others may be security"
            " updates",
            named=len(seen.updates),
            count=seen.pending,
        )
        return Verdict(Status.UNKNOWN, sentence(words), cause=Cause.SINCE_UNKNOWN)
    untold = [update for update in seen.updates if not update.HasField("security")]
    return _beside(verdict, untold, limits["max_delay_days"], circumstances) if untold else verdict


def _counted(number: int) -> Counted:
    return Counted("%(num)s security update", "%(num)s security updates", number)


def _cut_short(seen: OsUpdates) -> bool:
    """Security updates are listed first, then those that may be some, then the others."""
    last = seen.updates[-1] if seen.updates else None
    told = last is not None and last.HasField("security") and not last.security
    return seen.pending > len(seen.updates) and not told


def _beside(
    verdict: Verdict, untold: Sequence[PendingUpdate], limit: int, circumstances: Circumstances
) -> Verdict:
    """The passing verdict, as far as the updates that may be security updates leave it one."""
    undated = [update.name for update in untold if update.name not in circumstances.first_seen]
    if undated:
        return Verdict(Status.UNKNOWN, sentence(undated_words(undated)), cause=Cause.SINCE_UNKNOWN)
    since = {update.name: circumstances.first_seen[update.name] for update in untold}
    delay = timedelta(days=limit)
    overdue = sorted(name for name, at in since.items() if circumstances.now >= at + delay)
    if overdue:
        words = Text(
            "nobody says whether these are security updates, pending for %(days)s: %(names)s",
            days=days(limit),
            names=listed([dated(name, since[name]) for name in overdue]),
        )
        return Verdict(Status.UNKNOWN, sentence(words), cause=Cause.UNCLASSIFIED)
    also = Counted(
        "%(num)s update of sources that do not tell security updates apart",
        "%(num)s updates of sources that do not tell security updates apart",
        len(untold),
    )
    ends_at = min(since.values()) + delay
    until = min(ends_at, verdict.holds_until or ends_at)
    return replace(verdict, because=sentence(bare(verdict.because), also), holds_until=until)


def tracks(seen: OsUpdates) -> Collection[str]:
    return {
        update.name
        for update in seen.updates
        if update.name and (update.security or not update.HasField("security"))
    }


RULE = Rule(
    id="os_security_updates_applied",
    signal="os_updates",
    severity=Severity.HIGH,
    judge=judge,
    needs=("pending_security",),
    whole_to_pass=("index_at", "updates"),
    limits=(
        Limit("max_delay_days", 14, 1, 90, "days a security update may stay pending"),
        Limit("max_index_age_days", 7, 1, 90, "days until the package lists are too old to go by"),
    ),
    tracks=tracks,
)
