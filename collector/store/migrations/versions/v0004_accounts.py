"""Roles, second factors, invitations, personal tokens, and sessions that know where they are.

Whoever had an account before could do everything, and so becomes an owner.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column("role", sa.Text(), nullable=False, server_default="owner"),
        sa.Column("password_changed_at", NUMBER, nullable=True),
        sa.Column("last_login_at", NUMBER, nullable=True),
        sa.Column("disabled_at", NUMBER, nullable=True),
        sa.Column("disabled_because", sa.Text(), nullable=False, server_default=""),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", NUMBER, nullable=False, server_default="0"),
    ):
        op.add_column("account", column)
    for column in (
        sa.Column("address", sa.Text(), nullable=False, server_default=""),
        sa.Column("browser", sa.Text(), nullable=False, server_default=""),
        sa.Column("factor_at", NUMBER, nullable=True),
    ):
        op.add_column("session", column)
    _table(
        "recovery_code",
        sa.Column("code_hash", sa.LargeBinary(), primary_key=True, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
    )
    op.create_index("recovery_code_by_user", "recovery_code", ["username"])
    _table(
        "passkey",
        sa.Column("credential_id", sa.LargeBinary(), primary_key=True, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", NUMBER, nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("last_used_at", NUMBER, nullable=True),
    )
    op.create_index("passkey_by_user", "passkey", ["username"])
    _table(
        "invitation",
        sa.Column("token_hash", sa.LargeBinary(), primary_key=True, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("expires_at", NUMBER, nullable=False),
    )
    op.create_index("invitation_by_user", "invitation", ["username"])
    _table(
        "personal_token",
        sa.Column("token_id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("last_used_at", NUMBER, nullable=True),
    )
    op.create_index("personal_token_by_hash", "personal_token", ["secret_hash"], unique=True)
    op.create_index("personal_token_by_user", "personal_token", ["username"])


def _table(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(name, *columns, sqlite_strict=True, sqlite_with_rowid=False)
