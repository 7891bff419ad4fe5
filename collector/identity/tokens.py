"""An enrollment token is known to those it was handed to and to nobody else: we keep its hash."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from collector.store import tokens
from collector.store.tokens import Token

LIFE = timedelta(hours=24)
LONGEST_LIFE = timedelta(days=365)
MOST_USES = 100_000
MOST_CHARACTERS = 256


class TokenError(ValueError):
    """A token cannot be made like that; str() says which setting is out of bounds."""


class TokenRefused(Exception):
    """The token does not admit a device; str() says why, for the person who enrolls it."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """`secret` is shown once and kept nowhere."""

    token_id: str
    secret: str
    expires_at: datetime
    max_uses: int


def create(
    c: Connection, now: datetime, label: str = "", *, life: timedelta = LIFE, max_uses: int = 1
) -> NewToken:
    if not timedelta(minutes=1) <= life <= LONGEST_LIFE:
        raise TokenError("an enrollment token lives between a minute and a year")
    if not 1 <= max_uses <= MOST_USES:
        raise TokenError(f"an enrollment token can be used 1 to {MOST_USES} times")
    secret = secrets.token_urlsafe(32)
    token_id = secrets.token_hex(6)
    expires_at = now + life
    tokens.add(
        c,
        Token(
            token_id=token_id,
            secret_hash=_hash(secret),
            label=label,
            created_at=now,
            expires_at=expires_at,
            max_uses=max_uses,
        ),
    )
    return NewToken(token_id, secret, expires_at, max_uses)


def find(c: Connection, secret: str, now: datetime) -> Token:
    """The token, if it could be used now. Raises TokenRefused."""
    token = _known(c, secret)
    if token.revoked_at is not None or token.expires_at <= now or token.uses >= token.max_uses:
        raise _refusal(token, now)
    return token


def use(c: Connection, secret: str, now: datetime) -> Token:
    """Take one use of the token, or say why there is none: in one statement, so never twice."""
    token = _known(c, secret)
    if not tokens.use(c, token.token_id, now):
        raise _refusal(token, now)
    return token


def _known(c: Connection, secret: str) -> Token:
    token = tokens.by_hash(c, _hash(secret)) if 0 < len(secret) <= MOST_CHARACTERS else None
    if token is None:
        raise TokenRefused("this enrollment token is not known here: ask IT for a new one")
    return token


def _refusal(token: Token, now: datetime) -> TokenRefused:
    """Only who holds the secret comes this far, so the reason may be told."""
    if token.revoked_at is not None:
        return TokenRefused("this enrollment token was revoked: ask IT for a new one")
    if token.expires_at <= now:
        return TokenRefused(
            f"this enrollment token ended at {token.expires_at:%Y-%m-%d %H:%M} UTC: "
            "ask IT for a new one"
        )
    return TokenRefused("this enrollment token was used up: ask IT for a new one")


def _hash(secret: str) -> bytes:
    """SHA-256 is enough: the secret has 256 random bits, there is nothing to guess from."""
    return hashlib.sha256(secret.encode()).digest()
