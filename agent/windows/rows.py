"""Reads one property of a CIM row, whatever spelling it came in.

PowerShell 5.1's JSON writes booleans as true, enumerations as numbers, dates as
``/Date(milliseconds)/`` and an unset property as null; listings made by other tools write TRUE,
``1`` in quotes and DMTF times (``20260101120000.000000+060``).
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from agent.host import Row, Unparsable

NEVER_BEFORE = datetime(1980, 1, 1, tzinfo=UTC)
"""FILETIME zero (1601) and COM's zero date (1899) mean never."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DMTF = re.compile(r"(\d{14})\.\d{6}([+-])(\d{3})")


def _property(row: Row, name: str) -> object:
    if name in row:
        return row[name]
    return next((value for key, value in row.items() if key.lower() == name.lower()), None)


def number(row: Row, name: str) -> int | None:
    """The property as a whole number; None when it is not set. Raises Unparsable."""
    value = _property(row, name)
    if value is None or value == "":
        return None
    try:
        return int(value, 0) if isinstance(value, str) else int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError) as error:
        raise Unparsable(f"{name} is {value!r}, which is no whole number") from error


def words(row: Row, name: str) -> str | None:
    """The property as text, stripped; None when it is not set or empty."""
    value = _property(row, name)
    return str(value).strip() or None if value is not None else None


def flag(row: Row, name: str) -> bool | None:
    """The property as yes or no; None when it is not set. Raises Unparsable."""
    value = _property(row, name)
    known = {"true": True, "1": True, "false": False, "0": False, "": None, "none": None}
    try:
        return known[str(value).strip().lower()]
    except KeyError as error:
        raise Unparsable(f"{name} is {value!r}, which is neither true nor false") from error


def each(row: Row, name: str) -> tuple[object, ...]:
    """A list property; a list of one may have lost its brackets, and null is an empty list."""
    value = _property(row, name)
    if value is None or value == "":
        return ()
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | dict):
        return tuple(value)
    return (value,)


def moment(row: Row, name: str) -> datetime | None:
    """The property as a time in UTC; None when it is not set or means never. Raises Unparsable."""
    value = words(row, name)
    if value is None:
        return None
    found = _moment(value)
    if found is None:
        raise Unparsable(f"{name} is {value!r}, which is no time")
    return found if found >= NEVER_BEFORE else None


def _moment(value: str) -> datetime | None:
    try:
        if milliseconds := re.fullmatch(r"\\?/Date\((-?\d+)\)\\?/", value):
            return EPOCH + timedelta(milliseconds=int(milliseconds[1]))
        if dmtf := DMTF.fullmatch(value):
            local = datetime.strptime(dmtf[1] + "+0000", "%Y%m%d%H%M%S%z")
            return local - timedelta(minutes=int(dmtf[2] + dmtf[3]))
        iso = datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        return None
    return iso.astimezone(UTC) if iso.tzinfo else None
