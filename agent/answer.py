"""How this device stands, told to whoever uses it: the collector's words, and what to do first."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from agent.language import counted, language, marked, say
from agent.layout import row
from agent.standing import Standing
from agent.words import duration
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.posture_service_pb2 import (
    Answer,
    Compliance,
    Finding,
    FindingStatus,
    Severity,
)

COLUMN = 16
COMPLIANCE = {
    Compliance.COMPLIANCE_COMPLIANT: marked("compliant"),
    Compliance.COMPLIANCE_NON_COMPLIANT: marked("not compliant"),
    Compliance.COMPLIANCE_UNKNOWN: marked("unknown"),
    Compliance.COMPLIANCE_STALE: marked("stale"),
}
SEVERITY = {
    Severity.SEVERITY_LOW: marked("severity low"),
    Severity.SEVERITY_MEDIUM: marked("severity medium"),
    Severity.SEVERITY_HIGH: marked("severity high"),
    Severity.SEVERITY_CRITICAL: marked("severity critical"),
}
LABELS = {
    FindingStatus.FINDING_STATUS_FAIL: marked("to fix"),
    FindingStatus.FINDING_STATUS_UNKNOWN: marked("not seen"),
    FindingStatus.FINDING_STATUS_PASS: marked("in order"),
    FindingStatus.FINDING_STATUS_NOT_APPLICABLE: marked("not asked"),
}
ORDER = tuple(LABELS)
SETTLED = (FindingStatus.FINDING_STATUS_PASS, FindingStatus.FINDING_STATUS_NOT_APPLICABLE)
FAIL = FindingStatus.FINDING_STATUS_FAIL


def lines(standing: Standing, now: datetime) -> list[str]:
    """What `muster-agent status` prints."""
    settled = standing.config
    collector = f"{settled.collector_name} ({settled.check_in_address})"
    shown = [
        *row(say("collector"), [collector], COLUMN),
        *row(say("device"), [settled.device_id], COLUMN),
        *row(say("last check-in"), [_when(standing.checked_in_at, now)], COLUMN),
    ]
    if standing.trouble:
        shown += row(say("since then"), [standing.trouble], COLUMN)
    if standing.response is None:
        none = say("no answer yet; to ask: muster-agent report")
        return [*shown, *row(say("compliance"), [none], COLUMN), *_unsent(standing)]
    answer = standing.response.answer
    shown += row(say("compliance"), _compliance(answer, now), COLUMN)
    shown += row(
        say("answer"), [say("received %(when)s", when=_when(standing.answered_at, now))], COLUMN
    )
    for finding in sorted(answer.findings, key=lambda each: _place(each, now)):
        shown += ["", *_finding(finding, now)]
    return [*shown, *_unsent(standing)]


def _compliance(answer: Answer, now: datetime) -> list[str]:
    basis = say(
        "%(state)s (policy %(version)s, judged %(at)s)",
        state=compliance(answer.compliance),
        version=answer.policy_version,
        at=at(answer.evaluated_at),
    )
    to_fix = sum(each.status == FAIL and not is_waived(each, now) for each in answer.findings)
    if not to_fix:
        return [basis]
    return [basis, counted("%(num)s thing to fix", "%(num)s things to fix", to_fix)]


def _unsent(standing: Standing) -> list[str]:
    if not (standing.waiting or standing.dropped):
        return []
    said = [
        counted(
            "%(num)s report waits to be sent", "%(num)s reports wait to be sent", standing.waiting
        )
    ]
    if standing.dropped:
        said.append(
            counted(
                "%(num)s older one was dropped to make room",
                "%(num)s older ones were dropped to make room",
                standing.dropped,
            )
        )
    return ["", *row(say("unsent"), said, COLUMN)]


def compliance(code: int) -> str:
    """The collector's word, as people say it.

    >>> compliance(4), compliance(2)
    ('stale', 'not compliant')
    """
    return _named(COMPLIANCE, code)


def wording(finding: Finding) -> wire.FindingWords:
    """What a finding says, in the reader's language if the collector has it."""
    for words in finding.words:
        if words.language == language():
            return words
    return wire.FindingWords(
        title=finding.title, because=finding.because, remediation=finding.remediation
    )


def is_waived(finding: Finding, now: datetime) -> bool:
    return finding.HasField("waived_until") and _later(finding.waived_until, now)


def _place(finding: Finding, now: datetime) -> tuple[bool, int, int]:
    """What is to be done comes first, the gravest of it at the top."""
    status = ORDER.index(finding.status) if finding.status in ORDER else len(ORDER)
    return is_waived(finding, now), status, -finding.severity if status < 2 else 0


def _finding(finding: Finding, now: datetime) -> list[str]:
    """A title and a reason; the rest only where somebody has something to do."""
    words, waived = wording(finding), is_waived(finding, now)
    said = [words.title or finding.rule_id, words.because]
    if waived:
        until = at(finding.waived_until)
        said.insert(0, say("nothing to do until %(at)s: waived", at=until))
    if finding.status not in SETTLED:
        said.append(_dated(finding, now))
    if finding.status == FAIL and not waived:
        said.append(due(finding, now))
    if words.remediation:
        said.append(_to_do(words.remediation, waived=waived))
    if finding.HasField("waived_until") and not waived:
        said.append(say("was waived until %(at)s", at=at(finding.waived_until)))
    if finding.status not in SETTLED:
        said.append(say("rule: %(id)s", id=finding.rule_id))
    label = say("waived") if waived else _named(LABELS, finding.status)
    return row(label, [each for each in said if each], COLUMN)


def _to_do(words: str, *, waived: bool) -> str:
    if waived:
        return say("what to do after that: %(words)s", words=words)
    return say("what to do: %(words)s", words=words)


def due(finding: Finding, now: datetime) -> str:
    """By when a failure is to be fixed."""
    if not finding.HasField("grace_ends_at"):
        return say("it counts against this device: fix it now")
    if not _later(finding.grace_ends_at, now):
        return say("it counts since %(at)s: fix it now", at=at(finding.grace_ends_at))
    left = duration((_moment(finding.grace_ends_at) - now).total_seconds())
    return say("fix it by %(at)s, %(left)s from now", at=at(finding.grace_ends_at), left=left)


def _later(stamp: Timestamp, now: datetime) -> bool:
    return _moment(stamp) > now


def _moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)


def _dated(finding: Finding, now: datetime) -> str:
    words = []
    if finding.HasField("since"):
        since = say("since %(at)s", at=f"{at(finding.since)}, {_ago(_moment(finding.since), now)}")
        words.append(since)
    if finding.HasField("severity"):
        words.append(_named(SEVERITY, finding.severity))
    return "; ".join(words)


def _named(names: Mapping[Any, str], code: int) -> str:
    """A newer collector may send a code that has no name here."""
    return say(names[code]) if code in names else say("unlisted (%(code)s)", code=code)


def at(stamp: Timestamp) -> str:
    return f"{_moment(stamp):%Y-%m-%d %H:%M} UTC"


def _when(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return say("never")
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC, {_ago(moment, now)}"


def _ago(moment: datetime, now: datetime) -> str:
    """A time ahead of the clock is said to be so, not hidden."""
    seconds = (now - moment).total_seconds()
    if seconds >= 0:
        return say("%(time)s ago", time=duration(seconds))
    return say("%(time)s in the future", time=duration(-seconds))
