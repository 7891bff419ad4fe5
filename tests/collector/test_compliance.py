"""The state of a device from its findings, their grace and waivers, and its silence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from collector.compliance import compliance_at, lay_over, state, with_silence
from collector.model import (
    Compliance,
    Device,
    Finding,
    FormFactor,
    OpenFinding,
    Severity,
    Status,
    Waiver,
    Words,
)
from collector.policy import RULES

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
WEEK = timedelta(days=7)
RULE = RULES[0]
WORDS = Words("The disk is encrypted", "It may be lost.", "Encrypt it.")
WAIVER = Waiver("d1", RULE.id, "waits for a new disk", "alice", NOW, NOW + WEEK)


def finding(status: Status, since: datetime = NOW) -> Finding:
    return Finding(
        device_id="d1",
        rule_id=RULE.id,
        status=status,
        because="Because.",
        evidence=(),
        since=since,
        recorded_at=since,
        evaluated_at=NOW,
        policy_version=1,
    )


def laid(status: Status, grace_days: int = 0, waiver: Waiver | None = None) -> OpenFinding:
    found = finding(status)
    ends_at = found.since + timedelta(days=grace_days) if grace_days else None
    return lay_over(found, WORDS, Severity.HIGH, ends_at, waiver)


@pytest.mark.parametrize(
    ("findings", "compliance"),
    [
        ([], Compliance.UNKNOWN),
        ([laid(Status.NOT_APPLICABLE)], Compliance.UNKNOWN),
        ([laid(Status.PASS), laid(Status.NOT_APPLICABLE)], Compliance.COMPLIANT),
        ([laid(Status.PASS), laid(Status.UNKNOWN)], Compliance.UNKNOWN),
        ([laid(Status.UNKNOWN), laid(Status.FAIL)], Compliance.NON_COMPLIANT),
        ([laid(Status.UNKNOWN, waiver=WAIVER)], Compliance.COMPLIANT),
        ([laid(Status.FAIL, waiver=WAIVER)], Compliance.COMPLIANT),
        ([laid(Status.FAIL, grace_days=1)], Compliance.COMPLIANT),
        ([laid(Status.FAIL, grace_days=1), laid(Status.UNKNOWN)], Compliance.UNKNOWN),
    ],
)
def test_a_device_is_as_compliant_as_the_worst_finding_that_counts(
    findings: list[OpenFinding], compliance: Compliance
) -> None:
    assert state(findings, NOW) is compliance


def test_grace_and_waivers_end_by_themselves() -> None:
    for covered, end in [
        (laid(Status.FAIL, grace_days=3), NOW + timedelta(days=3)),
        (laid(Status.FAIL, waiver=WAIVER), WAIVER.ends_at),
    ]:
        assert state([covered], end - A_SECOND) is Compliance.COMPLIANT
        assert state([covered], end) is Compliance.NON_COMPLIANT
    unknown = laid(Status.UNKNOWN, waiver=WAIVER)
    assert state([unknown], WAIVER.ends_at) is Compliance.UNKNOWN


def test_a_finding_is_laid_over_with_its_words_and_only_a_failure_has_grace() -> None:
    failed = laid(Status.FAIL, grace_days=2)
    assert Words(failed.title, failed.why, failed.remediation) == WORDS
    assert failed.grace_ends_at == NOW + timedelta(days=2)
    assert laid(Status.PASS, grace_days=2).grace_ends_at is None
    assert laid(Status.FAIL).grace_ends_at is None


@pytest.mark.parametrize(
    "waiver",
    [
        replace(WAIVER, device_id="d2"),
        replace(WAIVER, rule_id="other"),
        replace(WAIVER, ends_at=NOW),
    ],
)
def test_a_waiver_covers_only_its_own_finding_and_only_until_it_ends(waiver: Waiver) -> None:
    assert laid(Status.FAIL, waiver=waiver).waiver is None


def test_a_silent_device_is_stale_whatever_it_was() -> None:
    for compliance in Compliance:
        assert with_silence(compliance, NOW - WEEK, NOW, WEEK) is compliance
        late = with_silence(compliance, NOW - WEEK - A_SECOND, NOW, WEEK)
        assert late is Compliance.STALE
        assert with_silence(compliance, None, NOW, WEEK) is Compliance.STALE


def test_a_device_that_never_checked_in_is_unknown_until_it_has_been_silent_too_long() -> None:
    device = Device(
        device_id="d1",
        hostname="",
        platform=None,
        os_id="",
        os_name="",
        os_version="",
        form_factor=FormFactor.UNKNOWN,
        manufacturer="",
        model="",
        serial="",
        agent_version="",
        enrolled_at=NOW,
        last_seen_at=None,
        last_report_at=None,
        last_sequence=0,
        compliance=Compliance.UNKNOWN,
        compliance_since=None,
    )
    assert compliance_at(device, NOW + WEEK, WEEK) is Compliance.UNKNOWN
    assert compliance_at(device, NOW + WEEK + A_SECOND, WEEK) is Compliance.STALE
    seen = replace(device, last_seen_at=NOW + WEEK, compliance=Compliance.COMPLIANT)
    assert compliance_at(seen, NOW + 2 * WEEK, WEEK) is Compliance.COMPLIANT
