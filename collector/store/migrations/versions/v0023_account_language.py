"""The language that an account reads."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Empty: nothing was chosen, and the browser says."""
    column = sa.Column("language", sa.Text(), nullable=False, server_default="")
    op.add_column("account", column)
