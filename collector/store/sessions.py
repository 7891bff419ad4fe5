"""Sessions of people's browsers, by the hash of their token."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from collector.store import schema

SESSION = schema.session


@dataclass(frozen=True, slots=True)
class Session:
    """`factor_at`: when a second factor was last shown; None: only the password was right."""

    token_hash: bytes
    username: str
    created_at: datetime
    expires_at: datetime
    address: str = ""
    browser: str = ""
    factor_at: datetime | None = None


def add(connection: Connection, session: Session) -> None:
    """Begin a session, and drop those that have run out."""
    connection.execute(delete(SESSION).where(SESSION.c.expires_at <= session.created_at))
    values = {column.name: getattr(session, column.name) for column in SESSION.columns}
    connection.execute(insert(SESSION).values(values))


def get(connection: Connection, token_hash: bytes, now: datetime) -> Session | None:
    """The session while it lasts. One that begins after `now` (a clock set back) is none."""
    query = select(SESSION).where(
        SESSION.c.token_hash == token_hash,
        SESSION.c.created_at <= now,
        SESSION.c.expires_at > now,
    )
    row = connection.execute(query).first()
    return None if row is None else Session(**row._mapping)


def of_person(connection: Connection, username: str, now: datetime) -> list[Session]:
    """The person's sessions that last, newest first."""
    query = (
        select(SESSION)
        .where(SESSION.c.username == username, SESSION.c.expires_at > now)
        .order_by(SESSION.c.created_at.desc(), SESSION.c.token_hash)
    )
    return [Session(**row._mapping) for row in connection.execute(query)]


def extend(connection: Connection, token_hash: bytes, expires_at: datetime) -> None:
    """Move the end of a session; one that has been ended stays ended."""
    statement = update(SESSION).where(SESSION.c.token_hash == token_hash)
    connection.execute(statement.values(expires_at=expires_at))


def factor_shown(connection: Connection, token_hash: bytes, at: datetime) -> None:
    statement = update(SESSION).where(SESSION.c.token_hash == token_hash)
    connection.execute(statement.values(factor_at=at))


def end(connection: Connection, token_hash: bytes) -> bool:
    """False: there was none."""
    ended = connection.execute(delete(SESSION).where(SESSION.c.token_hash == token_hash))
    return ended.rowcount == 1


def end_all(connection: Connection, username: str, but: bytes = b"") -> int:
    """End every session of the person but one; how many there were."""
    statement = delete(SESSION).where(SESSION.c.username == username, SESSION.c.token_hash != but)
    return connection.execute(statement).rowcount
