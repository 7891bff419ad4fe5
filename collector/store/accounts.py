"""People who may look or act. Passwords are kept hashed, secrets of authenticators sealed."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from collector.store import personal_tokens, schema

ACCOUNT = schema.account


@dataclass(frozen=True, slots=True)
class Account:
    """`role` is a name of `collector.accounts.roles`. An empty `password_hash` opens nothing.

    `totp_step` is the step of the last code that was taken; see `collector.accounts.totp`.
    `language` is "en", "fr" or "" (not chosen).
    """

    username: str
    password_hash: str
    created_at: datetime
    role: str = "owner"
    password_changed_at: datetime | None = None
    last_login_at: datetime | None = None
    disabled_at: datetime | None = None
    disabled_because: str = ""
    totp_sealed: bytes | None = None
    totp_step: int = 0
    enabled_at: datetime | None = None
    language: str = ""


def get(connection: Connection, username: str) -> Account | None:
    row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.username == username)).first()
    return None if row is None else Account(**row._mapping)


def list_all(connection: Connection) -> list[Account]:
    query = select(ACCOUNT).order_by(ACCOUNT.c.username)
    return [Account(**row._mapping) for row in connection.execute(query)]


def add(connection: Connection, account: Account) -> bool:
    """False: there is an account of that name, and it stays as it is."""
    if get(connection, account.username) is not None:
        return False
    connection.execute(insert(ACCOUNT).values(asdict(account)))
    return True


def set_password(connection: Connection, username: str, password_hash: str, at: datetime) -> None:
    """Tokens of the old password's owner end with it."""
    _change(connection, username, password_hash=password_hash, password_changed_at=at)
    personal_tokens.remove_all(connection, username)


def refresh_hash(connection: Connection, username: str, before: str, password_hash: str) -> bool:
    """The same password, hashed with today's parameters. False: it was changed meanwhile."""
    statement = update(ACCOUNT).where(
        ACCOUNT.c.username == username, ACCOUNT.c.password_hash == before
    )
    return connection.execute(statement.values(password_hash=password_hash)).rowcount == 1


def set_role(connection: Connection, username: str, role: str) -> None:
    _change(connection, username, role=role)


def set_language(connection: Connection, username: str, language: str) -> None:
    _change(connection, username, language=language)


def languages(connection: Connection, usernames: Collection[str]) -> dict[str, str]:
    """Of those accounts, by name, the ones that have chosen."""
    query = select(ACCOUNT.c.username, ACCOUNT.c.language).where(
        ACCOUNT.c.username.in_(usernames), ACCOUNT.c.language != ""
    )
    return {row.username: row.language for row in connection.execute(query)}


def set_totp(connection: Connection, username: str, sealed: bytes | None, step: int = 0) -> None:
    """Another app, or none; tokens end with the factor that they were made under."""
    _change(connection, username, totp_sealed=sealed, totp_step=step)
    personal_tokens.remove_all(connection, username)


def take_totp_step(connection: Connection, username: str, step: int) -> bool:
    """Use up a code: True once, for the first who comes with this step or a later one."""
    statement = update(ACCOUNT).where(ACCOUNT.c.username == username, ACCOUNT.c.totp_step < step)
    return connection.execute(statement.values(totp_step=step)).rowcount == 1


def logged_in(connection: Connection, username: str, at: datetime) -> None:
    _change(connection, username, last_login_at=at)


def disable(connection: Connection, username: str, at: datetime, because: str) -> bool:
    """False: there is no such account, or it was disabled before. Its tokens end for good."""
    personal_tokens.remove_all(connection, username)
    statement = update(ACCOUNT).where(
        ACCOUNT.c.username == username, ACCOUNT.c.disabled_at.is_(None)
    )
    changed = connection.execute(statement.values(disabled_at=at, disabled_because=because))
    return changed.rowcount == 1


def enable(connection: Connection, username: str, at: datetime) -> bool:
    """False: there is no such account, or it was not disabled."""
    statement = update(ACCOUNT).where(
        ACCOUNT.c.username == username, ACCOUNT.c.disabled_at.is_not(None)
    )
    changed = connection.execute(
        statement.values(disabled_at=None, disabled_because="", enabled_at=at)
    )
    return changed.rowcount == 1


def others_with_role(connection: Connection, role: str, but: str) -> int:
    """How many accounts but this one hold the role, are not disabled and have a password."""
    query = select(func.count()).where(
        ACCOUNT.c.role == role,
        ACCOUNT.c.disabled_at.is_(None),
        ACCOUNT.c.password_hash != "",
        ACCOUNT.c.username != but,
    )
    return int(connection.execute(query).scalar_one())


def unused_since(connection: Connection, before: datetime) -> list[str]:
    """Active accounts that nobody has used, by themselves or a token, made or enabled since."""
    token = schema.personal_token
    by_token = select(token.c.token_id).where(
        token.c.username == ACCOUNT.c.username, token.c.last_used_at >= before
    )
    query = (
        select(ACCOUNT.c.username)
        .where(
            ACCOUNT.c.disabled_at.is_(None),
            ACCOUNT.c.created_at < before,
            or_(ACCOUNT.c.last_login_at.is_(None), ACCOUNT.c.last_login_at < before),
            or_(ACCOUNT.c.enabled_at.is_(None), ACCOUNT.c.enabled_at < before),
            ~by_token.exists(),
        )
        .order_by(ACCOUNT.c.username)
    )
    return [str(name) for name in connection.execute(query).scalars()]


def remove(connection: Connection, username: str) -> None:
    """Take the account away; what it did stays in the audit log. Its tokens go with it."""
    personal_tokens.remove_all(connection, username)
    linked = schema.linked_identity
    connection.execute(delete(linked).where(linked.c.username == username))
    connection.execute(delete(ACCOUNT).where(ACCOUNT.c.username == username))


def _change(connection: Connection, username: str, **values: object) -> None:
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.username == username).values(values))
