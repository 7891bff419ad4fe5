"""The same remediation once, with all the devices that wait for it: the most helpful first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from collector.judged import rules_by_id
from collector.listing import Question
from collector.model import Finding, Language, Platform, Severity, Status, System
from collector.policy import Policy, words_for
from collector.store.tallies import FindingCount

AIM_PERCENT = 80


@dataclass(frozen=True, slots=True)
class Fix:
    """One remediation. `devices` fail the rule for this cause on this platform, waived ones too.

    `with_before` is how much of all open failures this one and those before it make, in per cent.
    """

    rule_id: str
    cause: str
    platform: Platform | None
    title: str
    why: str
    remediation: str
    severity: Severity
    devices: int
    with_before: float

    @property
    def href(self) -> str:
        """The devices list, of just these; empty where no platform was reported to ask by."""
        if self.platform is None:
            return ""
        return Question(rule_id=self.rule_id, platform=self.platform, cause=self.cause).href()


@dataclass(frozen=True, slots=True)
class Queue:
    """`few` fixes cover `percent` of the `failures`: as few as reach the aim."""

    fixes: tuple[Fix, ...]
    failures: int
    few: int
    percent: int


def queue_of(
    counts: Iterable[FindingCount], policy: Policy, language: Language, now: datetime
) -> Queue:
    """From the counters; rules that this collector or the policy does not have are left out."""
    rules = rules_by_id()
    failing = [
        each
        for each in counts
        if each.status is Status.FAIL and each.rule_id in rules and each.rule_id in policy.rules
    ]
    failing.sort(key=lambda each: (-each.count, each.rule_id, each.cause, each.platform or ""))
    total, seen = sum(each.count for each in failing), 0
    fixes = []
    for each in failing:
        seen += each.count
        fixes.append(_fix(each, policy, language, now, 100 * seen / total))
    few = next((n for n, fix in enumerate(fixes, 1) if fix.with_before >= AIM_PERCENT), len(fixes))
    percent = int(fixes[few - 1].with_before) if fixes else 0
    return Queue(tuple(fixes), total, few, percent)


def _fix(
    count: FindingCount, policy: Policy, language: Language, now: datetime, with_before: float
) -> Fix:
    """In the words for the platform as a whole; a device's own page is more specific."""
    finding = Finding(
        "", count.rule_id, Status.FAIL, "", (), now, now, now, policy.version, count.cause
    )
    words = words_for(finding, System(count.platform), language)
    return Fix(
        rule_id=count.rule_id,
        cause=count.cause,
        platform=count.platform,
        title=words.title,
        why=words.why,
        remediation=words.remediation,
        severity=policy.rules[count.rule_id].severity,
        devices=count.count,
        with_before=with_before,
    )
