"""The second factor of every account: a code of an app, or of paper when the app is lost.

A function that takes a code uses it up in the transaction that lets the person in.
"""

from dataclasses import dataclass
from datetime import datetime

from collector.accounts import recovery, totp
from collector.accounts.sealing import Seal
from collector.accounts.sessions import Session, Visitor, begin
from collector.store import Connection, accounts, factors, sessions
from collector.store.accounts import Account


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The new session's token, and the recovery codes that are shown once."""

    token: str
    codes: tuple[str, ...]


def has_factor(c: Connection, account: Account) -> bool:
    return account.totp_sealed is not None or bool(factors.passkeys_of(c, account.username))


def enroll_app(
    c: Connection, seal: Seal, half: Session, secret: bytes, code: str, now: datetime
) -> Enrolled | None:
    """Take the app whose code this is as the account's factor. None: the code is wrong, or the
    account has a factor by now, or lets this session go no further.

    Other sessions of the person end, and this one goes on under a new token.
    """
    step = totp.accepted_step(secret, code, now, 0)
    account = accounts.get(c, half.username)
    if step is None or account is None or account.disabled_at is not None:
        return None
    if has_factor(c, account) or not sessions.end(c, half.token_hash):
        return None
    accounts.set_totp(c, half.username, seal.close(secret, half.username), step)
    codes = recovery.new_codes()
    factors.set_codes(c, half.username, [recovery.hash_of(code) for code in codes])
    sessions.end_all(c, half.username)
    return Enrolled(whole_session(c, account, visitor_of(half), now), codes)


def replace_app(
    c: Connection, seal: Seal, session: Session, secret: bytes, code: str, now: datetime
) -> bool:
    """Another app in place of the old one, from now on. False: the code is wrong.

    Every other session of the person ends.
    """
    step = totp.accepted_step(secret, code, now, 0)
    if step is None or sessions.get(c, session.token_hash, now) is None:
        return False
    accounts.set_totp(c, session.username, seal.close(secret, session.username), step)
    sessions.end_all(c, session.username, but=session.token_hash)
    return True


def replace_codes(c: Connection, session: Session, now: datetime) -> tuple[str, ...]:
    """New recovery codes; the old ones, and every other session, end. None of them when this
    session has ended meanwhile."""
    if sessions.get(c, session.token_hash, now) is None:
        return ()
    codes = recovery.new_codes()
    factors.set_codes(c, session.username, [recovery.hash_of(code) for code in codes])
    sessions.end_all(c, session.username, but=session.token_hash)
    return codes


def confirm_by_code(c: Connection, seal: Seal, session: Session, code: str, now: datetime) -> bool:
    """A code shown again, in a session that goes on: whether it was right."""
    if not takes_code(c, seal, session.username, code, now):
        return False
    sessions.factor_shown(c, session.token_hash, now)
    return True


def is_right(c: Connection, seal: Seal, username: str, code: str, now: datetime) -> bool:
    """Whether the code would be taken now; it stays unused."""
    account = accounts.get(c, username)
    if account is None or account.disabled_at is not None:
        return False
    if account.totp_sealed is not None:
        secret = seal.open(account.totp_sealed, account.username)
        if totp.accepted_step(secret, code, now, account.totp_step) is not None:
            return True
    return factors.has_code(c, account.username, recovery.hash_of(code))


def show_code(c: Connection, seal: Seal, half: Session, code: str, now: datetime) -> str | None:
    """The token of the whole session, when the code is right; the half one ends, once."""
    if sessions.get(c, half.token_hash, now) is None:
        return None
    account = accounts.get(c, half.username)
    if account is None or account.disabled_at is not None:
        return None
    if not _uses_up(c, seal, account, code, now):
        return None
    sessions.end(c, half.token_hash)
    return whole_session(c, account, visitor_of(half), now)


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


def whole_session(c: Connection, account: Account, visitor: Visitor, now: datetime) -> str:
    """The token of a session in which password and factor were right."""
    accounts.logged_in(c, account.username, now)
    return begin(c, account, now, visitor, factor_at=now)


def visitor_of(session: Session) -> Visitor:
    return Visitor(session.address, session.browser)
