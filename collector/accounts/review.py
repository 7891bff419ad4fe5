"""Once a year an owner looks at every account and signs that it should be what it is.

Each account that can enter is confirmed with its role, or disabled; a role that changes afterwards
is to be confirmed again. What is signed is the list as it stands at that moment, by its SHA-256.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.accounts.people import ChangedMeanwhile, NotPossible
from collector.accounts.roles import Role
from collector.audit.entry import moment
from collector.store import Connection, accounts, authorisations
from collector.store.accounts import Account
from collector.store.authorisations import Confirmed, Review
from collector.translation import Text

EVERY = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Line:
    """An account that can enter; `confirmed` is None while nobody has said that it may."""

    account: Account
    confirmed: Confirmed | None


@dataclass(frozen=True, slots=True)
class Standing:
    lines: tuple[Line, ...]
    last: Review | None
    due_at: datetime | None

    @property
    def open(self) -> int:
        return sum(line.confirmed is None for line in self.lines)

    @property
    def content(self) -> str:
        """The list as it is signed: canonical JSON."""
        rows = [
            {
                "username": line.account.username,
                "role": line.account.role,
                "confirmed_by": line.confirmed.confirmed_by,
                "confirmed_at": moment(line.confirmed.confirmed_at),
            }
            for line in self.lines
            if line.confirmed
        ]
        return json.dumps(rows, separators=(",", ":"), sort_keys=True)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content.encode()).hexdigest()


def standing(c: Connection) -> Standing:
    """How far the review is. The first is due a year after the first account was made."""
    every = accounts.list_all(c)
    said = authorisations.confirmed(c)
    active = (account for account in every if account.disabled_at is None)
    lines = tuple(Line(account, _of(said, account)) for account in active)
    last = authorisations.last(c)
    begins = [last.signed_at] if last else [account.created_at for account in every]
    return Standing(lines, last, min(begins) + EVERY if begins else None)


def confirm(c: Connection, username: str, role: str, by: str, now: datetime) -> None:
    """That this account should have this role. Raises NotPossible, ChangedMeanwhile."""
    account = accounts.get(c, username)
    if account is None or account.disabled_at is not None or account.role != role:
        raise ChangedMeanwhile(
            Text(
                "Somebody has changed %(username)s meanwhile. Look at what it is now, and decide "
                "again.",
                username=username,
            )
        )
    if username == by and accounts.others_with_role(c, Role.OWNER, by):
        raise NotPossible(Text("Another owner confirms your account."))
    authorisations.confirm(c, Confirmed(username, role, now, by))


def sign(c: Connection, digest: str, by: str, now: datetime) -> Review:
    """Keep the list that has this digest as reviewed. Raises NotPossible, ChangedMeanwhile."""
    stands = standing(c)
    if stands.open:
        raise NotPossible(
            Text("Confirm or disable those left first: %(count)s.", count=stands.open)
        )
    if stands.digest != digest:
        raise ChangedMeanwhile(Text("The list has changed meanwhile. Look at it again, then sign."))
    review = Review(f"{moment(now)}-{digest[:16]}", now, by, digest, stands.content)
    authorisations.sign(c, review)
    return review


def _of(said: dict[str, Confirmed], account: Account) -> Confirmed | None:
    confirmed = said.get(account.username)
    return confirmed if confirmed and confirmed.role == account.role else None
