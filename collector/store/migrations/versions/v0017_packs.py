"""The weekly packs, each with the one before it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "pack",
        sa.Column("variant", sa.Text(), primary_key=True, nullable=False),
        sa.Column("as_of", NUMBER, primary_key=True, nullable=False, autoincrement=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("manifest_sha256", sa.Text(), nullable=False),
        sa.Column("previous_as_of", NUMBER, nullable=True),
        sa.Column("sums", sa.Text(), nullable=False),
        sa.Column("sealed_at", NUMBER, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("pack_by_time", "pack", ["as_of", "variant"])
