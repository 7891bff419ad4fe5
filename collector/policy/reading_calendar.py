"""Working days: a weekend that leaves some, holidays that are days, a time zone that there is."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from collector.policy import values
from collector.policy.lifecycle import day_from
from collector.policy.settings import Calendar
from collector.policy.sheet import Sheet

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_HOLIDAYS = 500
DEFAULT = Calendar()


def calendar(page: Sheet, document: Mapping[str, Any]) -> Calendar:
    """From the keys time_zone, weekend and holidays."""
    return Calendar(
        zone=page.take(document, ("time_zone",), _zone, DEFAULT.zone),
        weekend=page.take(document, ("weekend",), _weekend, DEFAULT.weekend),
        holidays=page.take(document, ("holidays",), _holidays, DEFAULT.holidays),
    )


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, str) and value in available_timezones():
        return ZoneInfo(value)
    raise values.Refused(
        f"{values.quoted(value)} is no time zone: write it as in the IANA database, "
        "Europe/Paris or UTC"
    )


def _weekend(value: object) -> frozenset[int]:
    if not isinstance(value, list):
        raise values.Refused(f"{values.quoted(value)} is not a list of days: {', '.join(DAYS)}")
    for each in value:
        if each not in DAYS:
            raise values.Refused(f"{values.quoted(each)} is not one of {', '.join(DAYS)}")
    if len(set(value)) == len(DAYS):
        raise values.Refused("no working day is left: leave at least one day out")
    return frozenset(DAYS.index(each) for each in value)


def _holidays(value: object) -> frozenset[date]:
    if not isinstance(value, list):
        raise values.Refused(f"{values.quoted(value)} is not a list of days: [2026-12-25]")
    if len(value) > MOST_HOLIDAYS:
        raise values.Refused(f"{len(value)} days are named; at most {MOST_HOLIDAYS} are read")
    return frozenset(_day(each) for each in value)


def _day(value: object) -> date:
    """TOML has days of its own; text is taken as well."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    found = day_from(value) if isinstance(value, str) else None
    if found is None:
        raise values.Refused(f"{values.quoted(value)} is not a day: write it as 2026-12-25")
    return found
