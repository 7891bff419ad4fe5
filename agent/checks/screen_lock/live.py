"""Judges the lock of a session that runs, by the locker that runs in it.

Never from a default alone: when the program that would lock does not run, nothing locks.
"""

from collections.abc import Callable, Sequence

from agent.checks.screen_lock import gnome, hypridle, kde, swayidle, xfce, xlockers
from agent.checks.screen_lock.desktops import WITHOUT_STORE
from agent.checks.screen_lock.lock import Lock, decisive, unclear
from agent.checks.screen_lock.person import Person
from agent.checks.screen_lock.programs import Programs, arguments
from agent.checks.screen_lock.sessions import Session
from agent.host import CannotTell, Host, NoData, Process

Judge = Callable[[Host, Person, Sequence[str]], Lock]

DAEMONS: dict[str, Judge] = {
    "swayidle": swayidle.from_running,
    "hypridle": hypridle.from_config,
    "xss-lock": xlockers.from_xss_lock,
    "xautolock": xlockers.from_xautolock,
    "xidlehook": xlockers.from_xidlehook,
    "xscreensaver": xlockers.from_xscreensaver,
    "light-locker": xlockers.from_light_locker,
    "xfce4-screensaver": lambda host, person, _: xfce.from_xfconf(host, person),
    "mate-screensaver": lambda host, person, _: gnome.from_dconf(host, person, gnome.MATE),
    "cinnamon-screensaver": lambda host, person, _: gnome.from_dconf(host, person, gnome.CINNAMON),
    "budgie-screensaver": lambda host, person, _: gnome.from_dconf(host, person, gnome.GNOME),
    "gnome-screensaver": lambda host, person, _: gnome.from_dconf(host, person, gnome.GNOME),
}
"""Programs that lock, or have something else lock, and what says when."""

NEEDS_DAEMON = WITHOUT_STORE | {"XFCE", "MATE", "LXQt"}
GDM = ("gdm", "gdm3", "gdm-session-worker", "gdm-wayland-session", "gdm-x-session")


def judge(host: Host, programs: Programs, person: Person, session: Session, desktop: str) -> Lock:
    """What locks this session, and when."""
    answers = [
        _asked(host, person, judge_one, process)
        for name, judge_one in DAEMONS.items()
        for process in programs.in_session(person.user, session.id, name)[:1]
    ]
    if desktop == "GNOME":
        answers.append(_gnome(host, programs, person, session))
    elif desktop == "KDE":
        answers.append(_kde(host, programs, person))
    if answers:
        return decisive(answers)
    if desktop in NEEDS_DAEMON and programs.whole:
        said = "no idle daemon or screen locker that we know runs in the session"
        return Lock("processes", said, False, enforced=False)
    words = f"what locks {desktop or 'an unknown desktop'} was not seen to run for {person.user}"
    return unclear("processes", NoData(words))


def _asked(host: Host, person: Person, judge_one: Judge, process: Process) -> Lock:
    try:
        return judge_one(host, person, arguments(process))
    except CannotTell as trouble:
        return unclear(process.name, trouble)


def gdm(programs: Programs, session: Session | None = None) -> bool | None:
    """Whether GDM holds the session, which GNOME needs to lock; None when it cannot be told."""
    if session is not None and session.service:
        if session.service.startswith("gdm"):
            return True
        return programs.anywhere(*GDM)
    if programs.anywhere(*GDM):
        return True
    return False if programs.whole else None


def _gnome(host: Host, programs: Programs, person: Person, session: Session) -> Lock:
    under_gdm = gdm(programs, session)
    if under_gdm is None:
        return unclear("gdm", NoData("whether GDM runs, without which GNOME cannot lock"))
    if not under_gdm:
        said = "GDM does not run, and GNOME cannot lock without it"
        return Lock("gdm", said, False, enforced=False)
    if not programs.of(person.user, "gnome-shell"):
        return unclear("gnome-shell", NoData(f"gnome-shell was not seen to run for {person.user}"))
    return gnome.from_dconf(host, person, gnome.GNOME)


def _kde(host: Host, programs: Programs, person: Person) -> Lock:
    """kscreenlocker lives in kwin_wayland, and on X11 in ksmserver."""
    if not programs.of(person.user, "kwin_wayland", "ksmserver"):
        words = f"neither kwin_wayland nor ksmserver was seen to run for {person.user}"
        return unclear("kscreenlocker", NoData(words))
    return kde.from_kscreenlockerrc(host, person)
