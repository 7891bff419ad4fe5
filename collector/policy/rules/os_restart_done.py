"""An installed fix protects only after the restart that loads it.

macOS is not asked: it has no sign of a restart that is due, and its updates stay pending until the
restart that installs them.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

from collector.model import Circumstances, Limit, Platform, Rule, Severity, Status, Verdict
from collector.policy.causes import Cause
from collector.policy.wording import Text, day, days, sentence
from protos.posture.v1.signals_pb2 import OsUpdates

RESTART = "restart"


def judge(seen: OsUpdates, limits: Mapping[str, int], circumstances: Circumstances) -> Verdict:
    if not seen.restart_required:
        return Verdict(Status.PASS, sentence(Text("no restart is pending")))
    since = circumstances.first_seen.get(RESTART)
    if since is None:
        words = Text("a restart is pending, but since when is not recorded")
        return Verdict(Status.UNKNOWN, sentence(words), cause=Cause.SINCE_UNKNOWN)
    limit = limits["max_delay_days"]
    ends_at = since + timedelta(days=limit)
    words = Text(
        "a restart has been pending since %(day)s; the limit is %(limit)s",
        day=day(since),
        limit=days(limit),
    )
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
