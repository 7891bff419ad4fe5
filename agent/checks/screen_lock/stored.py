"""Judges what is stored for a person who is not logged in: what would lock, were they to come.

Which desktop they would start decides what counts: the one they took last, the only one that is
installed, or those they have settings for.
"""

from collections.abc import Sequence

from agent.checks.screen_lock import gnome, hypridle, kde, swayidle, xfce, xlockers
from agent.checks.screen_lock.desktops import chosen
from agent.checks.screen_lock.live import gdm
from agent.checks.screen_lock.lock import Lock, unclear
from agent.checks.screen_lock.person import Person
from agent.checks.screen_lock.programs import Programs
from agent.host import CannotTell, Denied, FileMissing, Host, NotRecorded, NoUserSession, read_text

ByDesktop = list[tuple[str, Lock]]
GNOME_SCHEMA = "/usr/share/glib-2.0/schemas/org.gnome.desktop.screensaver.gschema.xml"
DCONF_DESKTOPS = {
    "GNOME": gnome.GNOME,
    "Budgie": gnome.GNOME,
    "Cinnamon": gnome.CINNAMON,
    "MATE": gnome.MATE,
}


def judge(host: Host, person: Person, installed: Sequence[str] | None) -> ByDesktop:
    """One answer a desktop that the person may start."""
    if _closed(host, person):
        trouble = NoUserSession(f"the home of {person.user} is encrypted and not mounted")
        return [("", unclear("home", trouble))]
    try:
        return [
            (desktop, _of(host, person, desktop)) for desktop in _desktops(host, person, installed)
        ]
    except CannotTell as trouble:
        return [("", unclear("home", trouble))]


def _closed(host: Host, person: Person) -> bool:
    """eCryptfs: what is seen without the person's key is an empty folder."""
    try:
        return person.user in host.list("/home/.ecryptfs")
    except CannotTell:
        return False


def _desktops(host: Host, person: Person, installed: Sequence[str] | None) -> list[str]:
    """Raises CannotTell when there is nothing to go by."""
    if taken := chosen(host, person):
        return [taken]
    if installed is not None and len(installed) == 1:
        return list(installed)
    kept = [desktop for desktop, path in _files(person).items() if _there(host, path)]
    if installed is not None:
        with_dconf = _there(host, f"{person.config}/dconf/user")
        more = [one for one in DCONF_DESKTOPS if one in installed and with_dconf]
        kept = [one for one in kept if one in installed] + more
    elif not kept and (_there(host, f"{person.config}/dconf/user") or _there(host, GNOME_SCHEMA)):
        kept = ["GNOME"]
    if not kept:
        raise NoUserSession(
            f"{person.user} is not logged in, and which desktop counts is not known"
        )
    return kept


def _files(person: Person) -> dict[str, str]:
    """The files in which only one desktop keeps its settings."""
    return {
        "KDE": kde.own_file(person),
        "XFCE": xfce.own_file(person),
        "Hyprland": f"{person.config}/hypr/hypridle.conf",
        "sway": f"{person.config}/swayidle/config",
        "X11": f"{person.home}/.xscreensaver",
    }


def _there(host: Host, path: str) -> bool:
    """Raises Denied: a file that may not be read may be there."""
    try:
        host.head(path, 1)
    except Denied:
        raise
    except CannotTell:
        return False
    return True


def _of(host: Host, person: Person, desktop: str) -> Lock:
    try:
        if desktop in DCONF_DESKTOPS:
            return _dconf(host, person, desktop)
        if desktop == "KDE":
            return kde.from_kscreenlockerrc(host, person)
        if desktop == "XFCE":
            return _xfce(host, person)
        if desktop == "Hyprland":
            return hypridle.from_config(host, person)
        if desktop == "sway":
            path = f"{person.config}/swayidle/config"
            events = swayidle.parse_events(swayidle.parse_config(read_text(host, path)))
            return swayidle.judged(events, path)
        if desktop == "X11":
            return xlockers.from_xscreensaver(host, person)
    except CannotTell as trouble:
        return unclear(desktop, trouble)
    words = f"{desktop} stores no lock, and {person.user} is not logged in"
    return unclear(desktop, NoUserSession(words))


def _dconf(host: Host, person: Person, desktop: str) -> Lock:
    """GNOME under another display manager has nothing to lock with."""
    try:
        programs = Programs(host)
    except CannotTell:
        programs = None
    if desktop == "GNOME" and programs is not None and gdm(programs) is False:
        words = "GDM does not run, and GNOME cannot lock without it"
        return unclear("gdm", NoUserSession(words))
    return gnome.from_dconf(host, person, DCONF_DESKTOPS[desktop])


def _xfce(host: Host, person: Person) -> Lock:
    """Without a file of the person's own, the defaults count where the program is installed."""
    if _there(host, xfce.own_file(person)):
        return xfce.from_xfconf(host, person)
    try:
        host.head("/etc/xdg/autostart/xfce4-screensaver.desktop", 1)
    except (FileMissing, NotRecorded):
        words = f"whether xfce4-screensaver would run for {person.user}"
        return unclear("xfconf", NoUserSession(words))
    return xfce.from_xfconf(host, person)
