"""What was true before it changed: an export of a past moment says what one of then said."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DESCRIBED = (
    "hostname", "platform", "form_factor", "os_id", "os_name", "os_version", "os_build",
    "manufacturer", "model", "serial", "agent_version", "quarantined_because",
)  # fmt: skip


def _key(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, nullable=False, autoincrement=False)


def upgrade() -> None:
    options = {"sqlite_strict": True, "sqlite_with_rowid": False}
    op.create_table(
        "device_past",
        _key("device_id", sa.Text()),
        _key("until_at", NUMBER),
        *(sa.Column(name, sa.Text(), nullable=False) for name in DESCRIBED),
        **options,
    )
    op.create_table(
        "groups_past",
        _key("device_id", sa.Text()),
        _key("until_at", NUMBER),
        sa.Column("names", sa.Text(), nullable=False),
        **options,
    )
    op.create_table(
        "finding_past",
        _key("device_id", sa.Text()),
        _key("rule_id", sa.Text()),
        _key("until_at", NUMBER),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("because", "evidence", "cause")),
        **options,
    )
    op.create_table(
        "absence",
        _key("device_id", sa.Text()),
        _key("from_at", NUMBER),
        sa.Column("until_at", NUMBER, nullable=False),
        **options,
    )
