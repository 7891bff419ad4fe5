"""Where programs lie on macOS, and which of them root may run on somebody's behalf.

/usr/local/bin and /Applications may be written to by people: a program counts only when it belongs
to root and nobody else may change it.
"""

import stat
from os import stat_result

from agent.host import Denied

FOLDERS = (
    "/usr/libexec/ApplicationFirewall",
    "/usr/libexec",
    "/usr/local/bin",
    "/Applications/Microsoft Defender.app/Contents/MacOS",
    "/Applications/Falcon.app/Contents/Resources",
    "/Applications/JamfProtect.app/Contents/MacOS",
    "/Library/Sentinel/sentinel-agent.bundle/Contents/MacOS",
    "/Library/Application Support/PaloAltoNetworks/Traps/bin",
)


def of_root(seen: stat_result) -> bool:
    """Whether only root can have put the program there."""
    return seen.st_uid == 0 and not seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def in_session(uid: int, own: int, argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command for the session of a logged-in person, asked by the account `own`.

    Root joins the session with launchctl(1) ``asuser`` and becomes the person with sudo(8): only a
    number and constants go into that. Whoever asks for their own session is in it already. Raises
    Denied for anybody else.

    >>> in_session(501, 0, ("/usr/sbin/sysadminctl", "-screenLock", "status"))[1:8]
    ('asuser', '501', '/usr/bin/sudo', '-n', '-H', '-u', '#501')
    >>> in_session(501, 501, ("sysadminctl", "-screenLock", "status"))
    ('sysadminctl', '-screenLock', 'status')
    """
    number = str(int(uid))
    if own == uid:
        return argv
    if own:
        raise Denied(f"only root may look into the session of user {number}")
    become = ("/usr/bin/sudo", "-n", "-H", "-u", f"#{number}", "--")
    return ("launchctl", "asuser", number, *become, *argv)
