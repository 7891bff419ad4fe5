"""Findings in the order in which a person should read them, with the rule's words over them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from collector.compliance import in_language, lay_over
from collector.model import (
    Device,
    Finding,
    Language,
    OpenFinding,
    Rule,
    Severity,
    Status,
    Waiver,
    Words,
)
from collector.policy import RULES, Policy, words_for
from collector.policy.grace import grace_ends_at
from collector.store import Connection, findings, waivers

WORST_FIRST = (Status.FAIL, Status.UNKNOWN, Status.PASS, Status.NOT_APPLICABLE)
GRAVEST_FIRST = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


def rules_by_id() -> Mapping[str, Rule]:
    return {rule.id: rule for rule in RULES}


def laid_over(
    held: Iterable[Finding],
    policy: Policy,
    granted: Mapping[str, Waiver],
    device: Device,
    language: Language | None = None,
) -> list[OpenFinding]:
    """Worst first, then by severity, then by title. `granted` are one device's, by rule.

    `language`: None for the policy's.

    A finding of a rule that this collector does not have any more is left out.
    """
    rules = rules_by_id()
    laid = []
    for finding in held:
        rule = rules.get(finding.rule_id)
        if rule is not None and rule.id in policy.rules:
            read_in = language or policy.language
            words = words_for(finding, device.system, read_in)
            waiver = granted.get(rule.id)
            laid.append(
                seen(in_language(finding, read_in), words, policy, waiver, device.enrolled_at)
            )
    return sorted(laid, key=_order)


def falling_short(
    c: Connection,
    policy: Policy,
    page: Collection[Device],
    now: datetime,
    language: Language | None = None,
) -> dict[str, list[OpenFinding]]:
    """By device, as `laid_over`, what fails or is unknown: two queries for a page of devices."""
    ids = [device.device_id for device in page]
    open_now = findings.open_of_many(c, ids, (Status.FAIL, Status.UNKNOWN))
    waived = waivers.active_for_many(c, ids, now)
    found = {}
    for device in page:
        mine = {waiver.rule_id: waiver for waiver in waived.get(device.device_id, ())}
        held = open_now.get(device.device_id, ())
        found[device.device_id] = laid_over(held, policy, mine, device, language)
    return found


def seen(
    finding: Finding,
    words: Words,
    policy: Policy,
    waiver: Waiver | None,
    enrolled_at: datetime,
) -> OpenFinding:
    """One finding with the rule's words, and with the policy's severity and grace."""
    severity = policy.rules[finding.rule_id].severity
    grace = grace_ends_at(policy, finding, enrolled_at)
    return lay_over(finding, words, severity, grace, waiver)


def _order(found: OpenFinding) -> tuple[int, int, str]:
    return (
        WORST_FIRST.index(found.finding.status),
        GRAVEST_FIRST.index(found.severity),
        found.title,
    )
