"""The column types of the store: times are whole milliseconds, whatever the engine."""

import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, func, select
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
CHOSEN = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
INTEGER = BigInteger().with_variant(Integer(), "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware time as milliseconds since 1970 (UTC); what is finer is cut off."""

    impl = INTEGER
    cache_ok = True

    # Not `process_bind_param` and its like: with 20 times in a device's row, the two calls that
    # SQLAlchemy puts around each would cost more than reading the row.
    def bind_processor(self, dialect: Any) -> Callable[[datetime | None], int | None]:
        return _milliseconds

    def result_processor(
        self, dialect: Any, coltype: object
    ) -> Callable[[int | None], datetime | None]:
        return _moment


@lru_cache(maxsize=1024)  # the rows of one device, and of one batch, repeat a few moments
def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // MILLISECOND


@lru_cache(maxsize=1024)
def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else EPOCH + timedelta(milliseconds=milliseconds)


def chosen(ids: Collection[str]) -> str:
    """What `CHOSEN` reads: one value, so that the text of a statement hangs on no number."""
    return json.dumps(list(ids))


def whole(at: datetime) -> datetime:
    """The time as the store gives it back.

    >>> whole(datetime(2026, 11, 22, 12, 0, 0, 1999, tzinfo=UTC)).microsecond
    1000
    """
    return EPOCH + (at - EPOCH) // MILLISECOND * MILLISECOND
