"""What is new enough to be told, whether this is the hour for it, and in which words. Pure.

Only failures are told: what could not be seen is nobody's to fix yet. A failure is told once; the
same rule failing anew is told again when a day has gone by.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agent.answer import is_waived, wording
from agent.language import counted, say
from agent.standing import Standing
from protos.posture.v1.posture_service_pb2 import Finding, FindingStatus, Notices

FRESH = timedelta(days=2)
"""An older status may no longer be so."""
REST = timedelta(days=1)
KEPT = timedelta(days=90)
MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class Told:
    """When a failure of a rule was told: the one that had begun at `since`."""

    since: str
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """`title` and `body` as people read them; nothing in it is evidence: screens are looked at."""

    title: str
    body: str


def new(standing: Standing, told: Mapping[str, Told], now: datetime) -> list[Finding]:
    """The failures to be told now, the hour aside; none from a collector that wants none shown."""
    seen_at, response = standing.checked_in_at, standing.response
    if response is None or seen_at is None or abs(now - seen_at) > FRESH:
        return []
    if not response.answer.notices.on_device:
        return []
    return [
        finding
        for finding in response.answer.findings
        if finding.status == FindingStatus.FINDING_STATUS_FAIL
        and not is_waived(finding, now)
        and _is_news(finding, told.get(finding.rule_id), now)
    ]


def _is_news(finding: Finding, before: Told | None, now: datetime) -> bool:
    if before is None:
        return True
    return before.since != since_of(finding) and not timedelta(0) <= now - before.told_at < REST


def since_of(finding: Finding) -> str:
    return finding.since.ToJsonString() if finding.HasField("since") else ""


def is_quiet(notices: Notices, hour: int) -> bool:
    """
    >>> night = Notices(quiet_from_hour=20, quiet_until_hour=7)
    >>> [is_quiet(night, hour) for hour in (19, 20, 3, 6, 7)]
    [False, True, True, True, False]
    >>> is_quiet(Notices(), 0)
    False
    """
    begins, ends = notices.quiet_from_hour, notices.quiet_until_hour
    if begins <= ends:
        return begins <= hour < ends
    return hour >= begins or hour < ends


def remembered(
    told: Mapping[str, Told], fresh: Iterable[Finding], now: datetime
) -> dict[str, Told]:
    """What has been told once these are; what is long ago is forgotten."""
    kept = {rule: one for rule, one in told.items() if now - one.told_at < KEPT}
    return kept | {each.rule_id: Told(since_of(each), now) for each in fresh}


def notice(fresh: list[Finding]) -> Notice:
    """One for all of them."""
    title = counted(
        "%(num)s thing to fix on this device", "%(num)s things to fix on this device", len(fresh)
    )
    lines = [_line(finding) for finding in fresh[:MOST_LINES]]
    if len(fresh) > MOST_LINES:
        more = len(fresh) - MOST_LINES
        lines.append(counted("and %(num)s more", "and %(num)s more", more))
    return Notice(title, "\n".join([*lines, say("What to do: muster-agent status")]))


def _line(finding: Finding) -> str:
    title = " ".join((wording(finding).title or finding.rule_id).split())
    title = "".join(c for c in title if c.isprintable())[:120]
    if not finding.HasField("grace_ends_at"):
        return say("Not so now: %(title)s", title=title)
    by = finding.grace_ends_at.ToDatetime(tzinfo=UTC).astimezone()
    return say("Not so now: %(title)s (fix by %(day)s)", title=title, day=f"{by:%Y-%m-%d}")
