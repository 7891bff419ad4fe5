"""Whose a device was."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "ownership",
        sa.Column("device_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("since_at", NUMBER, primary_key=True, nullable=False, autoincrement=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    known = sa.text("email <> ''")
    op.create_index(
        "ownership_by_person", "ownership", ["email"], sqlite_where=known, postgresql_where=known
    )
