"""Machines for the screen lock: one person a desktop, all of them logged in."""

from dataclasses import dataclass, field

from agent.checks.screen_lock import xfce
from agent.host import CannotTell, Denied, Process
from tests.agent.checks.screen_lock.desk import (
    GDM,
    IDLE,
    INIT,
    Login,
    commands,
    gnome_schemas,
)
from tests.agent.checks.screen_lock.gvdb_writer import database
from tests.agent.checks.screen_lock.test_gnome import cinnamon_schemas, mate_schemas
from tests.agent.checks.screen_lock.test_idle_daemons import listener
from tests.agent.checks.screen_lock.test_xfce import channel
from tests.fakes import FakeHost

DCONF, KDE = "dconf/user", "kscreenlockerrc"
HYPR = "hypr/hypridle.conf"
SAVER = "/org/cinnamon/desktop/screensaver"
NO = Denied("permission denied")


@dataclass(frozen=True)
class Desk:
    """One person's session: its programs with their arguments, and files below ~/.config."""

    programs: tuple[tuple[str, ...], ...]
    files: dict[str, bytes | str | CannotTell] = field(default_factory=dict)
    type: str = "wayland"


def desk(*programs: str, config: dict[str, bytes | str | CannotTell] | None = None) -> Desk:
    return Desk(tuple(tuple(line.split()) for line in programs), config or {})


def idle(shell: str, *daemon: str, type_: str = "wayland") -> Desk:
    return Desk(((shell,), daemon) if daemon else ((shell,),), {}, type_)


def hyprland(command: str) -> Desk:
    return desk("Hyprland", "hypridle", config={HYPR: listener("300", command)})


GOOD = {
    "gnome": desk("gnome-shell", config={DCONF: database({IDLE: 120})}),
    "kde": desk("kwin_wayland", config={KDE: "[Daemon]\nTimeout=5\n"}),
    "xfce": desk("xfce4-session", "xfce4-screensaver"),
    "cinnamon": desk("cinnamon", "cinnamon-screensaver"),
    "mate": desk("mate-session", "mate-screensaver"),
    "sway": idle("sway", "swayidle", "timeout", "300", "swaylock -f"),
    "hyprland": hyprland("hyprlock"),
    "i3": idle("i3", "xautolock", "-time", "10", "-locker", "i3lock", type_="x11"),
}
BAD = {
    "gnome": desk("gnome-shell", config={DCONF: database({IDLE: 0})}),
    "kde": desk("kwin_wayland", config={KDE: "[Daemon]\nAutolock=false\n"}),
    "xfce": desk(
        "xfce4-session",
        "xfce4-screensaver",
        config={xfce.CHANNEL: channel({"lock/enabled": "false"})},
    ),
    "cinnamon": desk(
        "cinnamon",
        "cinnamon-screensaver",
        config={DCONF: database({f"{SAVER}/idle-activation-enabled": False})},
    ),
    "mate": desk("mate-session"),
    "sway": idle("sway", "swayidle", "before-sleep", "swaylock -f"),
    "hyprland": desk("Hyprland", config={HYPR: listener("300", "hyprlock")}),
    "i3": idle("i3", type_="x11"),
}
BLIND = {
    "gnome": desk("gnome-shell", config={DCONF: database({IDLE: "never"})}),
    "kde": desk("kwin_wayland", config={KDE: NO}),
    "xfce": desk("xfce4-session", "xfce4-screensaver", config={xfce.CHANNEL: NO}),
    "cinnamon": desk("cinnamon"),
    "mate": desk("mate-session", "mate-screensaver", config={DCONF: NO}),
    "sway": idle("sway", "swayidle", "timeout", "300", "~/bin/lock"),
    "hyprland": hyprland("~/bin/lock"),
    "i3": idle("i3", "xss-lock", "--", "i3lock", type_="x11"),
}


def host(desks: dict[str, Desk]) -> FakeHost:
    logins, running, environments = [], [INIT, GDM], {}
    passwd = "root:x:0:0::/root:/bin/bash\n"
    files: dict[str, bytes | str | CannotTell] = {
        **gnome_schemas(),
        **cinnamon_schemas(),
        **mate_schemas(),
    }
    for number, (user, one) in enumerate(desks.items()):
        uid = 1000 + number
        passwd += f"{user}:x:{uid}:{uid}::/home/{user}:/bin/bash\n"
        logins.append(Login(id=str(number + 2), user=user, uid=uid, type=one.type))
        for place, words in enumerate(one.programs):
            pid = uid * 10 + place
            running.append(Process(pid, words[0][:15], user, f"/usr/bin/{words[0]}", words))
            environments[pid] = {"XDG_SESSION_ID": str(number + 2)}
        files |= {f"/home/{user}/.config/{name}": text for name, text in one.files.items()}
    files["/etc/passwd"] = passwd
    return FakeHost(commands(*logins), files, running=tuple(running), environments=environments)
