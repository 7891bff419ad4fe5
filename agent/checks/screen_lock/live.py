"""Judges the lock of a session that runs, by the locker that runs in it.

Never from a default alone: when the program that would lock does not run, nothing locks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.checks.screen_lock import gnome, hypridle, kde, swayidle, xfce, xlockers
from agent.checks.screen_lock.desktops import COMPOSITORS
from agent.checks.screen_lock.lock import Lock, decisive, unclear
from agent.checks.screen_lock.person import Person
from agent.checks.screen_lock.programs import Programs, arguments
from agent.checks.screen_lock.sessions import Session
from agent.host import CannotTell, Host, NoData, Process

Judge = Callable[[Host, Person, Sequence[str]], Lock]

OBEYS = NoData("systemd-lock-handler starts units of the person's own when a lock is asked for")

DAEMONS: dict[str, Judge] = {
    "swayidle": swayidle.from_running,
    "hypridle": hypridle.from_config,
    "xss-lock": xlockers.from_xss_lock,
    "xautolock": xlockers.from_xautolock,
    "xidlehook": xlockers.from_xidlehook,
    "xscreensaver": xlockers.from_xscreensaver,
    "light-locker": xlockers.from_light_locker,
    "mate-screensaver": lambda host, person, _: gnome.from_dconf(host, person, gnome.MATE),
    "cinnamon-screensaver": lambda host, person, _: gnome.from_dconf(host, person, gnome.CINNAMON),
    "systemd-lock-handler": lambda _, __, ___: unclear("systemd-lock-handler", OBEYS),
    "budgie-screensaver": lambda host, person, _: gnome.from_dconf(host, person, gnome.GNOME),
    "gnome-screensaver": lambda host, person, _: gnome.from_dconf(host, person, gnome.GNOME),
}
"""Programs that lock, or have something else lock, and what says when."""

NEEDS_ARGUMENTS = ("swayidle", "hypridle", "xss-lock", "xautolock", "xidlehook")
NEEDS_DAEMON = (*COMPOSITORS, "XFCE", "MATE", "LXQt", "LXDE")
POWER = "lxqt-powermanagement"
MAY_LOCK = ("quickshell", "qs", "dms", "ags", "stasis", "wayidle", "cosmic-idle", POWER)
"""Shells and daemons that can lock by settings of their own, which nobody can read for all."""

GDM = ("gdm", "gdm3", "gdm-session-worker", "gdm-wayland-session", "gdm-x-session")


@dataclass(frozen=True, slots=True)
class Place:
    """One session, its person, and the ids of that person's other sessions."""

    session: Session
    person: Person
    desktop: str
    elsewhere: tuple[str, ...] = ()


def judge(host: Host, programs: Programs, place: Place) -> Lock:
    """What locks this session, and when."""
    person, desktop = place.person, place.desktop
    answers = [
        _asked(host, person, name, process)
        for name in DAEMONS
        for process in programs.of(person.user, name, place.elsewhere)
    ]
    if desktop == "GNOME":
        answers.append(_gnome(host, programs, place))
    elif desktop == "KDE":
        answers.append(_kde(host, programs, person))
    if programs.of(person.user, "xfce4-screensaver", place.elsewhere):
        power = bool(programs.of(person.user, "xfce4-power-manager", place.elsewhere))
        answers.append(xfce.from_xfconf(host, person, power_manager=power))
    if answers:
        return decisive(answers)
    if desktop in NEEDS_DAEMON and programs.whole and not _may_lock(programs, place):
        said = "no idle daemon or screen locker that we know runs in the session"
        return Lock("processes", said, False, enforced=False)
    words = f"what locks {desktop or 'an unknown desktop'} was not seen to run for {person.user}"
    return unclear("processes", NoData(words))


def _asked(host: Host, person: Person, name: str, process: Process) -> Lock:
    try:
        known = name in NEEDS_ARGUMENTS or process.arguments is not None
        return DAEMONS[name](host, person, arguments(process) if known else ())
    except CannotTell as trouble:
        return unclear(name, trouble)


def _may_lock(programs: Programs, place: Place) -> bool:
    return any(programs.of(place.person.user, name, place.elsewhere) for name in MAY_LOCK)


def gdm(programs: Programs, session: Session | None = None) -> bool | None:
    """Whether GDM runs, which GNOME needs to lock; None when it cannot be told."""
    if session is not None and session.service.startswith("gdm"):
        return True
    if programs.anywhere(*GDM):
        return True
    return False if programs.whole else None


def _gnome(host: Host, programs: Programs, place: Place) -> Lock:
    person, under_gdm = place.person, gdm(programs, place.session)
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
    lockers = ("kwin_wayland", "ksmserver")
    if not any(programs.of(person.user, name) for name in lockers):
        words = f"neither kwin_wayland nor ksmserver was seen to run for {person.user}"
        return unclear("kscreenlocker", NoData(words))
    return kde.from_kscreenlockerrc(host, person)
