"""There is never a default password: the first administrator's is made at random, shown once."""

from datetime import datetime

from collector.accounts.passwords import Passwords, generate
from collector.store import Connection, accounts, sessions
from collector.store.accounts import Account

USERNAME = "admin"


def first_administrator(c: Connection, now: datetime) -> str | None:
    """The generated password of the new account `admin`; None when it exists already."""
    if accounts.get(c, USERNAME) is not None:
        return None
    return _give_password(c, now)


def reset_password(c: Connection, now: datetime) -> str:
    """A new generated password for `admin`; every session ends. Creates the account if needed."""
    password = _give_password(c, now)
    sessions.end_all(c, USERNAME)
    return password


def _give_password(c: Connection, now: datetime) -> str:
    password = generate()
    password_hash = Passwords().hash(password)
    if not accounts.add(c, Account(USERNAME, password_hash, now, password_changed_at=now)):
        accounts.set_password(c, USERNAME, password_hash, now)
    return password
