"""Whether System Integrity Protection guards the system's own parts, XProtect among them.

Only "enabled." is on: a custom configuration has some of it switched off.
"""

import re

from agent.host import CannotTell, Host, Unparsable
from agent.macos.profiler import profile

COMMAND = ("csrutil", "status")
STATUS = r"^System Integrity Protection status: (enabled|disabled|unknown)( \(.*\))?\.?\s*$"


def protected(host: Host) -> bool:
    """Raises CannotTell, of ``csrutil``, when no source tells."""
    try:
        return parse_status(host.run(*COMMAND).text)
    except CannotTell as trouble:
        try:
            return _by_profiler(host)
        except CannotTell:
            raise trouble from None


def parse_status(text: str) -> bool:
    """
    >>> parse_status("System Integrity Protection status: unknown (Custom Configuration).")
    False
    """
    found = re.findall(STATUS, text, re.MULTILINE)
    if len(found) != 1:
        raise Unparsable("csrutil status does not say whether it is enabled")
    return bool(found[0] == ("enabled", ""))


def _by_profiler(host: Host) -> bool:
    told = profile(host, "SPSoftwareDataType")
    words = {"integrity_enabled": True, "enabled": True, "disabled": False}
    words["integrity_disabled"] = False
    said = told.json.get("system_integrity") if told.json is not None else None
    said = said or told.lines.get("System Integrity Protection", "")
    known = words.get(str(said).lower())
    if known is None:
        raise Unparsable(f"{told.source} does not say whether the system's integrity is protected")
    return known
