"""A known hole must be closed before it is used.

Cyber Essentials allows 14 days for what the vendor calls a security update.
"""

from collections.abc import Collection, Mapping

from collector.model import Circumstances, Limit, Rule, Severity, Verdict
from collector.policy.pending import Waiting, judge_pending
from protos.posture.v1.signals_pb2 import OsUpdates


def judge(seen: OsUpdates, limits: Mapping[str, int], circumstances: Circumstances) -> Verdict:
    updates = [update for update in seen.updates if update.security]
    waiting = Waiting(seen.pending_security, updates, "security update")
    return judge_pending(seen, waiting, limits, circumstances)


def tracks(seen: OsUpdates) -> Collection[str]:
    return {update.name for update in seen.updates if update.security and update.name}


RULE = Rule(
    id="os_security_updates_applied",
    signal="os_updates",
    severity=Severity.HIGH,
    judge=judge,
    needs=("pending_security",),
    whole_to_pass=("index_at",),
    limits=(
        Limit("max_delay_days", 14, 1, 90, "days a security update may stay pending"),
        Limit("max_index_age_days", 7, 1, 90, "days until the package lists are too old to go by"),
    ),
    tracks=tracks,
)
