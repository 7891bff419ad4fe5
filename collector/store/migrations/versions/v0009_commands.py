"""Commands to devices, and when each device said it would be in touch again."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXTS = ("device_id", "action", "asked_by", "reason")
WAITING = sa.text("delivered_at IS NULL")


def upgrade() -> None:
    op.add_column("device", sa.Column("next_contact_at", NUMBER, nullable=True))
    op.create_table(
        "command",
        sa.Column("command_id", sa.Text(), primary_key=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        sa.Column("asked_at", NUMBER, nullable=False),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("delivered_at", NUMBER, nullable=True),
        sa.Column("done_at", NUMBER, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("command_by_device", "command", ["device_id", "asked_at"])
    op.create_index("command_by_time", "command", ["asked_at"])
    op.create_index(
        "command_waiting",
        "command",
        ["device_id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
