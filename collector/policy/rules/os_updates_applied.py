"""Fixes that nobody calls security updates close holes too, only less urgently."""

from collections.abc import Collection, Mapping

from collector.model import Circumstances, Limit, Rule, Severity, Verdict
from collector.policy.pending import Waiting, judge_pending
from collector.policy.wording import Counted, Text
from protos.posture.v1.signals_pb2 import OsUpdates


def judge(seen: OsUpdates, limits: Mapping[str, int], circumstances: Circumstances) -> Verdict:
    waiting = Waiting(seen.pending, seen.updates, _counted, Text("no update is pending"))
    return judge_pending(seen, waiting, limits, circumstances)


def _counted(number: int) -> Counted:
    return Counted("%(num)s update", "%(num)s updates", number)


def tracks(seen: OsUpdates) -> Collection[str]:
    return {update.name for update in seen.updates if update.name}


RULE = Rule(
    id="os_updates_applied",
    signal="os_updates",
    severity=Severity.LOW,
    judge=judge,
    needs=("pending",),
    whole_to_pass=("index_at", "updates"),
    limits=(
        Limit("max_delay_days", 45, 1, 365, "days any update may stay pending"),
        Limit("max_index_age_days", 30, 1, 90, "days until the package lists are too old to go by"),
    ),
    tracks=tracks,
)
