"""The collector's last answer, told as it was given: its words and its dates, none of ours."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from agent.config import Config
from agent.exchange.progress import Progress
from agent.layout import row
from agent.words import duration
from protos.posture.v1.posture_service_pb2 import (
    CheckInResponse,
    Compliance,
    Finding,
    FindingStatus,
    Severity,
)

COLUMN = 16


def lines(
    config: Config, progress: Progress, response: CheckInResponse | None, now: datetime
) -> list[str]:
    """What `muster-agent status` prints."""
    shown = [
        *row("collector", [f"{config.collector_name} ({config.check_in_address})"], COLUMN),
        *row("device", [config.device_id], COLUMN),
        *row("last check-in", [_when(progress.checked_in_at, now)], COLUMN),
    ]
    if progress.trouble:
        shown += row("since then", [progress.trouble], COLUMN)
    if response is None:
        return [*shown, *row("compliance", ["no answer yet; to ask: muster-agent report"], COLUMN)]
    answer = response.answer
    basis = f"policy {answer.policy_version}, judged {_at(answer.evaluated_at)}"
    shown += row("compliance", [f"{compliance(answer.compliance)} ({basis})"], COLUMN)
    shown += row("answer", [f"received {_when(progress.answered_at, now)}"], COLUMN)
    for finding in answer.findings:
        shown += ["", *_finding(finding, now)]
    return shown


def compliance(code: int) -> str:
    """The collector's word, as people say it.

    >>> compliance(4), compliance(2)
    ('stale', 'not compliant')
    """
    return _word(Compliance, code, "COMPLIANCE_").replace("non_", "not ")


SETTLED = (FindingStatus.FINDING_STATUS_PASS, FindingStatus.FINDING_STATUS_NOT_APPLICABLE)


def _finding(finding: Finding, now: datetime) -> list[str]:
    """A title and a reason; the rest only where somebody has something to do."""
    status = _word(FindingStatus, finding.status, "FINDING_STATUS_").replace("_", " ")
    words = [finding.title or finding.rule_id, finding.because]
    waived = finding.HasField("waived_until") and _still(finding.waived_until, now)
    if waived:
        words.insert(0, f"nothing to do until {_at(finding.waived_until)}: waived")
    if finding.status not in SETTLED:
        words += [_dated(finding, now), f"rule: {finding.rule_id}"]
    if finding.remediation:
        words.append(f"what to do{' after that' if waived else ''}: {finding.remediation}")
    if finding.HasField("grace_ends_at"):
        words.append(f"does not count before {_at(finding.grace_ends_at)}")
    if finding.HasField("waived_until") and not waived:
        words.append(f"was waived until {_at(finding.waived_until)}")
    return row(f"{status}, waived" if waived else status, [w for w in words if w], COLUMN)


def _still(until: Timestamp, now: datetime) -> bool:
    return until.ToDatetime(tzinfo=UTC) > now


def _dated(finding: Finding, now: datetime) -> str:
    words = []
    if finding.HasField("severity"):
        words.append(f"severity {_word(Severity, finding.severity, 'SEVERITY_')}")
    if finding.HasField("since"):
        since = finding.since.ToDatetime(tzinfo=UTC)
        words.append(f"since {_at(finding.since)}, {_ago(since, now)}")
    return ", ".join(words)


def _word(enum: object, code: int, prefix: str) -> str:
    """The enumeration's own name; a newer collector may send one that has none here."""
    by_number = enum.DESCRIPTOR.values_by_number  # type: ignore[attr-defined]
    if code not in by_number:
        return f"unlisted ({code})"
    return str(by_number[code].name).removeprefix(prefix).lower()


def _at(stamp: Timestamp) -> str:
    return f"{stamp.ToDatetime():%Y-%m-%d %H:%M} UTC"


def _when(at: datetime | None, now: datetime) -> str:
    return "never" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, {_ago(at, now)}"


def _ago(at: datetime, now: datetime) -> str:
    """A time ahead of the clock is said to be so, not hidden."""
    seconds = (now - at).total_seconds()
    return f"{duration(seconds)} ago" if seconds >= 0 else f"{duration(-seconds)} in the future"
