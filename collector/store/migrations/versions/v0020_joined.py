"""Since when a device is in a group, and the newest waiver number ever given."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Devices that are in a group already keep the waivers that they have through it."""
    op.add_column("membership", sa.Column("joined_at", NUMBER, nullable=False, server_default="0"))
    op.create_table(
        "numbering",
        sa.Column("name", sa.Text(), primary_key=True, nullable=False),
        sa.Column("newest", NUMBER, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO numbering (name, newest) SELECT 'waiver', COALESCE(MAX(number), 0) FROM waiver"
    )
