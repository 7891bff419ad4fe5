"""Counters, turns and daily snapshots; silence in the device's row, and the indexes it needs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IN_SERVICE = sa.text("retired_at IS NULL")


def upgrade() -> None:
    op.add_column("device", sa.Column("silent", NUMBER, nullable=False, server_default="0"))
    op.drop_index("device_by_compliance", "device")
    op.drop_index("device_by_last_seen", "device")
    _index("device_by_state", "compliance", "silent", "hostname", "device_id")
    _index("device_by_silence", "silent", "hostname", "device_id")
    _index("device_by_last_seen", "silent", "last_seen_at", "compliance", "platform")
    _table(
        "device_tally",
        _key("platform"),
        _key("compliance"),
        _key("silent", NUMBER),
        _number("devices"),
    )
    _table(
        "finding_tally",
        _key("rule_id"),
        _key("status"),
        _key("cause"),
        _key("platform"),
        _number("findings"),
    )
    _table(
        "turn",
        _key("device_id"),
        _key("rule_id"),
        _key("at", NUMBER),
        sa.Column("kind", sa.Text(), nullable=False),
        _number("seconds"),
    )
    op.create_index("turn_by_time", "turn", ["kind", "at", "rule_id", "device_id"])
    _table(
        "flow",
        _key("day", NUMBER),
        _key("rule_id"),
        _key("kind"),
        _key("bucket", NUMBER),
        _number("turns"),
    )
    _table("snapshot", _key("day", NUMBER), _key("rule_id"), _key("state"), _number("total"))


def _key(name: str, kind: sa.types.TypeEngine[Any] | None = None) -> sa.Column[object]:
    return sa.Column(name, kind or sa.Text(), primary_key=True, nullable=False, autoincrement=False)


def _number(name: str) -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(name, NUMBER, nullable=False)
    return column


def _table(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(name, *columns, sqlite_strict=True, sqlite_with_rowid=False)


def _index(name: str, *columns: str) -> None:
    op.create_index(
        name, "device", list(columns), sqlite_where=IN_SERVICE, postgresql_where=IN_SERVICE
    )
