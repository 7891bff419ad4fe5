"""Sentences for people: a capital, a period, one line, never too long."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

LONGEST_SENTENCE = 200
SMALL = ("macOS ",)
"""Names that begin with a small letter wherever they stand."""
FUTURE_TOLERANCE = timedelta(days=1)
"""How far a device's date may lie ahead before its clock is not believed (time zones, skew)."""


def sentence(words: str) -> str:
    """One line with a capital and a period.

    >>> sentence("permission denied:\\n/etc/shadow")
    'Permission denied: /etc/shadow.'
    >>> sentence("macOS 26.1 is supported")
    'macOS 26.1 is supported.'
    """
    if not words.isprintable():
        words = "".join(c if c.isprintable() else " " for c in words)
    line = " ".join(words.split())
    line = line.rstrip(". ")
    if len(line) >= LONGEST_SENTENCE:
        line = line[: LONGEST_SENTENCE - 2].rstrip(". ,;:") + "…"
    first = line[:1] if line.startswith(SMALL) else line[:1].upper()
    return f"{first}{line[1:]}."


def listed(names: Sequence[str], most: int = 3) -> str:
    """Some names and how many more there are.

    >>> listed(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def counted(number: int, noun: str) -> str:
    """
    >>> counted(1, "day"), counted(3, "day")
    ('1 day', '3 days')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def day(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d")


def moment(stamp: Timestamp) -> datetime | None:
    """The time of a stamp, or None when it holds no time that can be represented."""
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
