"""Why a policy was applied, in the words of the person who did."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("policy", sa.Column("note", sa.Text(), nullable=False, server_default=""))
