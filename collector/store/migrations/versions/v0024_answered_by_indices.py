"""What a partial index asks for stands in it as well, so that it answers alone.

Leavers are walked by address, and devices without an owner are counted in an index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

SERVING = "retired_at IS NULL"
UNOWNED = "owner = '' AND retired_at IS NULL"
LEFT = "left_at IS NOT NULL AND devices > 0"
OPEN = "closed_at IS NULL"
STATE = ["compliance", "silent", "hostname", "device_id", "retired_at"]
SEEN = ["silent", "last_seen_at", "compliance", "platform", "retired_at"]
LAST = ["device_id", "retired_at"]
RULE = ["rule_id", "status", "device_id", "cause", "closed_at"]


def upgrade() -> None:
    _index("device_without_owner", "device", ["owner", "retired_at"], UNOWNED)
    for name, table, columns, where in (
        ("person_left_with_devices", "person", ["email", "left_at"], LEFT),
        ("device_by_state", "device", STATE, SERVING),
        ("device_by_last_seen", "device", SEEN, SERVING),
        ("device_by_build", "device", ["platform", "os_build", *LAST], SERVING),
        ("device_by_agent", "device", ["platform", "agent_version", *LAST], SERVING),
        ("finding_open_by_rule", "finding", RULE, OPEN),
    ):
        op.drop_index(name, table)
        _index(name, table, columns, where)


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    part = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=part, postgresql_where=part)
