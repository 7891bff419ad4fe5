"""The column types of the store: times are whole milliseconds, whatever the engine."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Integer
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
INTEGER = BigInteger().with_variant(Integer(), "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware time as milliseconds since 1970 (UTC); what is finer is cut off."""

    impl = INTEGER
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else (value - EPOCH) // MILLISECOND

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else EPOCH + timedelta(milliseconds=value)


def whole(at: datetime) -> datetime:
    """The time as the store gives it back.

    >>> whole(datetime(2026, 11, 22, 12, 0, 0, 1999, tzinfo=UTC)).microsecond
    1000
    """
    return EPOCH + (at - EPOCH) // MILLISECOND * MILLISECOND
