"""Until when a failure does not count: one date, for the helpdesk, the employee and the auditor.

Whoever shows a finding asks here. The clock of a grace runs from when the failure began, or from
when it began before a pass too short to count (`Finding.failing_from`).
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from collector.model import Finding, Status
from collector.policy.settings import Calendar, Policy


def grace_ends_at(policy: Policy, finding: Finding, enrolled_at: datetime) -> datetime | None:
    """None: the finding does not fail, or counts from its beginning."""
    if finding.status is not Status.FAIL:
        return None
    settings = policy.rules[finding.rule_id]
    begun_at = finding.failing_from or finding.since
    ends_at = begun_at
    if settings.grace_days and settings.in_working_days:
        ends_at = after_working_days(policy.calendar, begun_at, settings.grace_days)
    elif settings.grace_days:
        ends_at = begun_at + timedelta(days=settings.grace_days)
    if policy.new_device_grace_days:
        ends_at = max(ends_at, enrolled_at + timedelta(days=policy.new_device_grace_days))
    return ends_at if ends_at > begun_at else None


def after_working_days(calendar: Calendar, begun_at: datetime, days: int) -> datetime:
    """The same time of day so many working days later; the clock stands still on other days.

    >>> friday = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    >>> after_working_days(Calendar(), friday, 2).isoformat()
    '2026-11-24T15:00:00+00:00'
    >>> saturday = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    >>> after_working_days(Calendar(), saturday, 1).isoformat()
    '2026-11-24T00:00:00+00:00'
    """
    local = begun_at.astimezone(calendar.zone)
    day, clock = local.date(), local.time()
    if not _works(calendar, day):
        clock = time()
        while not _works(calendar, day):
            day += timedelta(days=1)
    for _ in range(days):
        day += timedelta(days=1)
        while not _works(calendar, day):
            day += timedelta(days=1)
    return datetime.combine(day, clock, calendar.zone).astimezone(UTC)


def failing_from(
    earlier: Iterable[tuple[Finding, datetime]], since: datetime, flap_hours: int
) -> datetime | None:
    """When the clock of a failure that began at `since` began; None: with it.

    `earlier` has the rule's intervals on the device, newest first, each with when it ended on the
    device. Time in which nothing was seen is no pass: it neither begins a grace anew nor counts.
    """
    passed, shortest = timedelta(), timedelta(hours=flap_hours)
    for finding, ended_at in earlier:
        if finding.status is Status.FAIL:
            begun_at = finding.failing_from or finding.since
            return begun_at if passed < shortest and begun_at < since else None
        if finding.status is not Status.UNKNOWN:
            passed += ended_at - finding.since
        if passed >= shortest:
            return None
    return None


def _works(calendar: Calendar, day: date) -> bool:
    return day.weekday() not in calendar.weekend and day not in calendar.holidays
