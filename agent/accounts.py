"""Says which accounts of a Linux machine are people's: by user id, in one place for everybody.

login.defs(5): UID_MIN and UID_MAX bound the ids that are given to people. Accounts made before the
file was changed are still people's, so it only ever widens the usual range. The ids of
systemd-homed come from systemd's "Users, Groups, UIDs and GIDs".
"""

import re
from dataclasses import dataclass

from agent.host import CannotTell, Host, read_text

FILES = ("/etc/login.defs", "/usr/etc/login.defs")
FIRST, LAST = 1000, 60000
HOMED = range(60001, 60514)
NOBODY = (65534, 65535, (1 << 32) - 1)
SETTING = re.compile(r"(?m)^\s*(UID_MIN|UID_MAX)\s+(\d{1,10})\s*$")


@dataclass(frozen=True, slots=True)
class PeoplesIds:
    """The user ids of people."""

    first: int = FIRST
    last: int = LAST

    def __contains__(self, uid: int) -> bool:
        return (self.first <= uid <= self.last or uid in HOMED) and uid not in (0, *NOBODY)


def peoples_ids(host: Host) -> PeoplesIds:
    """Never raises CannotTell: without the file, the usual ids."""
    for path in FILES:
        try:
            return parse_login_defs(read_text(host, path))
        except CannotTell:
            continue
    return PeoplesIds()


def parse_login_defs(content: str) -> PeoplesIds:
    """The range that login.defs sets; what it does not set is as usual.

    >>> parse_login_defs("UID_MIN 500\\n")
    PeoplesIds(first=500, last=60000)
    """
    said = {name: int(number) for name, number in SETTING.findall(content)}
    return PeoplesIds(
        min(FIRST, max(1, said.get("UID_MIN", FIRST))), max(LAST, said.get("UID_MAX", LAST))
    )
