"""screen_lock on Linux: for every graphical session, whether its screen locks by itself, and when.

The sessions that run come first. Where nobody is logged in, or a recording holds no sessions, what
is stored for the people of the machine is judged instead, marked as not from a session.
"""

from dataclasses import dataclass, field

from agent import virtualization
from agent.checks.screen_lock import desktops, live, logind, stored
from agent.checks.screen_lock.lock import Lock, unclear
from agent.checks.screen_lock.person import people, person_of
from agent.checks.screen_lock.programs import Programs
from agent.checks.screen_lock.sessions import Session, read_sessions
from agent.host import CannotTell, Host, NoData, NotApplicableHere, NotRecorded, NoUserSession
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import ScreenLock, UserScreenLock

LARGEST = (1 << 32) - 1
MOST_USERS = 40


@dataclass(frozen=True, slots=True)
class Judged:
    """One person's lock. `in_session` is None when the sessions were not seen."""

    user: str
    desktop: str
    in_session: bool | None
    lock: Lock


@dataclass(slots=True)
class _Answers:
    found: list[Judged] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)


def observe(host: Host) -> Seen:
    """Everybody's screen lock. Raises CannotTell, NotApplicableHere."""
    kind = virtualization.container(host)
    if kind:
        raise NotApplicableHere(f"runs in a container ({kind}); it has no screen")
    answers = _Answers()
    try:
        sessions = read_sessions(host)
    except NotRecorded as trouble:
        answers.asked.append(("loginctl list-sessions", f"no answer: {trouble}"))
        _stored(host, answers, desktops.installed(host), in_session=None)
        return _seen(answers)
    answers.asked.append(("loginctl list-sessions", _shown(sessions)))
    _sessions(host, answers, sessions)
    if not answers.found:
        installed = desktops.installed(host)
        if installed == ():
            raise NotApplicableHere("no graphical session, no desktop")
        _stored(host, answers, installed, in_session=False)
    return _seen(answers)


def _shown(sessions: tuple[Session, ...]) -> str:
    said = sorted({f"{one.user}: {one.type or 'type unknown'}" for one in sessions})
    return ", ".join(said) or "nobody is logged in"


def _sessions(host: Host, answers: _Answers, sessions: tuple[Session, ...]) -> None:
    """A session of another type counts when its user runs a compositor in it."""
    graphical = {one.user for one in sessions if one.graphical}
    others = [one for one in sessions if one.user not in graphical]
    try:
        programs = Programs(host)
    except CannotTell as trouble:
        for one in sessions:
            if one.graphical or (one.user not in graphical and one.at_the_machine):
                lock = unclear("processes", trouble)
                answers.found.append(Judged(one.user, desktops.from_words(one.desktop), True, lock))
        return
    shown = [one for one in sessions if one.graphical]
    shown += [one for one in others if _shows(programs, one)]
    for one in shown:
        elsewhere = tuple(o.id for o in shown if o.user == one.user and o.id != one.id)
        answers.found.append(_session(host, programs, one, elsewhere))


def _shows(programs: Programs, session: Session) -> bool:
    """sway or startx from a text login: logind may keep the type "tty"."""
    _, found = desktops.shells(programs, session.user)
    if not found:
        return False
    owner = programs.session(found[0])
    return owner == session.id or (not owner and session.at_the_machine)


def _session(
    host: Host, programs: Programs, session: Session, elsewhere: tuple[str, ...]
) -> Judged:
    desktop, shells = desktops.shells(programs, session.user, elsewhere)
    try:
        environment = programs.environment(shells)
        words = environment.get("XDG_CURRENT_DESKTOP", "") or session.desktop
        if desktop in ("", "X11"):
            desktop = desktops.from_words(words) or desktop
        person = person_of(host, session.user, session.uid, environment)
    except CannotTell as trouble:
        return Judged(session.user, desktop, True, unclear("session", trouble))
    lock = live.judge(host, programs, live.Place(session, person, desktop, elsewhere))
    lock = logind.left_open(host, lock)
    return Judged(session.user, desktop, True, lock)


def _stored(
    host: Host, answers: _Answers, installed: tuple[str, ...] | None, *, in_session: bool | None
) -> None:
    known = people(host)
    for person in known:
        if in_session is None and (desktop := _shown_to(host, person.user)):
            trouble = NotRecorded(f"{person.user} uses {desktop}, and no session was recorded")
            answers.found.append(Judged(person.user, desktop, None, unclear("sessions", trouble)))
            continue
        for desktop, lock in stored.judge(host, person, installed):
            answers.found.append(Judged(person.user, desktop, in_session, lock))
    if not known:
        raise NoUserSession("nobody is logged in, and no account of a person is on this device")


def _shown_to(host: Host, user: str) -> str:
    """The desktop that runs for a user, whatever is known of sessions; "" when none is seen."""
    try:
        return desktops.shells(Programs(host), user)[0]
    except CannotTell:
        return ""


def _seen(answers: _Answers) -> Seen:
    """Raises the first person's trouble when nothing can be said of anybody."""
    distinct = {
        (one.user, one.desktop, one.lock.locks, one.lock.said): one for one in answers.found
    }
    found = sorted(distinct.values(), key=lambda one: (one.user, one.desktop, one.lock.said))
    told = [one for one in found if one.lock.locks is not None]
    if not told:
        trouble = next(one.lock.trouble for one in found if one.lock.trouble is not None)
        raise type(trouble)(f"{found[0].user}: {trouble}")
    seen = Seen(ScreenLock())
    for source, said in answers.asked:
        seen.because(source, said)
    for one in found[:MOST_USERS]:
        _fill(seen, one)
    if len(found) > MOST_USERS:
        seen.missing("users", NoData(f"only {MOST_USERS} of {len(found)} people are listed"))
    return seen


def _fill(seen: Seen, one: Judged) -> None:
    assert isinstance(seen.value, ScreenLock)
    user = seen.value.users.add(user=one.user, source=one.lock.source)
    if one.in_session is not None:
        user.in_session = one.in_session
    if one.desktop:
        user.desktop = one.desktop
    seen.because(f"{one.lock.source} of {one.user}", one.lock.said)
    if one.lock.locks is None:
        trouble = one.lock.trouble or NoData("what locks the screen cannot be told")
        seen.missing(f"users[{one.user}].locks", trouble)
        return
    user.locks = one.lock.locks
    _numbers(user, one.lock)


def _numbers(user: UserScreenLock, lock: Lock) -> None:
    if lock.idle_seconds is not None:
        user.idle_seconds = min(lock.idle_seconds, LARGEST)
    if lock.delay_seconds is not None:
        user.lock_delay_seconds = min(lock.delay_seconds, LARGEST)
    if lock.enforced is not None:
        user.enforced = lock.enforced
