"""The first tables of the collector."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _devices()
    _identity()
    _reports()
    _findings()
    _decisions()
    _people()
    _records()


def _text(name: str, *, nullable: bool = False, **options: Any) -> "sa.Column[Any]":
    return sa.Column(name, sa.Text(), nullable=nullable, **options)


def _number(name: str, *, nullable: bool = False, **options: Any) -> "sa.Column[Any]":
    return sa.Column(name, NUMBER, nullable=nullable, autoincrement=False, **options)


def _binary(name: str, *, nullable: bool = False, **options: Any) -> "sa.Column[Any]":
    return sa.Column(name, sa.LargeBinary(), nullable=nullable, **options)


def _table(name: str, *columns: "sa.Column[Any]", clustered: bool = True) -> None:
    op.create_table(name, *columns, sqlite_strict=True, sqlite_with_rowid=not clustered)


def _index(
    name: str, table: str, columns: list[str], *, unique: bool = False, where: str = ""
) -> None:
    partial: Any = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
    op.create_index(name, table, columns, unique=unique, **(partial if where else {}))


def _devices() -> None:
    _table(
        "device",
        _text("device_id", primary_key=True),
        _text("hostname"),
        _text("platform"),
        _text("os_id"),
        _text("os_name"),
        _text("os_version"),
        _text("os_build"),
        _text("form_factor"),
        _text("manufacturer"),
        _text("model"),
        _text("serial"),
        _text("agent_version"),
        _text("searched"),
        _number("enrolled_at"),
        _number("last_seen_at"),
        _number("last_report_at", nullable=True),
        _number("last_sequence"),
        _binary("digest", nullable=True),
        _text("compliance"),
        _number("compliance_since", nullable=True),
        _number("answer_version"),
        _binary("answer_digest"),
        _number("judged_policy_version", nullable=True),
        _number("evaluated_at", nullable=True),
        _number("next_evaluation_at", nullable=True),
        _text("quarantined_because"),
        _number("retired_at", nullable=True),
    )
    _index("device_by_compliance", "device", ["compliance", "hostname", "device_id"])
    _index("device_by_last_seen", "device", ["last_seen_at", "compliance", "retired_at"])
    _index("device_by_name", "device", ["hostname", "device_id"])
    _index(
        "device_by_next_evaluation",
        "device",
        ["next_evaluation_at"],
        where="next_evaluation_at IS NOT NULL",
    )
    _index("device_by_policy", "device", ["judged_policy_version"])


def _identity() -> None:
    _table(
        "inventory",
        _text("device_id", primary_key=True),
        _text("document"),
    )
    _table(
        "fingerprint",
        _text("device_id", primary_key=True),
        _text("part", primary_key=True),
        _binary("value"),
    )
    _index("fingerprint_by_value", "fingerprint", ["part", "value", "device_id"])
    _table(
        "certificate",
        _text("serial", primary_key=True),
        _text("device_id"),
        _number("issued_at"),
        _number("not_after"),
        _number("revoked_at", nullable=True),
        _text("revoked_because"),
    )
    _index("certificate_by_device", "certificate", ["device_id"])
    _table(
        "token",
        _text("token_id", primary_key=True),
        _binary("secret_hash"),
        _text("label"),
        _number("created_at"),
        _number("expires_at"),
        _number("max_uses"),
        _number("uses"),
        _number("revoked_at", nullable=True),
    )
    _index("token_by_hash", "token", ["secret_hash"], unique=True)


def _reports() -> None:
    _table(
        "report",
        _text("device_id", primary_key=True),
        _number("sequence", primary_key=True),
        _binary("digest"),
        _binary("posture"),
        _number("observed_at"),
        _number("received_at"),
        clustered=False,
    )
    _table(
        "set_aside",
        _text("device_id", primary_key=True),
        _binary("digest", primary_key=True),
        _number("sequence"),
        _binary("posture"),
        _number("received_at"),
        clustered=False,
    )
    _table(
        "tracked",
        _text("device_id", primary_key=True),
        _text("rule_id", primary_key=True),
        _text("key", primary_key=True),
        _number("first_seen_at"),
    )


def _findings() -> None:
    _table(
        "finding",
        _text("device_id", primary_key=True),
        _text("rule_id", primary_key=True),
        _number("recorded_at", primary_key=True),
        _number("closed_at", nullable=True),
        _text("signal"),
        _text("status"),
        _text("because"),
        _text("evidence"),
        _number("since"),
        _number("evaluated_at"),
        _number("policy_version"),
    )
    _index(
        "finding_open_by_rule",
        "finding",
        ["rule_id", "status", "device_id"],
        where="closed_at IS NULL",
    )


def _decisions() -> None:
    _table(
        "policy",
        _number("version", primary_key=True),
        _text("text"),
        _number("applied_at"),
        _text("applied_by"),
    )
    _table(
        "waiver",
        _text("device_id", primary_key=True),
        _text("rule_id", primary_key=True),
        _number("created_at", primary_key=True),
        _text("reason"),
        _text("requested_by"),
        _number("ends_at"),
        _number("ended_at", nullable=True),
    )


def _people() -> None:
    _table(
        "account",
        _text("username", primary_key=True),
        _text("password_hash"),
        _number("created_at"),
    )
    _table(
        "session",
        _binary("token_hash", primary_key=True),
        _text("username"),
        _number("created_at"),
        _number("expires_at"),
    )
    _index("session_by_user", "session", ["username"])


def _records() -> None:
    _table(
        "event",
        _text("event_id", primary_key=True),
        _number("at"),
        _text("kind"),
        _text("device_id"),
        _text("detail"),
    )
    _index("event_by_device", "event", ["device_id", "kind"])
    _index("event_by_time", "event", ["at", "event_id"])
    _table(
        "opened_by",
        _number("first_at", primary_key=True),
        _text("collector_version", primary_key=True),
        _text("schema_revision"),
    )
