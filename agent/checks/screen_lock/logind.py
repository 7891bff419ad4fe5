"""Whether logind asks for a lock when a session is idle: it only asks, and nobody may obey.

logind.conf(5): IdleAction=lock sends the Lock signal IdleActionSec (30 min) after every session
has said that it is idle. The desktop has to say so, and to lock: neither can be seen beforehand.
"""

import re

from agent.checks.screen_lock.lock import Lock, unclear
from agent.host import CannotTell, Host, NoData, read_text

NAME = "systemd/logind.conf"
FOLDERS = ("/usr/lib", "/usr/local/lib", "/run", "/etc")
SETTING = re.compile(r"^\s*IdleAction\s*=\s*(\S*)\s*$", re.MULTILINE)


def left_open(host: Host, lock: Lock) -> Lock:
    """The lock; where it is none, and logind asks for one, it cannot be told."""
    if lock.locks is not False or idle_action(host) != "lock":
        return lock
    words = (
        f"logind asks for a lock when idle, and whether it is obeyed cannot be seen; {lock.said}"
    )
    return unclear("logind", NoData(words))


def idle_action(host: Host) -> str:
    """The last of the files that counts; drop-ins after the main file, by name, /etc the last."""
    action = ""
    for path in (*_main(host), *_drop_ins(host)):
        try:
            said = SETTING.findall(read_text(host, path))
        except CannotTell:
            continue
        action = said[-1] if said else action
    return action


def _main(host: Host) -> list[str]:
    """Only the first that is there: /etc hides the others."""
    for folder in reversed(FOLDERS):
        path = f"{folder}/{NAME}"
        try:
            host.head(path, 1)
        except CannotTell:
            continue
        return [path]
    return []


def _drop_ins(host: Host) -> list[str]:
    """A file hides those of the same name in folders of less weight."""
    by_name: dict[str, str] = {}
    for folder in FOLDERS:
        try:
            names = host.list(f"{folder}/{NAME}.d")
        except CannotTell:
            continue
        by_name |= {name: f"{folder}/{NAME}.d/{name}" for name in names if name.endswith(".conf")}
    return [by_name[name] for name in sorted(by_name)]
