"""Nobody is woken at night, also not in the nights in which the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from collector.notify.hours import allowed_at, digest_day
from collector.policy import Notices

PARIS = ZoneInfo("Europe/Paris")
SPRING, AUTUMN = datetime(2027, 3, 28, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
"""At 01:00 UTC, Paris goes from 02:00 to 03:00, and from 03:00 back to 02:00."""


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        ("2027-03-27T21:30+00:00", "2027-03-28T05:00+00:00"),  # 22:30 CET, until 07:00 CEST
        ("2027-03-28T00:59+00:00", "2027-03-28T05:00+00:00"),  # 01:59 CET, a minute before
        ("2027-03-28T01:00+00:00", "2027-03-28T05:00+00:00"),  # 03:00 CEST, the minute after
        ("2027-03-28T05:00+00:00", "2027-03-28T05:00+00:00"),  # 07:00 CEST: the night is over
        ("2027-03-28T19:59+00:00", "2027-03-28T19:59+00:00"),  # 21:59 CEST
        ("2027-03-28T20:00+00:00", "2027-03-29T05:00+00:00"),  # 22:00 CEST
        ("2026-10-24T20:30+00:00", "2026-10-25T06:00+00:00"),  # 22:30 CEST, until 07:00 CET
        ("2026-10-25T00:30+00:00", "2026-10-25T06:00+00:00"),  # 02:30 CEST, the first time
        ("2026-10-25T01:30+00:00", "2026-10-25T06:00+00:00"),  # 02:30 CET, the second time
        ("2026-10-25T05:59+00:00", "2026-10-25T06:00+00:00"),  # 06:59 CET
    ],
)
def test_the_night_ends_by_the_clock_on_the_wall(now: str, allowed: str) -> None:
    notices = Notices(quiet_from=22, quiet_until=7)
    found = allowed_at(notices, PARIS, datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(allowed)


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_what_is_told_is_never_told_in_quiet_hours_nor_before_now(day: datetime, hour: int) -> None:
    """Also where the quiet hours begin or end within the hour that is left out or comes twice."""
    for begins, ends in ((22, 7), (0, 2), (2, 3), (1, 4), (23, 2)):
        notices = Notices(quiet_from=begins, quiet_until=ends)
        for minute in (0, 30, 59):
            now = day + timedelta(hours=hour, minutes=minute)
            allowed = allowed_at(notices, PARIS, now)
            assert now <= allowed <= now + timedelta(hours=11)
            assert allowed_at(notices, PARIS, allowed) == allowed


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_one_digest_a_day_is_due_also_when_its_hour_is_left_out_or_comes_twice(
    day: datetime,
) -> None:
    due = [
        digest_day(Notices(digest_hour=2), PARIS, day - timedelta(hours=3) + timedelta(minutes=m))
        for m in range(0, 30 * 60, 10)
    ]
    told = [each for each in dict.fromkeys(due) if each]
    assert day.date() in told
    assert due.index(day.date()) < len(due)
    after = due[due.index(day.date()) :]
    until_midnight = after[: after.index(None)] if None in after else after
    assert set(until_midnight) == {day.date()}
