"""Enrollment tokens: kept hashed, used no more often and no longer than was said."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from collector.store.schema import token


@dataclass(frozen=True, slots=True)
class Token:
    token_id: str
    secret_hash: bytes
    label: str
    created_at: datetime
    expires_at: datetime
    max_uses: int
    uses: int = 0
    revoked_at: datetime | None = None

    def state(self, now: datetime) -> str:
        """In one or two words, the reason that comes first."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at <= now:
            return "expired"
        return "used up" if self.uses >= self.max_uses else "good"


def add(connection: Connection, made: Token) -> None:
    connection.execute(insert(token).values(asdict(made)))


def by_hash(connection: Connection, secret_hash: bytes) -> Token | None:
    query = select(token).where(token.c.secret_hash == secret_hash)
    row = connection.execute(query).first()
    return None if row is None else Token(**row._mapping)


def use(connection: Connection, token_id: str, now: datetime) -> bool:
    """Count one use; False when the token is used up, expired, revoked or unknown."""
    usable = (
        token.c.token_id == token_id,
        token.c.uses < token.c.max_uses,
        token.c.expires_at > now,
        token.c.revoked_at.is_(None),
    )
    statement = update(token).where(*usable).values(uses=token.c.uses + 1)
    return connection.execute(statement).rowcount == 1


def list_all(connection: Connection) -> list[Token]:
    """Every token, newest first."""
    query = select(token).order_by(token.c.created_at.desc(), token.c.token_id)
    return [Token(**row._mapping) for row in connection.execute(query)]


def newest(connection: Connection, limit: int) -> list[Token]:
    query = select(token).order_by(token.c.created_at.desc(), token.c.token_id).limit(limit)
    return [Token(**row._mapping) for row in connection.execute(query)]


def get(connection: Connection, token_id: str) -> Token | None:
    row = connection.execute(select(token).where(token.c.token_id == token_id)).first()
    return None if row is None else Token(**row._mapping)


def revoke(connection: Connection, token_id: str, now: datetime) -> bool:
    """False when there is no such token or it was revoked before."""
    valid = (token.c.token_id == token_id, token.c.revoked_at.is_(None))
    return connection.execute(update(token).where(*valid).values(revoked_at=now)).rowcount == 1
