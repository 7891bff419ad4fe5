"""Which moment a pack is of: now, a day that a person names, or the end of each week."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Weekly:
    """Once a week at a local time of day; `day` as `date.weekday`, Monday is 0.

    A time of day that a change of the clocks skips or repeats is the first that comes after it
    has begun (PEP 495, fold 0).
    """

    day: int = 6
    at: time = time(23, 59)
    zone: ZoneInfo = ZoneInfo("UTC")  # noqa: RUF009 - it cannot be changed

    def on(self, day: date) -> datetime:
        """The moment of a day, whatever day of the week it is; in UTC."""
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)

    def last(self, now: datetime) -> datetime:
        """The newest moment that has come.

        >>> sunday = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
        >>> Weekly().last(sunday) == sunday, Weekly().last(sunday - WEEK / 7).day
        (True, 15)
        """
        today = now.astimezone(self.zone).date()
        day = today - timedelta(days=(today.weekday() - self.day) % 7)
        return self.on(day) if self.on(day) <= now else self.on(day - WEEK)

    def next(self, now: datetime) -> datetime:
        """The first moment that is still to come."""
        last = self.last(now).astimezone(self.zone).date()
        return self.on(last + WEEK)

    def missed(self, since: datetime, now: datetime) -> list[datetime]:
        """Every moment after `since` that has come, oldest first."""
        found, moment = [], self.last(now)
        while moment > since:
            found.append(moment)
            moment = self.on(moment.astimezone(self.zone).date() - WEEK)
        return found[::-1]
