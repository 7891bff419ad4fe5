"""An account that nobody uses is a door that nobody watches: after 45 days it is closed.

The page warns after 30. The last owner who can enter stays, used or not.
"""

from datetime import datetime, timedelta

from collector.accounts import people
from collector.accounts.people import NotPossible, Order
from collector.audit.entry import COLLECTOR, Action, Entry
from collector.audit.journal import Journal
from collector.audit.retention import leapt_at
from collector.store import Connection, Store, accounts, personal_tokens
from collector.store.accounts import Account
from collector.translation import marked

WARNED_AFTER = timedelta(days=30)
DISABLED_AFTER = timedelta(days=45)
BECAUSE = marked("not used for 45 days")


def last_used_at(c: Connection, account: Account) -> datetime:
    """The last login, or the last use of a token that is kept; before the first one, when the
    account was made. Enabling counts as use."""
    by_token = personal_tokens.last_used_at(c, account.username)
    moments = (account.created_at, account.last_login_at, account.enabled_at, by_token)
    return max(moment for moment in moments if moment is not None)


def disable_unused(store: Store, journal: Journal, now: datetime) -> tuple[str, ...]:
    """Who was disabled. Each is written down first; raises AuditUnavailable. Blocks.

    Nobody is while the clock may have been moved: everything looks old then.
    """
    if leapt_at(journal.folder, now) is not None:
        return ()
    due = store.read(lambda c: accounts.unused_since(c, now - DISABLED_AFTER))
    return tuple(username for username in due if _disabled(store, journal, username, now))


def _disabled(store: Store, journal: Journal, username: str, now: datetime) -> bool:
    held = store.read(lambda c: accounts.get(c, username))
    if held is None or store.read(lambda c: people.is_last_owner(c, held)):
        return False
    detail = {"because": BECAUSE}
    journal.append(
        Entry(Action.ACCOUNT_DISABLED, COLLECTOR, subject=f"account:{username}", detail=detail)
    )
    order = Order(username, now, seen=people.version(held))
    try:
        store.write(lambda c: people.disable(c, order, BECAUSE))
    except NotPossible:  # somebody was faster; the next round looks again
        return False
    return True
