"""screen_lock on Windows: for everybody who is logged on, the soonest of what may lock the screen.

Machine rules hold for all; a screen saver is a person's own, and so is the delay after sleep. What
is stored for people who are not logged on lies in hives that are not loaded, and is not looked at.
Where nobody is logged on, the machine rules are reported for "everybody"; a person's own saver may
still lock sooner.
"""

from collections.abc import Sequence

from agent.checks.screen_lock import screen_saver, windows_policies, windows_sleep
from agent.checks.screen_lock.lock import Lock, decisive
from agent.host import CannotTell, Host, NoData, NoUserSession
from agent.observation import Seen
from agent.windows.people import LoggedOn, logged_on
from agent.windows.values import number_in
from protos.posture.v1.signals_pb2 import ScreenLock

DESKTOP = "windows"
EVERYBODY = "everybody"
LARGEST = (1 << 32) - 1
MOST_USERS = 40
Rules = tuple[tuple[Lock, ...], Lock]
"""The machine's own, and its sleep: what that locks depends on the person as well."""


def observe(host: Host) -> Seen:
    """Raises CannotTell when nothing can be said of anybody."""
    seen = Seen(ScreenLock())
    machine = windows_policies.of_machine(host)
    sleep = windows_sleep.of_machine(host)
    for lock in (*machine, sleep):
        seen.because(lock.source, lock.said)
    _automatic_logon(host, seen)
    try:
        people = logged_on(host)
        nobody: CannotTell = NoUserSession("nobody is logged on, and no rule of the machine locks")
    except CannotTell as trouble:
        people, nobody = (), trouble
    if people:
        _each(host, seen, people, (machine, sleep))
    else:
        _everybody(host, seen, machine, nobody)
    return seen


def _each(host: Host, seen: Seen, people: Sequence[LoggedOn], rules: Rules) -> None:
    """Raises the first person's trouble when nothing can be said of anybody."""
    answers = {person: _of_person(host, person, rules) for person in people}
    told = [all_of for all_of in answers.values() if decisive(all_of).locks is not None]
    if not told:
        person, all_of = next(iter(answers.items()))
        trouble = _trouble(all_of)
        raise type(trouble)(f"{person.name}: {trouble}")
    for person in people[:MOST_USERS]:
        _add(seen, person.name, answers[person])
    if len(people) > MOST_USERS:
        seen.missing("users", NoData(f"only {MOST_USERS} of {len(people)} people are listed"))


def _of_person(host: Host, person: LoggedOn, rules: Rules) -> tuple[Lock, ...]:
    disabled = windows_policies.disabled(host, person.sid)
    if disabled:
        return (disabled,)
    machine, sleep = rules
    own = windows_sleep.of_person(host, person.sid, sleep)
    return (screen_saver.lock_of(host, person.sid), *machine, own)


def _everybody(host: Host, seen: Seen, machine: tuple[Lock, ...], nobody: CannotTell) -> None:
    disabled = windows_policies.disabled(host)
    answers = (disabled,) if disabled else machine
    locks = decisive(answers).locks
    if locks is None and isinstance(nobody, NoUserSession):
        raise _trouble(answers)
    if locks is None or (locks is False and disabled is None):
        raise nobody
    _add(seen, EVERYBODY, answers)
    user = seen.value.users[0]  # type: ignore[attr-defined]
    user.ClearField("in_session")
    if user.locks:
        user.may_lock_sooner = True
    seen.because("people who are logged on", str(nobody))


def _add(seen: Seen, name: str, answers: Sequence[Lock]) -> None:
    lock = decisive(answers)
    assert isinstance(seen.value, ScreenLock)
    user = seen.value.users.add(
        user=name, desktop=DESKTOP, in_session=True, locks=lock.locks, source=lock.source
    )
    seen.because(f"{lock.source} of {name}", lock.said)
    if lock.locks is None:
        seen.missing(f"users[{name}].locks", _trouble(answers))
        return
    user.enforced = bool(lock.enforced)
    if lock.locks:
        user.idle_seconds = min(lock.idle_seconds or 0, LARGEST)
        user.lock_delay_seconds = min(lock.delay_seconds or 0, LARGEST)
        if any(one.locks is None or one.at_latest for one in answers):
            user.may_lock_sooner = True


def _trouble(answers: Sequence[Lock]) -> CannotTell:
    found = [one.trouble for one in answers if one.trouble is not None]
    return found[0] if found else NoData("what locks the screen cannot be told")


def _automatic_logon(host: Host, seen: Seen) -> None:
    """It opens a session after every start without anybody; a lock does not end that."""
    try:
        if number_in(host, screen_saver.WINLOGON, "AutoAdminLogon") == 1:
            seen.because("AutoAdminLogon", "somebody is logged on by itself after every start")
    except CannotTell:
        return
