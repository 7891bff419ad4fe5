"""An installed fix protects only after the restart that loads it.

macOS is not asked: it has no sign of a restart that is due, and its updates stay pending until the
restart that installs them.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

from collector.model import Circumstances, Limit, Platform, Rule, Severity, Status, Verdict
from collector.policy.causes import Cause
from collector.policy.wording import day, sentence
from protos.posture.v1.signals_pb2 import OsUpdates

RESTART = "restart"


def judge(seen: OsUpdates, limits: Mapping[str, int], circumstances: Circumstances) -> Verdict:
    if not seen.restart_required:
        return Verdict(Status.PASS, "No restart is pending.")
    since = circumstances.first_seen.get(RESTART)
    if since is None:
        words = "A restart is pending, but since when is not recorded."
        return Verdict(Status.UNKNOWN, words, cause=Cause.SINCE_UNKNOWN)
    days = limits["max_delay_days"]
    ends_at = since + timedelta(days=days)
    words = f"a restart has been pending since {day(since)}; the limit is {days} days"
    if circumstances.now < ends_at:
        return Verdict(Status.PASS, sentence(words), holds_until=ends_at)
    return Verdict(Status.FAIL, sentence(words))


def tracks(seen: OsUpdates) -> Collection[str]:
    return {RESTART} if seen.restart_required else set()


RULE = Rule(
    id="os_restart_done",
    signal="os_updates",
    severity=Severity.MEDIUM,
    judge=judge,
    needs=("restart_required",),
    limits=(Limit("max_delay_days", 7, 1, 90, "days a restart may stay pending"),),
    tracks=tracks,
    platforms=frozenset((Platform.LINUX, Platform.WINDOWS)),
)
