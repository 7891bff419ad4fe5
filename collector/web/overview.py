"""The parts of the overview, from the counters alone: nothing here looks at a device."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from collector import wording
from collector.cause_words import cause_words
from collector.filtering import WORST_FIRST
from collector.judged import GRAVEST_FIRST, rules_by_id
from collector.listing import Question
from collector.model import Platform, Severity, Status
from collector.policy import RULES, Policy, title
from collector.store import Connection, waivers_ending
from collector.store.tallies import FindingCount, FleetCounts, Flow
from collector.translation import gettext, language, ngettext
from collector.web.charts import Plot, Series, bars, lines
from collector.web.rule_words import SEVERITIES, SIGNALS

TREND_DAYS = 56
FLOW_DAYS = 14
MOST_REASONS = 3
MOST_ENDING = 8

Trend = Mapping[date, Mapping[tuple[str, str], int]]


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule. `within`: the time in which half of the fixes came; empty: there were none."""

    title: str
    severity: Severity
    severity_words: str
    failing: int
    failing_href: str
    unknown: int
    unknown_href: str
    failing_today: int
    fixed_today: int
    within: str
    fixes: int


@dataclass(frozen=True, slots=True)
class Reason:
    words: str
    count: int
    href: str


@dataclass(frozen=True, slots=True)
class SignalLine:
    """How many answers of its rules are unknown, in per cent of all, and why."""

    title: str
    answers: int
    unknown: int
    percent: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    count: int
    href: str


@dataclass(frozen=True, slots=True)
class PlatformLine:
    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    hostname: str
    href: str
    rule: str
    ends_at: datetime


def turns_href(kind: str, day: date, rule_id: str = "") -> str:
    given = {"what": kind, "day": day.isoformat(), "rule": rule_id}
    return "/changes?" + urlencode({name: value for name, value in given.items() if value})


def failures_over_days(trend: Trend, policy: Policy) -> Plot:
    """Open failures by the severity that the policy gives their rules today."""
    days = tuple(sorted(trend))
    series = []
    for severity in GRAVEST_FIRST:
        rule_ids = [name for name, rule in policy.rules.items() if rule.severity is severity]
        values = tuple(
            sum(trend[day].get((rule_id, Status.FAIL.value), 0) for rule_id in rule_ids)
            for day in days
        )
        series.append(Series(severity.value, SEVERITIES[severity], values))
    return lines(days, tuple(series))


def states_over_days(trend: Trend) -> Plot:
    """Devices by state. Days before anything was counted have none, and are left out."""
    days = tuple(day for day in sorted(trend) if any(not rule_id for rule_id, _ in trend[day]))
    series = tuple(
        Series(
            state.value,
            wording.STATES[state],
            tuple(trend[day].get(("", state.value)) for day in days),
        )
        for state in WORST_FIRST
    )
    return lines(days, series)


def turns_over_days(flows: Sequence[Flow], today: date) -> Plot:
    """The days before today: what today brings is still changing."""
    days = tuple(today - timedelta(days=ago) for ago in range(FLOW_DAYS, 0, -1))
    failing = [sum(each.failing for each in flows if each.day == day) for day in days]
    fixed = [sum(each.fixed for each in flows if each.day == day) for day in days]
    return bars(
        days,
        (
            Series("fail", gettext("Newly failing"), tuple(failing)),
            Series("pass", gettext("Fixed"), tuple(fixed)),
        ),
    )


def by_rule(
    counts: Sequence[FindingCount],
    today: Sequence[Flow],
    times: Mapping[str, tuple[timedelta | None, int]],
    policy: Policy,
) -> tuple[RuleLine, ...]:
    """The rules in force, the gravest first, then those that most devices fail."""
    asked = [rule for rule in RULES if rule.id in policy.rules and policy.rules[rule.id].enabled]
    made = []
    for rule in asked:
        severity = policy.rules[rule.id].severity
        within, fixes = times.get(rule.id, (timedelta(0), 0))
        turned = next((each for each in today if each.rule_id == rule.id), None)
        made.append(
            RuleLine(
                title=title(rule.id, language()),
                severity=severity,
                severity_words=SEVERITIES[severity],
                failing=_sum(counts, rule.id, Status.FAIL),
                failing_href=Question(rule_id=rule.id).href(),
                unknown=_sum(counts, rule.id, Status.UNKNOWN),
                unknown_href=Question(rule_id=rule.id, status=Status.UNKNOWN).href(),
                failing_today=turned.failing if turned else 0,
                fixed_today=turned.fixed if turned else 0,
                within=time_words(within) if fixes else "",
                fixes=fixes,
            )
        )
    return tuple(sorted(made, key=lambda e: (GRAVEST_FIRST.index(e.severity), -e.failing)))


def by_signal(counts: Sequence[FindingCount]) -> tuple[SignalLine, ...]:
    """The most unknown first."""
    made: list[tuple[float, SignalLine]] = []
    rules = rules_by_id()
    for signal in dict.fromkeys(rule.signal for rule in RULES):
        mine = [e for e in counts if e.rule_id in rules and rules[e.rule_id].signal == signal]
        answers = sum(e.count for e in mine if e.status is not Status.NOT_APPLICABLE)
        unknown = [e for e in mine if e.status is Status.UNKNOWN]
        total = sum(e.count for e in unknown)
        share = total / answers if answers else 0.0
        line = SignalLine(SIGNALS[signal], answers, total, _percent(share), _reasons(unknown))
        made.append((-share, line))
    return tuple(line for _, line in sorted(made, key=lambda each: each[0]))


def by_platform(fleet: FleetCounts) -> tuple[PlatformLine, ...]:
    made = []
    for platform in (*Platform, None):
        counts = [fleet.by_platform.get((platform, state), 0) for state in WORST_FIRST]
        if any(counts):
            cells = [
                Cell(count, Question(state=state, platform=platform).href() if platform else "")
                for state, count in zip(WORST_FIRST, counts, strict=True)
            ]
            words = wording.PLATFORMS[platform] if platform else gettext("Not reported")
            made.append(PlatformLine(words, tuple(cells)))
    return tuple(made)


def ending(c: Connection, now: datetime, within: timedelta) -> tuple[Ending, ...]:
    """Waivers that end soon, the first to end first."""
    rules = rules_by_id()
    return tuple(
        Ending(
            each.hostname or each.group or gettext("(no name)"),
            f"/devices/{each.device_id}" if each.device_id else "/waivers",
            title(each.rule_id, language()) if each.rule_id in rules else each.rule_id,
            each.ends_at,
        )
        for each in waivers_ending.ending(c, now, now + within, MOST_ENDING)
    )


def time_words(within: timedelta | None) -> str:
    """
    >>> time_words(timedelta(hours=4)), time_words(timedelta(days=1)), time_words(None)
    ('4 hours', '1 day', 'more than a year')
    """
    if within is None:
        return gettext("more than a year")
    if within < timedelta(days=1):
        hours = int(within / timedelta(hours=1))
        return ngettext("%(num)s hour", "%(num)s hours", hours)
    return ngettext("%(num)s day", "%(num)s days", within.days)


def _reasons(unknown: Sequence[FindingCount]) -> tuple[Reason, ...]:
    by_cause: dict[tuple[str, str], int] = {}
    for each in unknown:
        key = (each.rule_id, each.cause)
        by_cause[key] = by_cause.get(key, 0) + each.count
    worst = sorted(by_cause.items(), key=lambda item: -item[1])[:MOST_REASONS]
    return tuple(
        Reason(
            gettext("%(rule)s: %(why)s", rule=title(rule_id, language()), why=cause_words(cause)),
            count,
            Question(rule_id=rule_id, status=Status.UNKNOWN, cause=cause).href(),
        )
        for (rule_id, cause), count in worst
    )


def _sum(counts: Sequence[FindingCount], rule_id: str, status: Status) -> int:
    return sum(e.count for e in counts if e.rule_id == rule_id and e.status is status)


def _percent(share: float) -> str:
    """Never 0 % of something, nor all of less.

    >>> _percent(0.0), _percent(0.0001), _percent(0.25), _percent(0.9999)
    ('0 %', '< 1 %', '25 %', '> 99 %')
    """
    if 0 < share < 0.01:
        return "< 1 %"
    if 0.99 < share < 1:
        return "> 99 %"
    return f"{share:.0%}".replace("%", " %")
