"""Whose a device is, the people who own devices, and groups of devices."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("device", recreate="never") as device:
        device.add_column(_text("owner", ""))
        device.add_column(sa.Column("severity", NUMBER, nullable=False, server_default="0"))
    _index("device_by_owner", "device", "owner", "hostname", "device_id")
    _index("device_by_serial", "device", "serial", "device_id")
    _index("device_by_since", "device", "compliance_since", "device_id")
    _index("device_by_severity", "device", "severity", "hostname", "device_id")
    _people()
    _table(
        "fleet_group",
        _key("name"),
        _text("description"),
        _text("contact"),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("devices", NUMBER, nullable=False),
    )
    _table("membership", _key("group_name"), _key("device_id"))
    _index("membership_by_device", "membership", "device_id", "group_name")


def _people() -> None:
    _table(
        "person",
        _key("email"),
        _text("name"),
        _text("department"),
        _text("language"),
        sa.Column("left_at", NUMBER, nullable=True),
        sa.Column("imported_at", NUMBER, nullable=False),
        _text("source"),
        sa.Column("devices", NUMBER, nullable=False),
    )
    _index("person_by_devices", "person", "devices", "email")
    op.create_index(
        "person_left_with_devices",
        "person",
        ["left_at", "email"],
        sqlite_where=sa.text("left_at IS NOT NULL AND devices > 0"),
        postgresql_where=sa.text("left_at IS NOT NULL AND devices > 0"),
    )
    _table("person_word", _key("word"), _key("email"))
    _index("person_word_by_person", "person_word", "email", "word")


def _index(name: str, table: str, *columns: str) -> None:
    op.create_index(name, table, list(columns))


def _key(name: str) -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(name, sa.Text(), primary_key=True, nullable=False)
    return column


def _text(name: str, default: str | None = None) -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(name, sa.Text(), nullable=False, server_default=default)
    return column


def _table(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(name, *columns, sqlite_strict=True, sqlite_with_rowid=False)
