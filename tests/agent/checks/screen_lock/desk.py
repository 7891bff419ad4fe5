"""Machines for the tests of the screen lock: people, sessions, programs and desktops."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.checks.screen_lock import linux
from agent.host import CannotTell, Process
from agent.observation import observe
from protos.posture.v1.signals_pb2 import Observation, UserScreenLock
from tests.fakes import FakeHost

PASSWD = """\
root:x:0:0:root:/root:/bin/bash
gdm:x:120:125::/var/lib/gdm3:/bin/false
alice:x:1000:1000:Alice:/home/alice:/bin/bash
backup:x:1500:1500::/home/backup:/usr/sbin/nologin
"""
SCHEMAS = "/usr/share/glib-2.0/schemas"
IDLE = "/org/gnome/desktop/session/idle-delay"
ENABLED = "/org/gnome/desktop/screensaver/lock-enabled"
DELAY = "/org/gnome/desktop/screensaver/lock-delay"
FORBIDDEN = "/org/gnome/desktop/lockdown/disable-lock-screen"
CONFIG = "/home/alice/.config"
USER_DB = f"{CONFIG}/dconf/user"
PROFILE = {"/etc/dconf/profile/user": "user-db:user\nsystem-db:local\n"}
INIT = Process(1, "systemd", "root", "/usr/lib/systemd/systemd", ("/sbin/init",))
GDM = Process(700, "gdm3", "root", "/usr/sbin/gdm3", ("/usr/sbin/gdm3",))

Files = Mapping[str, bytes | str | CannotTell]


def schema(name: str, **keys: str) -> dict[str, str]:
    rows = "".join(
        f'<key name="{key.replace("_", "-")}" type="x"><default>{default}</default></key>'
        for key, default in keys.items()
    )
    text = f'<schemalist><schema id="{name}" path="/x/">{rows}</schema></schemalist>'
    return {f"{SCHEMAS}/{name}.gschema.xml": text}


def gnome_schemas(idle: str = "300") -> dict[str, str]:
    return {
        **schema("org.gnome.desktop.session", idle_delay=idle),
        **schema("org.gnome.desktop.screensaver", lock_enabled="true", lock_delay="0"),
        **schema("org.gnome.desktop.lockdown", disable_lock_screen="false"),
    }


@dataclass(frozen=True)
class Login:
    """One session as loginctl shows it."""

    id: str = "2"
    user: str = "alice"
    uid: int = 1000
    type: str = "wayland"
    kind: str = "user"
    state: str = "active"
    service: str = "gdm-password"
    seat: str = "seat0"
    tty: str = "tty2"

    def row(self) -> dict[str, object]:
        return {"session": self.id, "uid": self.uid, "user": self.user, "seat": self.seat or None}

    def shown(self) -> str:
        return (
            f"Id={self.id}\nUser={self.uid}\nName={self.user}\nType={self.type}\n"
            f"Class={self.kind}\nState={self.state}\nService={self.service}\n"
            f"Seat={self.seat}\nTTY={self.tty}\n"
        )


def commands(*logins: Login) -> dict[str, str]:
    found = {"loginctl list-sessions --json=short": json.dumps([one.row() for one in logins])}
    for one in logins:
        found[f"loginctl show-session {one.id} --no-pager"] = one.shown()
    return found


def programs(*names: str, user: str = "alice") -> tuple[Process, ...]:
    """Each name with its arguments, apart by blanks."""
    found = []
    for pid, line in enumerate(names, 1000):
        words = tuple(line.split())
        found.append(Process(pid, words[0][:15], user, f"/usr/bin/{words[0]}", words))
    return tuple(found)


def live(
    *running: str,
    files: Files | None = None,
    logins: Sequence[Login] = (Login(),),
    system: tuple[Process, ...] = (INIT, GDM),
    environment: Mapping[str, str] | None = None,
) -> FakeHost:
    """Alice is logged in and her session runs these programs."""
    mine = programs(*running)
    return FakeHost(
        commands=commands(*logins),
        files={"/etc/passwd": PASSWD, **(files or {})},
        running=(*system, *mine),
        environments={one.pid: environment or {} for one in mine},
    )


def away(files: Files | None = None, *, session_files: Sequence[str] = ()) -> FakeHost:
    """Nobody is logged in."""
    folder = "/usr/share/wayland-sessions"
    return FakeHost(
        commands=commands(),
        files={
            "/etc/passwd": PASSWD,
            **{f"{folder}/{name}.desktop": "" for name in session_files},
            **(files or {}),
        },
        running=(INIT, GDM),
    )


def seen(host: object) -> Observation:
    return observe("screen_lock", linux.observe, host)  # type: ignore[arg-type]


def alice(host: object) -> UserScreenLock:
    """Alice's lock; an empty one when nothing could be said."""
    users = [user for user in seen(host).screen_lock.users if user.user == "alice"]
    return users[0] if users else UserScreenLock()


def words(user: UserScreenLock) -> str:
    """ "yes 300+5", "no" or "unknown"."""
    if not user.HasField("locks"):
        return "unknown"
    return f"yes {user.idle_seconds}+{user.lock_delay_seconds}" if user.locks else "no"
