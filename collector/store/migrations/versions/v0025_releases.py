"""Releases of the agent: how far each was let go, and what became of it on each device."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _table(
        "release",
        _key("version"),
        _text("state"),
        *(_number(name) for name in ("percent", "begun", "back", "failing", "added_at")),
        _text("added_by"),
        sa.Column("halted_at", NUMBER, nullable=True),
        *(_text(name) for name in ("halted_by", "halted_because")),
        _number("written_down"),
    )
    _table(
        "release_device",
        _key("device_id"),
        _key("version"),
        _text("outcome"),
        _number("told_at"),
        _text("because"),
    )
    failing = "outcome NOT IN ('begun', 'installed')"
    _partial("release_device_failing", ["version", "told_at"], failing)
    _partial("release_device_begun", ["told_at"], "outcome = 'begun'")


def _partial(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    table = "release_device"
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _key(name: str) -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(name, sa.Text(), primary_key=True, nullable=False)
    return column


def _text(name: str) -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(name, sa.Text(), nullable=False)
    return column


def _number(name: str) -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(name, NUMBER, nullable=False)
    return column


def _table(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(name, *columns, sqlite_strict=True, sqlite_with_rowid=False)
