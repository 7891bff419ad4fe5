"""An antivirus recognises only what it has been taught.

Judged of products that guard files now. Where none does, `antivirus_active` already fails for
that cause and this rule does not apply: one cause, one failure. Windows tells of most makers'
definitions only whether they are current; that word stands in for a date, and a "no" outdoes one.
Apple renews the rules of XProtect at no fixed pace and may have nothing new for weeks: their age
alone never fails.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from collector.model import Circumstances, Limit, Rule, Severity, Status, Verdict
from collector.policy.causes import Cause
from collector.policy.products import called, guards, with_remarks
from collector.policy.wording import (
    FUTURE_TOLERANCE,
    Text,
    bare,
    day,
    days,
    listed,
    moment,
    sentence,
)
from protos.posture.v1.signals_pb2 import Antivirus, AntivirusProduct

XPROTECT = "XProtect"
BEST_FIRST = (Status.PASS, Status.UNKNOWN, Status.FAIL)


def judge(seen: Antivirus, limits: Mapping[str, int], circumstances: Circumstances) -> Verdict:
    judged = [
        (called(product), _freshness(product, limits, circumstances.now))
        for product in seen.products
        if guards(product) is not False
    ]
    if not judged:
        words = Text("no antivirus is active, so there are no definitions to judge")
        return Verdict(Status.NOT_APPLICABLE, sentence(words))
    best = min((verdict.status for _, verdict in judged), key=BEST_FIRST.index)
    chosen = [verdict for _, verdict in judged if verdict.status is best]
    # The pass that lasts longest; of the others the one that time changes first.
    if best is not Status.PASS:
        return min(chosen, key=_end)
    late = [name for name, verdict in judged if verdict.status is Status.FAIL]
    return _beside(max(chosen, key=_end), late)


def _beside(verdict: Verdict, late: list[str]) -> Verdict:
    """The pass, which names the products beside it that would fail alone."""
    if not late:
        return verdict
    words = Text("out of date: %(names)s", names=listed(late))
    return replace(verdict, because=sentence(bare(verdict.because), words))


def _end(verdict: Verdict) -> datetime:
    return verdict.holds_until or datetime.max.replace(tzinfo=UTC)


def _freshness(product: AntivirusProduct, limits: Mapping[str, int], now: datetime) -> Verdict:
    name = called(product)
    if guards(product) is None:
        return _unknown(Text("it could not be told whether %(name)s is active", name=name))
    if product.definitions_in_cloud:
        words = Text("%(name)s asks its maker's cloud: always current", name=name)
        return Verdict(Status.PASS, sentence(words))
    if product.HasField("definitions_current") and not product.definitions_current:
        words = Text("the device itself calls the definitions of %(name)s out of date", name=name)
        return Verdict(Status.FAIL, sentence(words))
    built_at = moment(product.definitions_at) if product.HasField("definitions_at") else None
    if built_at is None and product.definitions_current:
        words = Text(
            "the device itself calls the definitions of %(name)s current, without their date",
            name=name,
        )
        return Verdict(Status.PASS, sentence(words))
    if built_at is None:
        words = Text("it could not be told how old the definitions of %(name)s are", name=name)
        return _unknown(words)
    if built_at > now + FUTURE_TOLERANCE:
        words = Text(
            "the definitions of %(name)s are dated %(day)s, in the future",
            name=name,
            day=day(built_at),
        )
        turns_at = built_at - FUTURE_TOLERANCE
        return Verdict(Status.UNKNOWN, sentence(words), turns_at, Cause.CLOCK_AHEAD)
    return _aged(product, built_at, limits, now)


def _aged(
    product: AntivirusProduct, built_at: datetime, limits: Mapping[str, int], now: datetime
) -> Verdict:
    name = called(product)
    limit = limits["max_xprotect_age_days" if name == XPROTECT else "max_age_days"]
    ends_at = built_at + timedelta(days=limit)
    words: str = Text("the definitions of %(name)s are of %(day)s", name=name, day=day(built_at))
    if name == XPROTECT:
        words = with_remarks(words, product)
    if now < ends_at:
        return Verdict(Status.PASS, sentence(words), holds_until=ends_at)
    age = days((now - built_at).days)
    if name == XPROTECT:
        words = Text(
            "%(words)s, %(age)s old: Apple may have renewed them since, or not",
            words=words,
            age=age,
        )
        return Verdict(Status.UNKNOWN, sentence(words), cause=Cause.LISTS_OLD)
    words = Text(
        "%(words)s, %(age)s old; the limit is %(limit)s", words=words, age=age, limit=limit
    )
    return Verdict(Status.FAIL, sentence(words))


def _unknown(words: str) -> Verdict:
    return Verdict(Status.UNKNOWN, sentence(words))


RULE = Rule(
    id="antivirus_definitions_fresh",
    signal="antivirus",
    severity=Severity.MEDIUM,
    judge=judge,
    needs=("products",),
    whole_to_fail=("products",),
    limits=(
        Limit("max_age_days", 7, 1, 90, "days since the newest definitions were built"),
        Limit("max_xprotect_age_days", 45, 1, 365, "the same for XProtect of macOS"),
    ),
)
