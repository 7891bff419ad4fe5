"""What newly fails, until people were told."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "new_failure",
        sa.Column("number", NUMBER, primary_key=True, nullable=False, autoincrement=True),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", NUMBER, nullable=False),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
