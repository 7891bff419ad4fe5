"""Which desktop a session runs or a person would start, by the names of programs and of files.

Programs that run are the strongest evidence; a session's own word comes after it; the session
files below /usr/share say what is installed.
"""

import re
from collections.abc import Collection

from agent.checks.screen_lock.person import Person
from agent.checks.screen_lock.programs import Programs
from agent.host import CannotTell, FileMissing, Host, NoData, NotRecorded, Process, read_text

ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "GNOME": ("gnome-shell",),
    "LXQt": ("lxqt-session",),
    "LXDE": ("lxsession",),
    "KDE": ("kwin_wayland", "kwin_x11", "ksmserver", "plasmashell"),
    "Cinnamon": ("cinnamon", "cinnamon-session-binary"),
    "MATE": ("mate-session", "marco"),
    "Budgie": ("budgie-wm", "budgie-panel"),
    "XFCE": ("xfce4-session", "xfwm4", "xfdesktop"),
    "Pantheon": ("gala",),
    "COSMIC": ("cosmic-comp",),
}
COMPOSITORS: dict[str, tuple[str, ...]] = {
    "sway": ("sway",),
    "Hyprland": ("Hyprland",),
    "i3": ("i3",),
    "niri": ("niri",),
    "river": ("river",),
    "labwc": ("labwc",),
    "wayfire": ("wayfire",),
    "bspwm": ("bspwm",),
    "awesome": ("awesome",),
    "dwm": ("dwm",),
    "Openbox": ("openbox",),
}
"""Desktops that lock only when an idle daemon makes them: without one, nothing locks."""

SHELLS = {**ENVIRONMENTS, **COMPOSITORS, "X11": ("Xorg", "Xwayland", "Xvnc")}
"""The programs that show a session's screen; the first that runs names the desktop."""

GENERIC = ("lightdm-xsession.desktop", "xsession.desktop", "default.desktop")
"""Session files that stand for whatever else is there."""

WORDS: tuple[tuple[str, str], ...] = (
    ("cinnamon", "Cinnamon"),
    ("mate", "MATE"),
    ("budgie", "Budgie"),
    ("pantheon", "Pantheon"),
    ("unity", "Unity"),
    ("cosmic", "COSMIC"),
    ("plasma", "KDE"),
    ("kde", "KDE"),
    ("xfce", "XFCE"),
    ("xubuntu", "XFCE"),
    ("lxqt", "LXQt"),
    ("lubuntu", "LXQt"),
    ("hyprland", "Hyprland"),
    ("sway", "sway"),
    ("i3", "i3"),
    ("niri", "niri"),
    ("gnome", "GNOME"),
    ("ubuntu", "GNOME"),
    ("pop", "GNOME"),
)
SHARES = ("/usr/share", "/usr/local/share", "/run/current-system/sw/share")


def from_words(words: str) -> str:
    """The desktop that XDG_CURRENT_DESKTOP, logind or a session file's name speaks of; or "".

    >>> from_words("ubuntu:GNOME"), from_words("Budgie:GNOME"), from_words("plasmax11.desktop")
    ('GNOME', 'Budgie', 'KDE')
    """
    said = re.split(r"[^a-z0-9]+", words.lower())
    for start, desktop in WORDS:
        if any(word.startswith(start) for word in said):
            return desktop
    return ""


def shells(
    programs: Programs, user: str, elsewhere: Collection[str] = ()
) -> tuple[str, list[Process]]:
    """The desktop whose shell a user runs, and that shell; "" when none does.

    `elsewhere` are the user's other sessions, whose programs are left out.
    """
    for desktop, names in SHELLS.items():
        if found := [one for name in names for one in programs.of(user, name, elsewhere)]:
            return desktop, found
    return "", []


def installed(host: Host) -> tuple[str, ...] | None:
    """The desktops with a session file; None when that was not recorded. Raises CannotTell."""
    names: set[str] = set()
    unseen = 0
    folders = [f"{share}/{kind}" for share in SHARES for kind in ("xsessions", "wayland-sessions")]
    for folder in folders:
        try:
            names.update(name for name in host.list(folder) if name.endswith(".desktop"))
        except FileMissing:
            continue
        except NotRecorded:
            unseen += 1
    names -= set(GENERIC)
    if unseen and not names:
        return _without_graphics(host)
    if not names and _display_manager(host):
        raise NoData("a display manager is installed, and which desktops it starts is not known")
    return tuple(sorted({from_words(name) or name.removesuffix(".desktop") for name in names}))


def _display_manager(host: Host) -> bool:
    """NixOS hands its session files to the display manager alone."""
    try:
        host.link("/etc/systemd/system/display-manager.service")
    except CannotTell:
        return False
    return True


def _without_graphics(host: Host) -> tuple[str, ...] | None:
    """No desktop where the seat shows no pictures and no display manager is installed."""
    try:
        seat = host.run("loginctl", "show-seat", "seat0").text.split()
        units = host.run("systemctl", "list-unit-files", "--output=json").text
    except CannotTell:
        return None
    manager = re.search(r'"(display-manager|gdm3?|lightdm|sddm|greetd|lxdm)\.service"', units)
    return () if "CanGraphical=no" in seat and manager is None else None


def chosen(host: Host, person: Person) -> str:
    """The session a person took last, as AccountsService keeps it; "" when it is not known."""
    if "/" in person.user:
        return ""  # a name of a directory service must not lead to another file
    try:
        kept = read_text(host, f"/var/lib/AccountsService/users/{person.user}")
    except CannotTell:
        return ""
    found = re.findall(r"^(?:X?Session)=(\S+)$", kept, re.MULTILINE)
    return from_words(found[0]) if found else ""
