"""What clamonacc is told to examine: the folders, and whether they are all taken out again.

clamd.conf(5): OnAccessIncludePath, OnAccessMountPath, OnAccessExcludePath.
"""

import re

from agent.checks.antivirus.clamav_database import SCANNER
from agent.host import CannotTell, Host, NoData, read_text

WATCHES = ("OnAccessIncludePath", "OnAccessMountPath")
EXCLUDES = "OnAccessExcludePath"
SETTING = re.compile(r"^\s*(OnAccess\w+Path)[ \t]+\"?([^\"\n]*?)\"?[ \t]*$", re.MULTILINE)
HOMES = "/home"


def watched(host: Host) -> str:
    """A remark where people's homes are not among the folders; "" where they are, or none is named.

    Raises NoData when everything that is watched is also left out.
    """
    settings = _settings(host)
    named = [value for name, value in settings if name in WATCHES]
    left_out = [value for name, value in settings if name == EXCLUDES]
    if left_out and all(any(_within(one, out) for out in left_out) for one in named or ["/"]):
        raise NoData(f"clamd.conf takes {', '.join(left_out)} out of what clamonacc examines")
    if not named or any(_within(HOMES, one) or _within(one, HOMES) for one in named):
        return ""
    return f"watches {', '.join(named)} only"


def _settings(host: Host) -> list[tuple[str, str]]:
    """Of the first configuration that says anything on the subject; empty where none is seen."""
    for path in SCANNER:
        try:
            found = SETTING.findall(read_text(host, path))
        except CannotTell:
            continue
        if found:
            return found
    return []


def _within(path: str, above: str) -> bool:
    """Whether a path is another, or lies below it."""
    return (path.rstrip("/") + "/").startswith(above.rstrip("/") + "/")
