"""One function says until when a failure does not count; working days, new devices, flaps."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from collector.model import Finding, Status
from collector.policy import PolicyError, load
from collector.policy.grace import after_working_days, failing_from, grace_ends_at
from collector.policy.settings import Calendar, Policy

RULE = "disk_encrypted"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FRIDAY = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
LONG_AGO = FRIDAY - 400 * DAY


def policy(head: str = "", grace: str = "grace_days = 2") -> Policy:
    return load(f"{head}\n[rules.{RULE}]\n{grace}\n", "policy.toml")


def finding(
    since: datetime, status: Status = Status.FAIL, failing_from: datetime | None = None
) -> Finding:
    return Finding("d", RULE, status, "b", (), since, since, since, 1, failing_from=failing_from)


def test_days_are_of_24_hours_unless_the_policy_says_otherwise() -> None:
    assert grace_ends_at(policy(), finding(FRIDAY), LONG_AGO) == FRIDAY + 2 * DAY
    assert grace_ends_at(policy(grace=""), finding(FRIDAY), LONG_AGO) is None
    assert grace_ends_at(policy(), finding(FRIDAY, Status.UNKNOWN), LONG_AGO) is None


def test_working_days_stand_still_at_weekends_and_on_holidays() -> None:
    working = 'grace_days = 2\ngrace_counts = "working_days"'
    found = grace_ends_at(policy(grace=working), finding(FRIDAY), LONG_AGO)
    assert found == datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    head = "holidays = [2026-11-23, '2026-11-24']"
    found = grace_ends_at(policy(head, working), finding(FRIDAY), LONG_AGO)
    assert found == datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
    head = 'weekend = ["friday", "saturday"]'
    found = grace_ends_at(policy(head, working), finding(FRIDAY), LONG_AGO)
    assert found == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


def test_a_working_day_is_one_where_the_policy_is() -> None:
    """Sunday 23:30 in UTC is Monday in Paris: its clock runs from that half hour on."""
    paris = Calendar(ZoneInfo("Europe/Paris"))
    sunday = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert after_working_days(paris, sunday, 1) == sunday + DAY
    assert after_working_days(Calendar(), sunday, 1) == datetime(2026, 11, 24, tzinfo=UTC)


def test_the_time_of_day_stays_when_the_clocks_are_changed() -> None:
    paris = Calendar(ZoneInfo("Europe/Paris"))
    before = datetime(2026, 10, 23, 13, 0, tzinfo=UTC)  # 15:00 in summer
    assert after_working_days(paris, before, 1) == datetime(2026, 10, 26, 14, 0, tzinfo=UTC)


def test_a_new_device_has_time_whatever_the_rule_says() -> None:
    new = policy("new_device_grace_days = 7", grace="")
    assert grace_ends_at(new, finding(FRIDAY), FRIDAY) == FRIDAY + 7 * DAY
    assert grace_ends_at(new, finding(FRIDAY), FRIDAY - 6 * DAY) == FRIDAY + DAY
    assert grace_ends_at(new, finding(FRIDAY), FRIDAY - 7 * DAY) is None
    longer = policy("new_device_grace_days = 7", grace="grace_days = 9")
    assert grace_ends_at(longer, finding(FRIDAY), FRIDAY) == FRIDAY + 9 * DAY


def test_the_clock_of_an_earlier_failure_is_the_one_that_counts() -> None:
    later = finding(FRIDAY + DAY, failing_from=FRIDAY)
    assert grace_ends_at(policy(), later, LONG_AGO) == FRIDAY + 2 * DAY


@pytest.mark.parametrize(
    ("between", "hours", "continues"),
    [
        ([(Status.PASS, 5)], 6, True),
        ([(Status.PASS, 6)], 6, False),
        ([(Status.PASS, 5)], 0, False),
        ([(Status.UNKNOWN, 100)], 6, True),
        ([(Status.PASS, 4), (Status.UNKNOWN, 9), (Status.PASS, 1)], 6, True),
        ([(Status.PASS, 4), (Status.UNKNOWN, 9), (Status.PASS, 2)], 6, False),
        ([(Status.NOT_APPLICABLE, 7)], 6, False),
    ],
)
def test_a_short_pass_does_not_begin_the_grace_anew(
    between: list[tuple[Status, int]], hours: int, continues: bool
) -> None:
    at = FRIDAY + HOUR
    earlier = [(finding(FRIDAY), at)]
    for status, lasted in between:
        earlier.insert(0, (finding(at, status), at + lasted * HOUR))
        at += lasted * HOUR
    assert failing_from(earlier, at, hours) == (FRIDAY if continues else None)


def test_a_chain_of_flaps_keeps_the_first_clock() -> None:
    second = finding(FRIDAY + 2 * HOUR, failing_from=FRIDAY)
    passing = finding(FRIDAY + 3 * HOUR, Status.PASS)
    since = FRIDAY + 4 * HOUR
    earlier = [(passing, since), (second, passing.since)]
    assert failing_from(earlier, since, 6) == FRIDAY


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ('time_zone = "Paris"', "time_zone", "'Paris' is no time zone: write it as in the IANA"),
        ("time_zone = 3", "time_zone", "3 is no time zone"),
        ('time_zone = "../etc/passwd"', "time_zone", "is no time zone"),
        ('weekend = "sunday"', "weekend", "'sunday' is not a list of days: monday, tuesday"),
        ('weekend = ["sonntag"]', "weekend", "'sonntag' is not one of monday, tuesday"),
        (
            (
                'weekend = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", '
                '"sunday"]'
            ),
            "weekend",
            "no working day is left: leave at least one day out",
        ),
        ("holidays = 3", "holidays", "3 is not a list of days"),
        ('holidays = ["25.12.2026"]', "holidays", "is not a day: write it as 2026-12-25"),
        ("holidays = [2026-12-25T00:00:00]", "holidays", "is not a day"),
        ("flap_hours = 721", "flap_hours", "721 is not a whole number from 0 to 720"),
        ("new_device_grace_days = 91", "new_device_grace_days", "from 0 to 90"),
        ("longest_waiver_days = 0", "longest_waiver_days", "from 1 to 366"),
    ],
)
def test_what_is_no_calendar_is_refused_at_its_line(text: str, key: str, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        load(f"\n{text}", "policy.toml")
    (problem,) = refused.value.problems
    assert (problem.line, problem.key) == (2, key)
    assert said in problem.message


def test_grace_counts_only_what_it_can_count() -> None:
    with pytest.raises(PolicyError, match="'weeks' is not one of days, working_days"):
        policy(grace='grace_counts = "weeks"')


def test_everything_is_read() -> None:
    head = 'time_zone = "Europe/Paris"\nweekend = ["friday"]\nholidays = [2026-12-25]'
    read = policy(head).calendar
    assert read == Calendar(
        ZoneInfo("Europe/Paris"), frozenset({4}), frozenset({date(2026, 12, 25)})
    )
