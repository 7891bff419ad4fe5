"""Who sits at the screen: the owner of /dev/console, and nobody at the login window.

``id -P`` prints the account as passwd(5) has it, so no name goes into a command line.
"""

import re
from dataclasses import dataclass

from agent.host import CannotTell, Host, NoUserSession, Unparsable

OWNER = ("stat", "-f%u", "/dev/console")
NOBODY = ("root", "_mbsetupuser", "loginwindow")
"""The console belongs to root at the login window, to _mbsetupuser in Setup Assistant."""


@dataclass(frozen=True, slots=True)
class Person:
    """The person whose session has the screen. `home` is None where it could not be asked."""

    uid: int
    name: str
    home: str | None


def console_user(host: Host) -> Person:
    """Raises NoUserSession when nobody is logged in at the screen, else as `Host.run`."""
    owner = host.run(*OWNER).text.strip()
    if owner in NOBODY:
        raise NoUserSession("nobody is logged in at the screen")
    if not re.fullmatch(r"[0-9]{1,10}", owner):
        raise Unparsable(f"{' '.join(OWNER)} printed no user id")
    uid = int(owner)
    name, home = _account(host, uid) if uid else ("root", None)
    if name in NOBODY:
        raise NoUserSession("nobody is logged in at the screen")
    return Person(uid, name, home)


def _account(host: Host, uid: int) -> tuple[str, str | None]:
    """Name and home; the number stands for the name where the account cannot be looked up."""
    try:
        fields = host.run("id", "-P", str(uid)).text.strip().split(":")
    except CannotTell:
        return str(uid), None
    if len(fields) != 10 or fields[2] != str(uid):
        return str(uid), None
    return fields[0], fields[8] if fields[8].startswith("/") else None
