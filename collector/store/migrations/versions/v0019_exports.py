"""Packs as files: how far each is, and where it was taken."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "export_run",
        _key(),
        _text("variant"),
        _number("as_of"),
        _text("asked_by"),
        _number("asked_at"),
        _text("phase"),
        *(_number(name) for name in ("told", "stopped", "attempts")),
        *(sa.Column(name, NUMBER, nullable=True) for name in ("next_at", "finished_at")),
        _text("name"),
        _number("size"),
        _text("manifest_sha256"),
        _text("trouble"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    _partial("export_run_due", "export_run", "next_at", "next_at IS NOT NULL")
    _partial("export_run_kept", "export_run", "as_of", "phase = 'done'")
    op.create_index("export_run_by_moment", "export_run", ["variant", "as_of"])
    op.create_table(
        "delivery",
        _key(),
        _number("run"),
        _text("target"),
        _number("created_at"),
        _number("attempts"),
        *(sa.Column(name, NUMBER, nullable=True) for name in ("next_at", "sent_at", "failed_at")),
        _text("trouble"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("delivery_of_run", "delivery", ["run", "target"], unique=True)
    _partial("delivery_due", "delivery", "next_at", "next_at IS NOT NULL")


def _key() -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(
        "number", NUMBER, primary_key=True, nullable=False, autoincrement=False
    )
    return column


def _text(name: str) -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(name, sa.Text(), nullable=False)
    return column


def _number(name: str) -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(name, NUMBER, nullable=False)
    return column


def _partial(name: str, table: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, [column], sqlite_where=condition, postgresql_where=condition)
