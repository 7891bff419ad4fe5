"""Devices by any letters, findings by their cause, and descriptions without accents.

The index of letters is made when the store is opened, and kept by triggers.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "device_number",
        sa.Column("number", NUMBER, primary_key=True, nullable=False, autoincrement=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("device_number_by_device", "device_number", ["device_id"], unique=True)
    op.drop_index("finding_open_by_rule", "finding")
    op.create_index(
        "finding_open_by_rule",
        "finding",
        ["rule_id", "status", "device_id", "cause"],
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    connection = op.get_bind()
    raw = connection.connection.dbapi_connection
    assert raw is not None
    raw.create_function("described", 4, _described)
    connection.exec_driver_sql(
        "UPDATE device SET searched = described(hostname, serial, model, os_name)"
    )


def _described(*fields: str) -> str:
    """As `collector.store.letters.described` when this was written."""
    return "\t".join("\n\n" + _plain(each) for each in fields if each.strip())


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold()).casefold()
    letters = "".join(each for each in parts if each != "\0" and not unicodedata.combining(each))
    return "\n\n".join(letters.split())
