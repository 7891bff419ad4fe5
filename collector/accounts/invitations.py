"""The way in for the first time, and after everything was lost: a link that works once.

There is no default password and none that the collector knows: the person chooses it behind the
link. 256 random bits, of which the collector keeps the SHA-256; a day, or until the next link.
"""

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from collector.accounts.roles import Role
from collector.store import (
    Connection,
    accounts,
    factors,
    invitations,
    linked_identities,
    personal_tokens,
    sessions,
)
from collector.store.accounts import Account
from collector.store.invitations import Invitation
from collector.translation import Text

LASTS = timedelta(hours=24)
FIRST = "admin"
USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
LONGEST_TOKEN = 64


class NoSuchAccount(Exception):
    """There is no account of that name; str() says so."""


def first_owner(c: Connection, now: datetime) -> str | None:
    """The token of a new link for the first account; None once it has a password.

    As long as nobody has used the link, every start gives another one.
    """
    account = accounts.get(c, FIRST)
    if account is None and accounts.list_all(c):
        return None  # somebody has removed the first account: there are others
    if account is not None and account.password_hash:
        return None
    accounts.add(c, Account(FIRST, "", now, Role.OWNER))
    return invite(c, FIRST, now)


def invite(c: Connection, username: str, now: datetime) -> str:
    """The token of a new link for this account; earlier ones open nothing any more."""
    token = secrets.token_urlsafe(32)
    invitations.add(c, Invitation(hash_of(token), username, now, now + LASTS))
    return token


def let_in_anew(c: Connection, username: str, now: datetime, *, factors_too: bool) -> str:
    """After a loss: sessions, tokens and password end; a link's token.

    With the factors, if asked, the identity of single sign-on is taken away too: whoever had the
    account to themselves for an hour may have connected their own.

    Raises NoSuchAccount.
    """
    if accounts.get(c, username) is None:
        raise NoSuchAccount(Text("there is no account %(username)s", username=username))
    accounts.set_password(c, username, "", now)
    sessions.end_all(c, username)
    personal_tokens.remove_all(c, username)
    if factors_too:
        accounts.set_totp(c, username, None)
        factors.remove_all(c, username)
        linked_identities.remove_all(c, username)
    return invite(c, username, now)


def invited(c: Connection, token: str, now: datetime) -> str | None:
    """Whose link it is, while it can be used and the account is not disabled."""
    found = invitations.get(c, hash_of(token), now) if len(token) <= LONGEST_TOKEN else None
    account = accounts.get(c, found.username) if found else None
    return account.username if account and account.disabled_at is None else None


def accept(c: Connection, token: str, password_hash: str, now: datetime) -> Account | None:
    """Use the link: the account has this password now. None when it can no longer be used."""
    username = invited(c, token, now)
    if username is None or invitations.use(c, hash_of(token), now) is None:
        return None
    accounts.set_password(c, username, password_hash, now)
    sessions.end_all(c, username)
    return accounts.get(c, username)


def hash_of(token: str) -> bytes:
    return hashlib.sha256(b"muster invitation\0" + token.encode()).digest()
