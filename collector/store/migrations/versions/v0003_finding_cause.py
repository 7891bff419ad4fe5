"""What a finding's words hang on, for machines."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("finding", sa.Column("cause", sa.Text(), nullable=False, server_default=""))
