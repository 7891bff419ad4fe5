"""Who somebody is at an OpenID provider, and which account that is here."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "linked_identity",
        sa.Column("issuer", sa.Text(), primary_key=True, nullable=False),
        sa.Column("subject", sa.Text(), primary_key=True, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("linked_at", NUMBER, nullable=False),
        sa.Column("linked_by", sa.Text(), nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("linked_identity_by_user", "linked_identity", ["username"])
