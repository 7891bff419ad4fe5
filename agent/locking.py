"""Locks the screen by one fixed means a system, and says "done" only when it was seen to be.

Linux: `loginctl lock-sessions` asks every session to lock (loginctl(1)); a desktop that has done so
says it in the session's LockedHint (org.freedesktop.login1(5)). macOS: `pmset displaysleepnow`
(pmset(1)) puts the display to sleep, which locks where the password is asked for at once.
Windows: `tsdiscon console` (Microsoft's reference of commands) leaves the console's session at the
sign-in screen; editions without the program cannot.
"""

from collections.abc import Callable

from agent.checks.screen_lock.sessions import parse_properties, read_sessions
from agent.checks.screen_lock.sysadminctl import grace
from agent.exchange.orders import Done
from agent.host import CannotTell, Host, NoUserSession, ToolMissing
from agent.macos.console import console_user
from protos.posture.v1 import posture_service_pb2 as wire

LOOKS = 8
LOOK_SECONDS = 0.5
"""A desktop draws its lock screen first and says so after it."""

Look = Callable[[], Host]
"""A new host each time: one keeps the answers that it has given."""


def lock(look: Look, sleep: Callable[[float], None]) -> Done:
    """Never raises CannotTell: what stood in the way is said."""
    try:
        host = look()
        if host.os == "linux":
            return _linux(look, sleep)
        return _macos(host) if host.os == "macos" else _windows(host)
    except (ToolMissing, NoUserSession) as trouble:
        return Done(wire.COMMAND_OUTCOME_NOT_POSSIBLE, str(trouble))
    except CannotTell as trouble:
        return Done(wire.COMMAND_OUTCOME_FAILED, str(trouble))


def _linux(look: Look, sleep: Callable[[float], None]) -> Done:
    host = look()
    screens = [session for session in read_sessions(host) if session.graphical]
    if not screens:
        raise NoUserSession("nobody is logged in at a graphical session")
    host.run("loginctl", "lock-sessions")
    open_ones: list[str] = []
    for _ in range(LOOKS):
        sleep(LOOK_SECONDS)
        seen = look()
        open_ones = [one.user for one in screens if not _is_locked(seen, one.id)]
        if not open_ones:
            return Done(wire.COMMAND_OUTCOME_DONE, "every session says that it is locked")
    names = ", ".join(sorted(set(open_ones)))
    return Done(
        wire.COMMAND_OUTCOME_FAILED,
        f"the sessions were asked to lock, and that of {names} does not say that it is locked",
    )


def _is_locked(host: Host, session: str) -> bool:
    said = host.run("loginctl", "show-session", session, "--property=LockedHint").text
    return parse_properties(said).get("LOCKEDHINT") == "yes"


def _macos(host: Host) -> Done:
    person = console_user(host)
    asked = grace(host, person)
    host.run("pmset", "displaysleepnow")
    if asked.seconds == 0:
        return Done(
            wire.COMMAND_OUTCOME_DONE, "the display sleeps, and the password is asked for at once"
        )
    return Done(wire.COMMAND_OUTCOME_FAILED, f"the display sleeps, but {asked.said}")


def _windows(host: Host) -> Done:
    host.run("tsdiscon", "console")
    return Done(wire.COMMAND_OUTCOME_DONE, "the console shows the sign-in screen")
