"""What rules say their sentences with: pieces that are put together once and said again in French.

`sentence(Text("support of %(name)s ended on %(day)s", name=…, day=…))`. The names that a device
gives, days and numbers are values; every other word stands in a message.
"""

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from collector.translation import Text
from collector.translation.sentences import Counted, bare, listed, parts, sentence

__all__ = [
    "FUTURE_TOLERANCE",
    "Counted",
    "Text",
    "bare",
    "dated",
    "day",
    "days",
    "listed",
    "moment",
    "parts",
    "sentence",
    "with_detail",
]

FUTURE_TOLERANCE = timedelta(days=1)
"""How far a device's date may lie ahead before its clock is not believed (time zones, skew)."""


def days(number: int) -> Counted:
    """
    >>> days(1), days(3)
    ('1 day', '3 days')
    """
    return Counted("%(num)s day", "%(num)s days", number)


def dated(name: str, at: datetime) -> Text:
    """
    >>> dated("openssl", datetime(2026, 11, 17, tzinfo=UTC))
    'openssl (since 2026-11-17)'
    """
    return Text("%(name)s (since %(day)s)", name=name, day=day(at))


def with_detail(words: str, detail: str) -> str:
    """
    >>> with_detail("2 volumes", "luks2"), with_detail("2 volumes", "")
    ('2 volumes (luks2)', '2 volumes')
    """
    return Text("%(words)s (%(detail)s)", words=words, detail=detail) if detail else words


def day(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d")


def moment(stamp: Timestamp) -> datetime | None:
    """The time of a stamp, or None when it holds no time that can be represented."""
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
