"""One-time links by which a person sets a password and a second factor, by the link's hash."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from collector.store.schema import invitation


@dataclass(frozen=True, slots=True)
class Invitation:
    token_hash: bytes
    username: str
    created_at: datetime
    expires_at: datetime


def add(connection: Connection, invited: Invitation) -> None:
    """The person's earlier links open nothing any more."""
    withdraw(connection, invited.username)
    connection.execute(insert(invitation).values(asdict(invited)))


def get(connection: Connection, token_hash: bytes, now: datetime) -> Invitation | None:
    """The invitation while it can be used."""
    query = select(invitation).where(
        invitation.c.token_hash == token_hash,
        invitation.c.created_at <= now,
        invitation.c.expires_at > now,
    )
    row = connection.execute(query).first()
    return None if row is None else Invitation(**row._mapping)


def use(connection: Connection, token_hash: bytes, now: datetime) -> str | None:
    """Whose invitation it was, once; None when it is used, withdrawn or too old."""
    invited = get(connection, token_hash, now)
    if invited is None:
        return None
    connection.execute(delete(invitation).where(invitation.c.token_hash == token_hash))
    return invited.username


def withdraw(connection: Connection, username: str) -> None:
    connection.execute(delete(invitation).where(invitation.c.username == username))
