"""Findings in the order in which a person should read them, with the rule's words over them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from collector.compliance import lay_over
from collector.model import Finding, OpenFinding, Platform, Rule, Severity, Status, Waiver
from collector.policy import RULES, Policy, default_text, load
from collector.store import Connection, policies

WORST_FIRST = (Status.FAIL, Status.UNKNOWN, Status.PASS, Status.NOT_APPLICABLE)
GRAVEST_FIRST = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


@dataclass(slots=True)
class PolicyReader:
    """The current policy; its text is only read again when there is a new version."""

    _last: Policy | None = None

    def current(self, c: Connection) -> Policy:
        stored = policies.current(c)
        version, text = (stored.version, stored.text) if stored else (0, None)
        last = self._last
        if last is None or last.version != version:
            last = load(text if text is not None else default_text(), "policy", version)
            self._last = last
        return last


def rules_by_id() -> Mapping[str, Rule]:
    return {rule.id: rule for rule in RULES}


def laid_over(
    findings: Iterable[Finding],
    policy: Policy,
    waivers: Mapping[str, Waiver],
    platform: Platform | None,
) -> list[OpenFinding]:
    """Worst first, then by severity, then by title. `waivers` are one device's, by rule.

    A finding of a rule that this collector does not have any more is left out.
    """
    rules = rules_by_id()
    laid = []
    for finding in findings:
        rule, settings = rules.get(finding.rule_id), policy.rules.get(finding.rule_id)
        if rule is not None and settings is not None:
            waiver = waivers.get(rule.id)
            laid.append(
                lay_over(finding, rule, settings.severity, settings.grace_days, waiver, platform)
            )
    return sorted(laid, key=_order)


def _order(found: OpenFinding) -> tuple[int, int, str]:
    return (
        WORST_FIRST.index(found.finding.status),
        GRAVEST_FIRST.index(found.severity),
        found.title,
    )
