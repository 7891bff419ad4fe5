"""Passkeys know their host, accounts when they were enabled; reviews of authorisations."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("account", sa.Column("enabled_at", NUMBER, nullable=True))
    op.add_column("passkey", sa.Column("host", sa.Text(), nullable=False, server_default=""))
    _table(
        "authorisation",
        sa.Column("username", sa.Text(), primary_key=True, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("confirmed_at", NUMBER, nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
    )
    _table(
        "authorisation_review",
        sa.Column("review_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("signed_at", NUMBER, nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
    )
    op.create_index("authorisation_review_by_time", "authorisation_review", ["signed_at"])


def _table(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(name, *columns, sqlite_strict=True, sqlite_with_rowid=False)
