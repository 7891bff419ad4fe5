"""screen_lock on macOS: when the screen is idle, and how long after that it asks for a password.

Both parts are needed: an idle screen that asks for nothing is open. The person at the screen is
asked in their own session. With nobody there, only what a profile sets for the whole Mac counts.
"""

import re
from dataclasses import dataclass

from agent.checks.screen_lock import mac_idle, sysadminctl
from agent.checks.screen_lock.mac_idle import Idle
from agent.checks.screen_lock.sysadminctl import Grace
from agent.host import CannotTell, Host, NotRecorded, NoUserSession
from agent.macos import preferences
from agent.macos.console import Person, console_user
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import ScreenLock, UserScreenLock

DESKTOP = "macos"
SOMEBODY = Person(-1, "somebody", None)
"""Stands for a person whom a recording holds settings of and does not name."""

ACCOUNTS = ("dscl", ".", "-list", "/Users", "UniqueID")
FIRST_PERSON = 500
LOGIN_WINDOW = "com.apple.loginwindow"


@dataclass(frozen=True, slots=True)
class Parts:
    """What is known of one lock: each part, or the trouble with it."""

    grace: Grace | CannotTell
    idle: Idle | CannotTell

    @property
    def locks(self) -> bool | None:
        """None where an unknown part decides."""
        if isinstance(self.grace, Grace) and self.grace.seconds is None:
            return False
        if isinstance(self.idle, CannotTell) or self.idle.doubt is not None:
            return None
        if not self.idle.seconds:
            return False
        return True if isinstance(self.grace, Grace) else None

    @property
    def sooner(self) -> bool:
        """Whether something that was not seen, or that disagrees, may lock it sooner."""
        idle = isinstance(self.idle, Idle) and self.idle.unseen is not None
        return idle or (isinstance(self.grace, Grace) and self.grace.sooner)

    @property
    def trouble(self) -> CannotTell | None:
        if isinstance(self.grace, CannotTell):
            return self.grace
        return self.idle if isinstance(self.idle, CannotTell) else self.idle.doubt


def observe(host: Host) -> Seen:
    """Raises NoUserSession when nobody is logged in and no profile sets both parts; CannotTell."""
    seen = Seen(ScreenLock())
    try:
        person = console_user(host)
    except NoUserSession as nobody:
        return _managed_for_all(host, seen, nobody)
    except NotRecorded:
        person = SOMEBODY
    parts = Parts(_grace(host, person), _idle(host, person))
    if isinstance(parts.grace, CannotTell) and isinstance(parts.idle, CannotTell):
        raise parts.grace
    _add(seen, person, parts, in_session=None if person is SOMEBODY else True)
    _explain(seen, parts)
    _automatic_login(host, seen)
    return seen


def _grace(host: Host, person: Person | None) -> Grace | CannotTell:
    try:
        return sysadminctl.grace(host, person)
    except CannotTell as trouble:
        return trouble


def _idle(host: Host, person: Person | None) -> Idle | CannotTell:
    try:
        return mac_idle.idle(host, person)
    except CannotTell as trouble:
        return trouble


def _managed_for_all(host: Host, seen: Seen, nobody: NoUserSession) -> Seen:
    parts = Parts(_grace(host, None), _idle(host, None))
    if parts.trouble is not None:
        raise nobody
    try:
        people = parse_accounts(host.run(*ACCOUNTS).text)
    except CannotTell:
        raise nobody from None
    if not people:
        raise nobody
    for person in people:
        _add(seen, person, parts, in_session=False)
    _explain(seen, parts)
    return seen


def parse_accounts(text: str) -> list[Person]:
    """People's accounts: a name that is no service's, and a number from 500 on.

    >>> [person.name for person in parse_accounts("_www 70\\nalice 501\\nroot 0\\n")]
    ['alice']
    """
    found = re.findall(r"^([^\s_]\S*)\s+(\d+)\s*$", text, re.MULTILINE)
    people = [Person(int(uid), name, None) for name, uid in found if int(uid) >= FIRST_PERSON]
    return sorted(people, key=lambda person: person.uid)


def _add(seen: Seen, person: Person, parts: Parts, *, in_session: bool | None) -> None:
    assert isinstance(seen.value, ScreenLock)
    user = seen.value.users.add(user=person.name, desktop=DESKTOP)
    known = [part for part in (parts.grace, parts.idle) if not isinstance(part, CannotTell)]
    user.source = ", ".join(part.source for part in known)
    if in_session is not None:
        user.in_session = in_session
    if len(known) == 2:
        user.enforced = all(part.managed for part in known)
    if isinstance(parts.idle, Idle):
        user.idle_seconds = parts.idle.seconds
        if parts.idle.doubt is not None:
            seen.missing(f"users[{person.name}].idle_seconds", parts.idle.doubt)
    if isinstance(parts.grace, Grace) and parts.grace.seconds is not None:
        user.lock_delay_seconds = parts.grace.seconds
    _locks(seen, user, parts)


def _locks(seen: Seen, user: UserScreenLock, parts: Parts) -> None:
    if parts.locks is not None:
        user.locks = parts.locks
        if parts.locks and parts.sooner:
            user.may_lock_sooner = True
    elif parts.trouble is not None:
        seen.missing(f"users[{user.user}].locks", parts.trouble)


def _explain(seen: Seen, parts: Parts) -> None:
    for name, part in (("grace", parts.grace), ("idle", parts.idle)):
        if isinstance(part, CannotTell):
            seen.because(name, f"no answer: {part}")
        else:
            seen.because(part.source, part.said)


def _automatic_login(host: Host, seen: Seen) -> None:
    """Said and not judged: it opens the Mac at its start, not when it is left alone."""
    try:
        found = preferences.computer(host, LOGIN_WINDOW, "autoLoginUser")
    except CannotTell:
        return
    if found is not None:
        seen.because(LOGIN_WINDOW, "somebody is logged in automatically when the Mac starts")
