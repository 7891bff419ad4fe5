"""People who may look, and their sessions. Passwords and session tokens are kept hashed."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from collector.store import schema

ACCOUNT = schema.account
SESSION = schema.session


@dataclass(frozen=True, slots=True)
class Account:
    username: str
    password_hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    username: str
    created_at: datetime
    expires_at: datetime


def get(connection: Connection, username: str) -> Account | None:
    row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.username == username)).first()
    return None if row is None else Account(**row._mapping)


def list_all(connection: Connection) -> list[Account]:
    query = select(ACCOUNT).order_by(ACCOUNT.c.username)
    return [Account(**row._mapping) for row in connection.execute(query)]


def put(connection: Connection, account: Account) -> None:
    """Add the account, or give it this password; `created_at` stays the first one."""
    statement = upsert(ACCOUNT).values(asdict(account))
    statement = statement.on_conflict_do_update(
        index_elements=["username"], set_={"password_hash": account.password_hash}
    )
    connection.execute(statement)


def add_session(
    connection: Connection,
    token_hash: bytes,
    username: str,
    created_at: datetime,
    expires_at: datetime,
) -> None:
    """Begin a session, and drop those that have run out."""
    connection.execute(delete(SESSION).where(SESSION.c.expires_at <= created_at))
    connection.execute(
        insert(SESSION).values(
            token_hash=token_hash,
            username=username,
            created_at=created_at,
            expires_at=expires_at,
        )
    )


def session(connection: Connection, token_hash: bytes, now: datetime) -> Session | None:
    """The session while it lasts. One that begins after `now` (a clock set back) is none."""
    query = select(SESSION.c.username, SESSION.c.created_at, SESSION.c.expires_at).where(
        SESSION.c.token_hash == token_hash,
        SESSION.c.created_at <= now,
        SESSION.c.expires_at > now,
    )
    row = connection.execute(query).first()
    return None if row is None else Session(**row._mapping)


def extend_session(connection: Connection, token_hash: bytes, expires_at: datetime) -> None:
    """Move the end of a session; one that has been ended stays ended."""
    statement = update(SESSION).where(SESSION.c.token_hash == token_hash)
    connection.execute(statement.values(expires_at=expires_at))


def end_session(connection: Connection, token_hash: bytes) -> None:
    connection.execute(delete(SESSION).where(SESSION.c.token_hash == token_hash))


def end_all(connection: Connection, username: str) -> int:
    """End every session of the person; how many there were."""
    return connection.execute(delete(SESSION).where(SESSION.c.username == username)).rowcount
