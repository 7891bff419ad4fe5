"""A personal access token does what its role and its owner may do, and no more, until a day.

256 random bits behind a prefix that secret scanners know; what is kept is their SHA-256. It ends
with its day, with its owner's password or factors, and when the account is disabled or removed.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.accounts import renewal
from collector.accounts.roles import ROLES, Permission, Role
from collector.accounts.sessions import password_at
from collector.store import Connection, accounts, personal_tokens
from collector.store.accounts import Account
from collector.store.personal_tokens import PersonalToken
from collector.translation import Text

PREFIX = "muster_pat_"
FORM = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
LONGEST_LIFE = timedelta(days=365)
LONGEST_LABEL = 100
MOST_OF_ONE_PERSON = 20
NOTE_EVERY = timedelta(minutes=1)
"""The last use is noted at most this often, so that reading is not a write each."""


class NotMade(ValueError):
    """Such a token cannot be made; str() says why and what to do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants a token for. `ends_at` at the latest a year from now."""

    label: str
    role: Role
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Made:
    """`secret` is shown once and kept nowhere."""

    token_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who comes with a token: the account, and what token and role allow together.

    `owner` is the account's role, and `password_at` when its password was chosen.
    """

    username: str
    token_id: str
    role: Role
    holds: frozenset[Permission]
    ends_at: datetime
    last_used_at: datetime | None = None
    owner: Role = Role.VIEWER
    password_at: datetime | None = None

    @property
    def name(self) -> str:
        """As the audit log names the actor."""
        return f"{self.username}/{self.token_id}"

    def password_is_due(self, now: datetime, days_by_role: Mapping[str, int]) -> bool:
        """Whether the owner must choose a new password before anything else, tokens included."""
        return renewal.is_due(self.owner, self.password_at, now, days_by_role)

    def is_noted(self, now: datetime) -> bool:
        """Whether the last use was noted just now, so that this one need not be."""
        return self.last_used_at is not None and now - self.last_used_at < NOTE_EVERY


def roles_for(role: Role) -> tuple[Role, ...]:
    """Which roles somebody of this role may give to a token: the own one and those before it.

    >>> [str(role) for role in roles_for(Role.ADMIN)]
    ['viewer', 'helpdesk', 'admin']
    """
    ordered = tuple(Role)
    return ordered[: ordered.index(role) + 1]


def holds(of_token: Role, of_owner: Role) -> frozenset[Permission]:
    """What both allow: a role that lost a permission takes it from its tokens at once."""
    return ROLES[of_token] & ROLES[of_owner]


def make(c: Connection, username: str, wish: Wish, now: datetime) -> Made:
    """Raises NotMade."""
    account = accounts.get(c, username)
    if account is None or account.disabled_at is not None:
        raise NotMade(Text("this account cannot have tokens"))
    if not account.password_hash:
        raise NotMade(
            Text(
                "this account has no password here, and tokens end with it: ask an owner for a "
                "link to choose one"
            )
        )
    _require(wish, Role(account.role), now)
    kept = personal_tokens.of_person(c, username)
    for token in kept:
        if token.expires_at <= now:
            personal_tokens.remove(c, username, token.token_id)
    if sum(token.expires_at > now for token in kept) >= MOST_OF_ONE_PERSON:
        raise NotMade(
            Text("there are %(most)s tokens already: remove one first", most=MOST_OF_ONE_PERSON)
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    token_id = secrets.token_hex(6)
    personal_tokens.add(
        c,
        PersonalToken(
            token_id, username, wish.label, hash_of(secret), wish.role.value, now, wish.ends_at
        ),
    )
    return Made(token_id, secret)


def _require(wish: Wish, role: Role, now: datetime) -> None:
    if wish.role not in roles_for(role):
        allowed = ", ".join(roles_for(role))
        raise NotMade(
            Text(
                "role: a token never holds more than its owner: choose %(allowed)s", allowed=allowed
            )
        )
    if not now < wish.ends_at <= now + LONGEST_LIFE:
        raise NotMade(Text("ends_at: choose a moment within the next 365 days"))
    if not 1 <= len(wish.label) <= LONGEST_LABEL or not wish.label.isprintable():
        raise NotMade(
            Text(
                "label: say what it is for in 1 to %(most)s printable characters",
                most=LONGEST_LABEL,
            )
        )


def bearer(c: Connection, secret: str, now: datetime) -> Bearer | None:
    """Whose token it is, while it opens anything."""
    if not FORM.fullmatch(secret):
        return None
    token = personal_tokens.by_hash(c, hash_of(secret), now)
    account = accounts.get(c, token.username) if token else None
    if token is None or account is None or not _opens(token, account):
        return None
    role = Role(token.role)
    owner = Role(account.role)
    return Bearer(
        account.username,
        token.token_id,
        role,
        holds(role, owner),
        token.expires_at,
        token.last_used_at,
        owner,
        password_at(account),
    )


def _opens(token: PersonalToken, account: Account) -> bool:
    """Not of a disabled account, nor older than its password, whoever forgot to remove it."""
    if account.disabled_at is not None or not account.password_hash:
        return False
    changed_at = account.password_changed_at
    return changed_at is None or token.created_at >= changed_at


def note_use(c: Connection, token_id: str, now: datetime) -> None:
    personal_tokens.used(c, token_id, now, now - NOTE_EVERY)


def hash_of(secret: str) -> bytes:
    """SHA-256 is enough: there are 256 random bits, there is nothing to guess from."""
    return hashlib.sha256(b"muster personal token\0" + secret.encode()).digest()
