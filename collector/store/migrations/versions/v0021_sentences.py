"""What a verdict's sentence was put together from, so that it can be said in another language."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    for table in ("finding", "finding_past"):
        op.add_column(table, sa.Column("told", sa.Text(), nullable=False, server_default=""))
