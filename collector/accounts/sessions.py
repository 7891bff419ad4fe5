"""A session is a random token in one browser; what is stored cannot be used to log in.

256 random bits, of which the collector keeps the SHA-256. A session ends after some time without
use (a quarter of an hour for roles that can lock a person's screen, an hour for the others), after
twelve hours in any case, and at once when the account is disabled.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.accounts import renewal
from collector.accounts.roles import Permission, Role, may
from collector.store import Connection, accounts
from collector.store import sessions as stored

IDLE = timedelta(minutes=60)
IDLE_WHERE_MUCH_IS_ALLOWED = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=12)
HALF = timedelta(minutes=10)
# The end moves at most this often, so that looking at pages is not a write each.
MOVE_EVERY = timedelta(minutes=5)
LONGEST_TOKEN = 64
LONGEST_BROWSER = 200
FRESH = timedelta(minutes=5)
"""So long after a second factor the person is taken to be still the one before the screen."""


@dataclass(frozen=True, slots=True)
class Session:
    """`factor_at`: when a second factor was last shown; None: only the password was right.

    `password_at`: when the password was chosen; None: the account has none. `language`: what the
    account reads; empty: it did not say.
    """

    token_hash: bytes
    username: str
    role: Role
    created_at: datetime
    expires_at: datetime
    factor_at: datetime | None
    address: str = ""
    browser: str = ""
    password_at: datetime | None = None
    language: str = ""

    def is_fresh(self, now: datetime) -> bool:
        """Whether the second factor was shown just now."""
        return self.factor_at is not None and timedelta(0) <= now - self.factor_at <= FRESH

    def password_is_due(self, now: datetime, days_by_role: Mapping[str, int]) -> bool:
        """Whether a new password must be chosen before anything else."""
        return renewal.is_due(self.role, self.password_at, now, days_by_role)

    def end_to_move(self, now: datetime) -> datetime | None:
        """The later end that using the session now gives it; None: not worth a write."""
        if self.factor_at is None:
            return None
        later = min(now + idle(self.role), self.created_at + ABSOLUTE)
        return later if later - self.expires_at >= MOVE_EVERY else None


def idle(role: Role) -> timedelta:
    return IDLE_WHERE_MUCH_IS_ALLOWED if may(role, Permission.LOCK_SCREEN) else IDLE


def new_token() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody comes from: the socket's address, and what the browser calls itself."""

    address: str = ""
    browser: str = ""


def begin(
    c: Connection,
    account: accounts.Account,
    now: datetime,
    visitor: Visitor = Visitor(),
    factor_at: datetime | None = None,
) -> str:
    """The new session's token: this is the only time that it is seen."""
    token = new_token()
    # A half session lasts as long as it takes to find the phone.
    lasts = idle(Role(account.role)) if factor_at else HALF
    browser = "".join(letter for letter in visitor.browser if letter.isprintable())
    stored.add(
        c,
        stored.Session(
            hash_of(token),
            account.username,
            now,
            now + lasts,
            visitor.address[:LONGEST_TOKEN],
            browser[:LONGEST_BROWSER],
            factor_at,
        ),
    )
    return token


def find(c: Connection, token: str, now: datetime) -> Session | None:
    """The session that the token opens, unless it has ended or its account was disabled."""
    if not token or len(token) > LONGEST_TOKEN:
        return None
    row = stored.get(c, hash_of(token), now)
    if row is None or now >= row.created_at + ABSOLUTE:
        return None
    account = accounts.get(c, row.username)
    if account is None or account.disabled_at is not None:
        return None
    return Session(
        row.token_hash,
        row.username,
        Role(account.role),
        row.created_at,
        row.expires_at,
        row.factor_at,
        row.address,
        row.browser,
        password_at(account),
        account.language,
    )


def password_at(account: accounts.Account) -> datetime | None:
    """When the password was chosen; None: the account has none."""
    return (account.password_changed_at or account.created_at) if account.password_hash else None


def extend(c: Connection, token: str, expires_at: datetime) -> None:
    stored.extend(c, hash_of(token), expires_at)


def end(c: Connection, token: str) -> None:
    stored.end(c, hash_of(token))


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
