"""The second factor of every account: a code of an app, or of paper when the app is lost.

A function that takes a code uses it up in the transaction that lets the person in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.accounts import recovery, totp
from collector.accounts.roles import Role, changes_something
from collector.accounts.sealing import Seal
from collector.accounts.sessions import Session, Visitor, begin
from collector.store import Connection, accounts, factors, sessions
from collector.store.accounts import Account

PASSWORD_LASTS = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The new session's token, and the recovery codes that are shown once."""

    token: str
    codes: tuple[str, ...]


def has_factor(c: Connection, account: Account) -> bool:
    return account.totp_sealed is not None or bool(factors.passkeys_of(c, account.username))


def password_is_due(account: Account, now: datetime, lasts: timedelta = PASSWORD_LASTS) -> bool:
    """Whether a new password must be chosen: only for roles that change something."""
    changed_at = account.password_changed_at or account.created_at
    return changes_something(Role(account.role)) and now >= changed_at + lasts


def enroll_app(
    c: Connection, seal: Seal, half: Session, secret: bytes, code: str, now: datetime
) -> Enrolled | None:
    """Take the app whose code this is as the account's factor. None: the code is wrong.

    Other sessions of the person end, and this one goes on under a new token.
    """
    step = totp.accepted_step(secret, code, now, 0)
    account = accounts.get(c, half.username)
    if step is None or account is None:
        return None
    accounts.set_totp(c, half.username, seal.close(secret, half.username), step)
    codes = recovery.new_codes()
    factors.set_codes(c, half.username, [recovery.hash_of(code) for code in codes])
    sessions.end_all(c, half.username)
    return Enrolled(_whole_session(c, account, half, now), codes)


def show_code(c: Connection, seal: Seal, half: Session, code: str, now: datetime) -> str | None:
    """The token of the whole session, when the code is right; the half one ends."""
    account = accounts.get(c, half.username)
    if account is None or account.disabled_at is not None:
        return None
    if not _uses_up(c, seal, account, code, now):
        return None
    sessions.end(c, half.token_hash)
    return _whole_session(c, account, half, now)


def takes_code(c: Connection, seal: Seal, username: str, code: str, now: datetime) -> bool:
    """Whether the code is right, for one thing that is to be done now; it is used up."""
    account = accounts.get(c, username)
    return account is not None and _uses_up(c, seal, account, code, now)


def _uses_up(c: Connection, seal: Seal, account: Account, code: str, now: datetime) -> bool:
    if account.totp_sealed is not None:
        secret = seal.open(account.totp_sealed, account.username)
        step = totp.accepted_step(secret, code, now, account.totp_step)
        if step is not None:
            return accounts.take_totp_step(c, account.username, step)
    return factors.use_code(c, account.username, recovery.hash_of(code))


def _whole_session(c: Connection, account: Account, half: Session, now: datetime) -> str:
    accounts.logged_in(c, account.username, now)
    return begin(c, account, now, Visitor(half.address, half.browser), factor_at=now)
