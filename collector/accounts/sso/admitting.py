"""Which account somebody is whom the provider knows, and with what role; never by a name alone.

An identity is issuer and subject. What is to happen is planned by reading, written down, and done
only if it is still what would be planned.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from collector.accounts import people
from collector.accounts.invitations import FIRST, USERNAME
from collector.accounts.roles import Role
from collector.accounts.sessions import FRESH
from collector.accounts.sso.refusals import Reason, Refused
from collector.accounts.sso.settings import BelievedFactor, File
from collector.store import Connection, accounts, linked_identities, sessions
from collector.store.accounts import Account
from collector.store.linked_identities import LinkedIdentity

JUST_IN_TIME = "first login"


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified person at the provider. `factor_at`: when the provider saw a second factor that
    the operator believes; None: it is for us to ask for one."""

    issuer: str
    subject: str
    claims: Mapping[str, Any]
    factor_at: datetime | None


@dataclass(frozen=True, slots=True)
class Admission:
    """What lets this person in. `had`: the role before; None: the account is made now."""

    username: str
    role: Role
    had: Role | None


def identity(claims: Mapping[str, Any], said: File, now: datetime) -> Identity:
    """`claims` of an ID token that was verified."""
    return Identity(
        str(claims["iss"]), str(claims["sub"]), claims, _factor_at(claims, said.second_factor, now)
    )


def admission(c: Connection, who: Identity, said: File) -> Admission:
    """Changes nothing. Raises Refused."""
    role = role_of(who.claims, said)
    linked = linked_identities.get(c, who.issuer, who.subject)
    if linked is None:
        return Admission(_new_name(c, who, said), role, None)
    account = accounts.get(c, linked.username)
    if account is None or account.disabled_at is not None:
        raise Refused(Reason.DISABLED)
    had = Role(account.role)
    is_last = had is Role.OWNER and not accounts.others_with_role(c, had, account.username)
    if is_last and role is not Role.OWNER:
        raise Refused(Reason.LAST_OWNER)
    return Admission(account.username, role, had)


def admit(c: Connection, who: Identity, said: File, planned: Admission, now: datetime) -> Account:
    """Do what was planned; the account as it is now. Raises Refused."""
    if admission(c, who, said) != planned:
        raise Refused(Reason.CHANGED)
    if planned.had is None:
        accounts.add(c, Account(planned.username, "", now, planned.role))
        link = LinkedIdentity(who.issuer, who.subject, planned.username, now, JUST_IN_TIME)
        linked_identities.add(c, link)
    elif planned.had is not planned.role:
        people.take_access(c, planned.username)  # as when an owner changes the role
        accounts.set_role(c, planned.username, planned.role)
    account = accounts.get(c, planned.username)
    if account is None:
        raise Refused(Reason.CHANGED)
    return account


def may_link(c: Connection, who: Identity, username: str) -> None:
    """Raises Refused when this person or this account is connected already."""
    taken = linked_identities.get(c, who.issuer, who.subject)
    others = linked_identities.of_person(c, username)
    if taken is not None or any(each.issuer == who.issuer for each in others):
        raise Refused(Reason.LINKED)


def link(c: Connection, who: Identity, username: str, now: datetime, session: bytes) -> None:
    """Connect the two; every session of the account but this one ends. Raises Refused."""
    held = sessions.get(c, session, now)
    account = accounts.get(c, username)
    if held is None or held.username != username or held.factor_at is None:
        raise Refused(Reason.SESSION)
    if account is None or account.disabled_at is not None:
        raise Refused(Reason.DISABLED)
    may_link(c, who, username)
    linked_identities.add(c, LinkedIdentity(who.issuer, who.subject, username, now, username))
    sessions.end_all(c, username, but=session)


def role_of(claims: Mapping[str, Any], said: File) -> Role:
    """The role of the first value in the map that the claim holds. Raises Refused."""
    path = (said.role.claim,) if isinstance(said.role.claim, str) else said.role.claim
    held: object = claims
    for name in path:
        held = held.get(name) if isinstance(held, Mapping) else None
    values = held if isinstance(held, list) else [held]
    for value, role in said.role.of.items():
        if value in values:
            return role
    raise Refused(Reason.ROLE)


def _new_name(c: Connection, who: Identity, said: File) -> str:
    """The name of the account that is made now; never one that somebody has."""
    told = who.claims.get(said.username_claim)
    name = told.lower() if isinstance(told, str) else ""
    if name and accounts.get(c, name) is not None:
        raise Refused(Reason.TAKEN)
    if not said.create_accounts:
        raise Refused(Reason.UNKNOWN)
    unverified = said.username_claim == "email" and who.claims.get("email_verified") is not True
    if unverified or name == FIRST or not USERNAME.fullmatch(name):
        raise Refused(Reason.NAME)
    return name


def _factor_at(
    claims: Mapping[str, Any], believed: BelievedFactor, now: datetime
) -> datetime | None:
    methods = claims.get("amr")
    by_method = isinstance(methods, list) and any(each in methods for each in believed.amr)
    if not by_method and claims.get("acr") not in believed.acr:
        return None
    shown = claims.get("auth_time")
    if not isinstance(shown, int) or isinstance(shown, bool) or shown <= 0:
        return now - 2 * FRESH  # shown once, who knows when: what is grave asks again
    return datetime.fromtimestamp(shown, UTC) if shown < now.timestamp() else now
