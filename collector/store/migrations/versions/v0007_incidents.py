"""Incidents with their notes, reviews of the audit log, and how far it was read for incidents."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _table(
        "incident",
        sa.Column("number", NUMBER, primary_key=True, nullable=False, autoincrement=False),
        _text("kind"),
        _text("subject"),
        _text("severity"),
        _text("detail"),
        sa.Column("opened_at", NUMBER, nullable=False),
        sa.Column("last_at", NUMBER, nullable=False),
        sa.Column("times", NUMBER, nullable=False),
        sa.Column("told_at", NUMBER, nullable=True),
        sa.Column("closed_at", NUMBER, nullable=True),
        _text("closed_by"),
        _text("cause"),
        _text("consequence"),
    )
    while_open = sa.text("closed_at IS NULL")
    op.create_index(
        "incident_open",
        "incident",
        ["kind", "subject"],
        unique=True,
        sqlite_where=while_open,
        postgresql_where=while_open,
    )
    _table(
        "incident_note",
        sa.Column("number", NUMBER, primary_key=True, nullable=False, autoincrement=False),
        sa.Column("note_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        _text("written_by"),
        _text("words"),
    )
    _table(
        "audit_review",
        sa.Column("week", sa.Text(), primary_key=True, nullable=False),
        sa.Column("signed_at", NUMBER, nullable=False),
        _text("signed_by"),
        _text("head"),
        _text("counts"),
        _text("remark"),
    )
    _table(
        "followed",
        sa.Column("reader", sa.Text(), primary_key=True, nullable=False),
        sa.Column("segment", NUMBER, nullable=False),
        sa.Column("size", NUMBER, nullable=False),
    )


def _text(name: str) -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(name, sa.Text(), nullable=False)
    return column


def _table(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(name, *columns, sqlite_strict=True, sqlite_with_rowid=False)
