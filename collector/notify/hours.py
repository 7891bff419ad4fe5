"""When people may be told: never at night but of incidents, and once a day at the hour they know.

Pure. Hours are those of the policy's time zone, also on the days on which its clocks change.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from collector.policy import Notices


def allowed_at(notices: Notices, zone: ZoneInfo, now: datetime) -> datetime:
    """Now, or the end of the quiet hours.

    >>> night = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    >>> allowed_at(Notices(), ZoneInfo("Europe/Paris"), night).isoformat()
    '2026-11-23T06:00:00+00:00'
    >>> allowed_at(Notices(quiet_from=7), ZoneInfo("UTC"), night) == night
    True
    """
    local = now.astimezone(zone)
    begins, ends = notices.quiet_from, notices.quiet_until
    if begins == ends:
        return now
    quiet = begins <= local.hour < ends if begins < ends else not ends <= local.hour < begins
    if not quiet:
        return now
    day = local.date() if local.hour < ends else local.date() + timedelta(days=1)
    return max(now, datetime.combine(day, time(ends), zone).astimezone(UTC))


def digest_day(notices: Notices, zone: ZoneInfo, now: datetime) -> date | None:
    """Whose digest is due: today's once its hour has come; None before that.

    >>> at = datetime(2026, 11, 22, 7, tzinfo=UTC)
    >>> paris, utc = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")
    >>> digest_day(Notices(), paris, at).isoformat(), digest_day(Notices(), utc, at)
    ('2026-11-22', None)
    """
    local = now.astimezone(zone)
    return local.date() if local.hour >= notices.digest_hour else None
