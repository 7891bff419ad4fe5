"""The outbox of what people are told."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "notification",
        sa.Column("number", NUMBER, primary_key=True, nullable=False, autoincrement=False),
        *(_text(name) for name in ("dedup_key", "topic", "target", "address", "about")),
        _text("subject"),
        _text("content"),
        _number("urgent"),
        _number("created_at"),
        sa.Column("next_at", NUMBER, nullable=True),
        _number("attempts"),
        sa.Column("sent_at", NUMBER, nullable=True),
        sa.Column("failed_at", NUMBER, nullable=True),
        _text("trouble"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("notification_by_key", "notification", ["dedup_key"], unique=True)
    _partial("notification_due", "next_at", "next_at IS NOT NULL")
    _partial("notification_failed", "number", "failed_at IS NOT NULL")
    op.create_index("notification_by_time", "notification", ["created_at"])


def _text(name: str) -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(name, sa.Text(), nullable=False)
    return column


def _number(name: str) -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(name, NUMBER, nullable=False)
    return column


def _partial(name: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        name, "notification", [column], sqlite_where=condition, postgresql_where=condition
    )
