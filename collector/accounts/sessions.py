"""A session is a random token in one browser; what is stored cannot be used to log in.

256 random bits, of which the collector keeps the SHA-256. A session ends after an hour without
use and after twelve hours in any case.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.store import Connection, accounts

IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)
# The end moves at most this often, so that looking at pages is not a write each.
MOVE_EVERY = timedelta(minutes=5)
LONGEST_TOKEN = 64


@dataclass(frozen=True, slots=True)
class Session:
    username: str
    created_at: datetime
    expires_at: datetime

    def end_to_move(self, now: datetime) -> datetime | None:
        """The later end that using the session now gives it; None: not worth a write."""
        later = min(now + IDLE, self.created_at + ABSOLUTE)
        return later if later - self.expires_at >= MOVE_EVERY else None


def new_token() -> str:
    return secrets.token_urlsafe(32)


def begin(c: Connection, username: str, now: datetime) -> str:
    """The new session's token: this is the only time that it is seen."""
    token = new_token()
    accounts.add_session(c, _hash(token), username, now, now + IDLE)
    return token


def find(c: Connection, token: str, now: datetime) -> Session | None:
    """The session that the token opens, unless it has ended."""
    if not token or len(token) > LONGEST_TOKEN:
        return None
    row = accounts.session(c, _hash(token), now)
    if row is None or now >= row.created_at + ABSOLUTE:
        return None
    return Session(row.username, row.created_at, row.expires_at)


def extend(c: Connection, token: str, expires_at: datetime) -> None:
    accounts.extend_session(c, _hash(token), expires_at)


def end(c: Connection, token: str) -> None:
    accounts.end_session(c, _hash(token))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
