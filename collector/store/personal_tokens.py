"""Personal access tokens for the REST API, by the hash of their secret."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from collector.store import schema

TOKEN = schema.personal_token


@dataclass(frozen=True, slots=True)
class PersonalToken:
    """`role` is the most the token may do; never more than its owner may at that moment."""

    token_id: str
    username: str
    label: str
    secret_hash: bytes
    role: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None


def add(connection: Connection, token: PersonalToken) -> None:
    connection.execute(insert(TOKEN).values(asdict(token)))


def by_hash(connection: Connection, secret_hash: bytes, now: datetime) -> PersonalToken | None:
    """The token while it lasts."""
    query = select(TOKEN).where(TOKEN.c.secret_hash == secret_hash, TOKEN.c.expires_at > now)
    row = connection.execute(query).first()
    return None if row is None else PersonalToken(**row._mapping)


def of_person(connection: Connection, username: str) -> list[PersonalToken]:
    """Newest first, those that have ended too."""
    query = select(TOKEN).where(TOKEN.c.username == username)
    rows = connection.execute(query.order_by(TOKEN.c.created_at.desc(), TOKEN.c.token_id))
    return [PersonalToken(**row._mapping) for row in rows]


def used(connection: Connection, token_id: str, at: datetime, unless_after: datetime) -> None:
    """Note the use, unless one after that moment is noted."""
    older = or_(TOKEN.c.last_used_at.is_(None), TOKEN.c.last_used_at <= unless_after)
    statement = update(TOKEN).where(TOKEN.c.token_id == token_id, older)
    connection.execute(statement.values(last_used_at=at))


def last_used_at(connection: Connection, username: str) -> datetime | None:
    """When a token of the person was last used, of those that are kept."""
    query = select(func.max(TOKEN.c.last_used_at)).where(TOKEN.c.username == username)
    found: datetime | None = connection.execute(query).scalar_one()
    return found


def remove(connection: Connection, username: str, token_id: str) -> bool:
    """False: the person has no such token."""
    statement = delete(TOKEN).where(TOKEN.c.username == username, TOKEN.c.token_id == token_id)
    return connection.execute(statement).rowcount == 1


def remove_all(connection: Connection, username: str) -> int:
    return connection.execute(delete(TOKEN).where(TOKEN.c.username == username)).rowcount
