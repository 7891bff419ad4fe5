"""A device's state follows from its findings, their grace and waivers, and its silence. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from collector.model import (
    Compliance,
    Device,
    Finding,
    Language,
    OpenFinding,
    Severity,
    Status,
    Waiver,
    Words,
)
from collector.translation.sentences import told_again


def state(findings: Iterable[OpenFinding], now: datetime) -> Compliance:
    """The worst of the findings: a failure that counts, else anything unknown, else compliant.

    A device that no rule applies to was not judged, like one without findings: it is unknown,
    not compliant.
    """
    judged = False
    unknown = False
    for each in findings:
        judged = judged or each.finding.status is not Status.NOT_APPLICABLE
        if each.counts(now):
            return Compliance.NON_COMPLIANT
        waived = each.waiver is not None and now < each.waiver.ends_at
        unknown = unknown or (each.finding.status is Status.UNKNOWN and not waived)
    return Compliance.UNKNOWN if unknown or not judged else Compliance.COMPLIANT


def with_silence(
    compliance: Compliance, last_seen_at: datetime | None, now: datetime, stale_after: timedelta
) -> Compliance:
    """Stale after more than `stale_after` without a check-in, by the collector's clock.

    Enrolment is the first sign of life: for a device that never checked in, hand over the time
    of its enrolment (`compliance_at` does), so that a new device is unknown before it is stale.
    None means that there was no sign at all: stale.
    """
    if last_seen_at is None or now - last_seen_at > stale_after:
        return Compliance.STALE
    return compliance


def compliance_at(device: Device, now: datetime, stale_after: timedelta) -> Compliance:
    """The device's state with regard to its silence."""
    return with_silence(
        device.compliance, device.last_seen_at or device.enrolled_at, now, stale_after
    )


def in_language(finding: Finding, language: Language) -> Finding:
    """With its reason in that language, if it was told so that it can be."""
    if language is Language.EN:
        return finding
    return replace(finding, because=told_again(finding.told, finding.because, language))


def lay_over(
    finding: Finding,
    words: Words,
    severity: Severity,
    grace_ends_at: datetime | None,
    waiver: Waiver | None,
) -> OpenFinding:
    """A finding as people see it.

    `grace_ends_at` as `policy.grace` says it. A waiver for another rule or device, or one that
    had ended when the finding was evaluated, is not laid over; one that ends later stops counting
    by itself (`OpenFinding.counts`).
    """
    return OpenFinding(
        finding=finding,
        title=words.title,
        why=words.why,
        severity=severity,
        remediation=words.remediation,
        grace_ends_at=grace_ends_at if finding.status is Status.FAIL else None,
        waiver=waiver if waiver is not None and _covers(waiver, finding) else None,
    )


def _covers(waiver: Waiver, finding: Finding) -> bool:
    same = (waiver.device_id, waiver.rule_id) == (finding.device_id, finding.rule_id)
    return same and finding.evaluated_at < waiver.ends_at
