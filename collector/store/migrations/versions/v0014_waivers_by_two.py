"""Waivers from the request on, for a device or a group, approved by somebody else."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IN_FORCE = "decision = 'approved' AND ended_at IS NULL"
KEEP = """
INSERT INTO waiver (number, device_id, group_name, rule_id, reason, requested_by, requested_at,
                    ends_at, decision, decided_by, decided_at, remark, ended_by, ended_at)
SELECT row_number() OVER (ORDER BY created_at, device_id, rule_id), device_id, '', rule_id, reason,
       requested_by, created_at, ends_at, 'approved', '', created_at,
       'granted in one step, before there were requests', '', ended_at
FROM waiver_in_one_step
"""


def upgrade() -> None:
    op.rename_table("waiver", "waiver_in_one_step")
    op.create_table(
        "waiver",
        _number("number", primary_key=True, autoincrement=False),
        *(_text(name) for name in ("device_id", "group_name", "rule_id", "reason")),
        _text("requested_by"),
        _number("requested_at"),
        _number("ends_at"),
        _text("decision"),
        _text("decided_by"),
        _number("decided_at", nullable=True),
        _text("remark"),
        _text("ended_by"),
        _number("ended_at", nullable=True),
        sa.CheckConstraint(
            "decision <> 'approved' OR decided_by <> requested_by", name="waiver_by_two_people"
        ),
        sa.CheckConstraint("(device_id = '') <> (group_name = '')", name="waiver_for_one_thing"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.execute(KEEP)
    op.drop_table("waiver_in_one_step")
    _index("waiver_of_device", ["device_id", "ends_at"], IN_FORCE)
    _index("waiver_of_group", ["group_name", "ends_at"], IN_FORCE)
    _index("waiver_by_end", ["ends_at", "number"], IN_FORCE)
    _index("waiver_waiting", ["number"], "decision = ''")
    _index("waiver_by_device", ["device_id", "number"])
    _index("waiver_by_group", ["group_name", "number"])


def _text(name: str) -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(name, sa.Text(), nullable=False)
    return column


def _number(
    name: str, *, nullable: bool = False, primary_key: bool = False, autoincrement: bool = True
) -> sa.Column[object]:
    column: sa.Column[object] = sa.Column(
        name,
        NUMBER,
        nullable=nullable,
        primary_key=primary_key,
        autoincrement="auto" if autoincrement else False,
    )
    return column


def _index(name: str, columns: list[str], where: str = "") -> None:
    only = sa.text(where) if where else None
    op.create_index(name, "waiver", columns, sqlite_where=only, postgresql_where=only)
