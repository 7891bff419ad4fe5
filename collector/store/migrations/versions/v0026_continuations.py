"""Which device is the same laptop, installed anew."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DECIDED, WAITING = "decided_at IS NOT NULL", "decided_at IS NULL"


def upgrade() -> None:
    op.create_table(
        "continuation",
        *(
            sa.Column(name, sa.Text(), primary_key=True, nullable=False)
            for name in ("device_id", "earlier")
        ),
        sa.Column("found_at", NUMBER, nullable=False),
        sa.Column("decided_at", NUMBER, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("continuation_by_earlier", "continuation", ["earlier", "device_id"])
    _partial("continuation_waiting", "found_at", WAITING, unique=False)
    _partial("continuation_once", "device_id", DECIDED, unique=True)
    _partial("continuation_of_one", "earlier", DECIDED, unique=True)


def _partial(name: str, column: str, where: str, *, unique: bool) -> None:
    part = sa.text(where)
    op.create_index(
        name, "continuation", [column], unique=unique, sqlite_where=part, postgresql_where=part
    )
