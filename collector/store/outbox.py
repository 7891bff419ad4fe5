"""The tables of what people are to be told, and of what they may want to hear."""

from sqlalchemy import Column, Index, Table

from collector.store.columns import INTEGER, Moment
from collector.store.tables import index, key, maybe, metadata, moment, number, table, words

# What is to be told and what was; `next_at` is empty when it is not tried any more.
notification = table(
    "notification",
    key("number", INTEGER),
    words("dedup_key"),
    words("topic"),
    words("target"),
    words("address"),
    words("about"),
    words("subject"),
    words("content"),
    number("urgent"),
    moment("created_at"),
    maybe("next_at", Moment),
    number("attempts"),
    maybe("sent_at", Moment),
    maybe("failed_at", Moment),
    words("trouble"),
)
Index("notification_by_key", notification.c.dedup_key, unique=True)
index("notification_due", notification.c.next_at, where="next_at IS NOT NULL")
index("notification_failed", notification.c.number, where="failed_at IS NOT NULL")
# What newly fails, in the order in which it was found, until people were told or need not be.
new_failure = Table(
    "new_failure",
    metadata,
    Column("number", INTEGER, primary_key=True, nullable=False, autoincrement=True),
    words("device_id"),
    words("rule_id"),
    moment("recorded_at"),
    sqlite_strict=True,
    sqlite_autoincrement=True,
)
index("notification_by_time", notification.c.created_at)
