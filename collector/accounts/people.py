"""Who may enter, changed: never the last owner, never over somebody else's change, at once.

Every function runs inside one transaction of the store and either does all of it or raises
NotPossible. Whoever loses something loses the sessions, tokens and links with it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from collector.accounts import invitations
from collector.accounts.invitations import USERNAME, NoSuchAccount
from collector.accounts.roles import Permission, Role, may
from collector.store import (
    Connection,
    accounts,
    authorisations,
    personal_tokens,
    sessions,
)
from collector.store import invitations as links
from collector.store.accounts import Account
from collector.translation import Text

LONGEST_REASON = 200


class NotPossible(Exception):
    """It was not done; str() says why and what to do."""


class ChangedMeanwhile(NotPossible):
    """The account is not any more as it was when the person decided."""


@dataclass(frozen=True, slots=True)
class Order:
    """Which account is to change, and who asks: `by` is an account, empty at the command line.

    `seen` is the `version` of the account that the person looked at; None: whatever it is now.
    """

    username: str
    now: datetime
    by: str = ""
    seen: str | None = None


def version(account: Account) -> str:
    """Changes whenever what one person decides about another's account does."""
    words = (account.role, account.disabled_at, account.disabled_because, account.enabled_at)
    return hashlib.sha256(repr(words).encode()).hexdigest()[:16]


def add(c: Connection, order: Order, role: Role) -> str:
    """Make the account; the token of the link by which its person enters first."""
    _require_entitled(c, order)
    if not USERNAME.fullmatch(order.username):
        raise NotPossible(
            Text(
                "A username is 1 to 64 small letters, digits and . _ @ + - and begins with a "
                "letter or a digit."
            )
        )
    if not accounts.add(c, Account(order.username, "", order.now, role)):
        raise NotPossible(
            Text("There is an account %(username)s already.", username=order.username)
        )
    return invitations.invite(c, order.username, order.now)


def change_role(c: Connection, order: Order, role: Role) -> None:
    account = _account(c, order)
    if account.role == role:
        return
    if account.role == Role.OWNER:
        _require_another_owner(c, account)
    accounts.set_role(c, order.username, role)
    take_access(c, order.username)


def disable(c: Connection, order: Order, because: str) -> None:
    account = _account(c, order)
    reason = because.strip()
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise NotPossible(
            Text(
                "Say why, in up to %(longest_reason)s characters on one line.",
                longest_reason=LONGEST_REASON,
            )
        )
    _require_another_owner(c, account)
    if not accounts.disable(c, order.username, order.now, reason):
        raise NotPossible(Text("%(username)s is disabled already.", username=order.username))
    take_access(c, order.username)


def enable(c: Connection, order: Order) -> None:
    """With the password and the factors it had; those who lost them need a new link."""
    _account(c, order)
    if not accounts.enable(c, order.username, order.now):
        raise NotPossible(Text("%(username)s is not disabled.", username=order.username))


def let_in_anew(c: Connection, order: Order, *, factors_too: bool) -> str:
    """The token of a link for who lost the password, and the factors too if asked."""
    account = _account(c, order)
    if account.disabled_at is not None:
        raise NotPossible(
            Text("%(username)s is disabled: enable the account first.", username=order.username)
        )
    return invitations.let_in_anew(c, order.username, order.now, factors_too=factors_too)


def take_access(c: Connection, username: str) -> None:
    """What lets the person in at this moment, or would: all of it ends."""
    sessions.end_all(c, username)
    personal_tokens.remove_all(c, username)
    links.withdraw(c, username)
    authorisations.withdraw(c, username)


def is_last_owner(c: Connection, account: Account) -> bool:
    """Whether nobody else could enter who may look after accounts."""
    if account.role != Role.OWNER or account.disabled_at is not None:
        return False
    return accounts.others_with_role(c, Role.OWNER, account.username) == 0


def _account(c: Connection, order: Order) -> Account:
    """The account, if it is still as it was seen and this person may change it."""
    _require_entitled(c, order)
    account = accounts.get(c, order.username)
    if account is None:
        raise NoSuchAccount(Text("there is no account %(username)s", username=order.username))
    if order.by == order.username:
        raise NotPossible(Text("Another owner changes your account: nobody changes their own."))
    if order.seen is not None and order.seen != version(account):
        raise ChangedMeanwhile(
            Text(
                "Somebody has changed %(username)s meanwhile, and nothing was done. Look at what "
                "it is now, and decide again.",
                username=order.username,
            )
        )
    return account


def _require_entitled(c: Connection, order: Order) -> None:
    """Whoever was an owner when the page was made may have lost it since."""
    if not order.by:
        return
    asking = accounts.get(c, order.by)
    entitled = asking is not None and may(Role(asking.role), Permission.MANAGE_ACCOUNTS)
    if asking is None or asking.disabled_at is not None or not entitled:
        raise NotPossible(Text("You may not change accounts any more."))


def _require_another_owner(c: Connection, account: Account) -> None:
    if is_last_owner(c, account):
        raise NotPossible(
            Text(
                "%(username)s is the last owner who can enter: make somebody else an owner first.",
                username=account.username,
            )
        )
