"""Checks that are doubted, and the counts that make them so."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _table(
        "turned",
        *(_key(name) for name in KEYS),
        sa.Column("hour", NUMBER, primary_key=True, nullable=False, autoincrement=False),
        _number("devices"),
    )
    op.create_index("turned_by_hour", "turned", ["hour"])
    _table(
        "dispute",
        sa.Column("number", NUMBER, primary_key=True, nullable=False, autoincrement=False),
        *(_text(name) for name in KEYS),
        *(_number(name) for name in ("opened_at", "turned", "population")),
        _text("state"),
        sa.Column("resolved_at", NUMBER, nullable=True),
        *(_text(name) for name in ("resolved_by", "until_version", "reason")),
        sa.Column("marked_after", sa.Text(), nullable=True),
    )
    _partial("dispute_standing", "dispute", ["rule_id"], "state <> 'right'")
    in_service = "retired_at IS NULL"
    for name, column in (("device_by_build", "os_build"), ("device_by_agent", "agent_version")):
        _partial(name, "device", ["platform", column, "device_id"], in_service)


KEYS = ("rule_id", "scope", "value")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
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
